"""Presses that a browser has sent: each once, in order, on the turn it was meant for."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import NewEvent
from ipt_nlp.ui.keys import COMMANDS
from ipt_nlp.ui.state.desk import Cursor, Desk, arrive, current
from ipt_nlp.ui.state.presses import Board, handle, key_map, received
from tests.ui.conftest import desk, open_turns

FIRST = next(n for n in open_turns() if n % 2 == 0)


@dataclass
class Window:
    """A browser and its page, drawn when asked to."""

    store: AnnotationStore
    blind: bool = True
    board: Board = field(default_factory=Board)
    waiting: list[dict[str, object]] = field(default_factory=list)
    ms: float = 0.0
    now: float = 1000.0
    cursor: Cursor = field(init=False)

    def __post_init__(self) -> None:
        self.cursor = arrive(self.desk(), FIRST, 0)
        self.draw()

    def desk(self, _name: str = "s01") -> Desk:
        return desk(self.store, blind=self.blind)

    def draw(self) -> None:
        at = self.desk()
        self.board.draws(at, self.cursor, current(at, self.cursor))

    def key(self, *what: str, after_ms: float = 20) -> None:
        self.ms += after_ms
        number = len(self.waiting) + 1
        self.waiting.append({"number": number, "screen": self.board.screen, "what": list(what), "at": self.ms})

    def arrives(self) -> None:
        self.now += 5
        sent = {"board": self.board.name, "now": self.ms, "waiting": self.waiting}
        self.cursor = handle(self.board, self.cursor, received(self.board, sent, self.now), self.desk)

    def said(self) -> list[tuple[object, str, list[str]]]:
        return [
            (event.utterance_id, event.action, [x for given in (event.labels or {}).values() for x in given])
            for event in self.store.events.of_coder("s01", "local")
        ]


def test_typing_ahead_codes_turn_after_turn_in_order(store: AnnotationStore) -> None:
    window = Window(store)
    for label in ("grief", "role_dispute", "grief"):
        window.key("toggle", label)
        window.key("accept")
    window.arrives()
    assert window.said() == [
        (FIRST + step, action, [label])
        for step, label in enumerate(("grief", "role_dispute", "grief"))
        for action in ("change", "accept")
    ]
    assert window.cursor.utterance_id == FIRST + 3


def test_what_is_sent_again_is_handled_once(store: AnnotationStore) -> None:
    window = Window(store)
    window.key("toggle", "grief")
    window.arrives()
    window.key("toggle", "role_dispute")
    window.arrives()
    window.arrives()
    assert [labels for _, _, labels in window.said()] == [["grief"], ["grief", "role_dispute"]]


def test_the_time_on_a_turn_is_that_between_the_presses(store: AnnotationStore) -> None:
    window = Window(store)
    window.key("toggle", "grief")
    window.key("accept")
    window.key("toggle", "grief", after_ms=1500)
    window.arrives()
    assert store.events.of_coder("s01", "local")[-1].seconds == pytest.approx(1.5)


def test_nobody_saves_a_turn_unseen_and_what_was_typed_after_goes_nowhere(store: AnnotationStore) -> None:
    window = Window(store)
    window.key("toggle", "grief")
    window.key("accept")
    window.key("accept", after_ms=500)
    window.key("toggle", "role_dispute")
    window.arrives()
    window.key("toggle", "role_dispute")
    window.arrives()
    assert [turn for turn, _, _ in window.said()] == [FIRST, FIRST]
    assert window.cursor.notice is not None
    window.draw()
    window.key("toggle", "role_dispute")
    window.arrives()
    assert window.said()[-1] == (FIRST + 1, "change", ["role_dispute"])


def test_keys_after_a_conflict_wait_until_it_was_seen(store: AnnotationStore) -> None:
    window = Window(store)
    store.events.append(
        LOCAL,
        NewEvent(
            transcript_id="s01", utterance_id=FIRST, action="change", labels={"themes": ("grief",)}, codebook="ipt@1"
        ),
    )
    window.key("toggle", "role_dispute")
    window.key("accept")
    window.arrives()
    assert window.cursor.conflict is not None
    assert window.said() == [(FIRST, "change", ["grief"])]
    window.draw()
    window.key("mine")
    window.arrives()
    assert window.said()[-1] == (FIRST, "change", ["role_dispute"])


def test_a_code_that_does_not_apply_is_said_and_ends_what_was_typed_ahead(store: AnnotationStore) -> None:
    window = Window(store)
    window.key("next")
    window.key("toggle", "exploration")
    window.key("accept")
    window.arrives()
    assert window.said() == []
    assert window.cursor.notice is not None
    assert "client" in window.cursor.notice.text


def test_another_session_or_another_server_takes_nothing_of_it(store: AnnotationStore) -> None:
    window = Window(store)
    window.key("toggle", "grief")
    window.board.hold()
    window.arrives()
    assert window.said() == []
    sent = {"board": "other", "now": 0, "waiting": window.waiting}
    assert received(Board(), sent, 0) == []


@pytest.mark.parametrize(
    "row", [None, 3, {}, {"number": "x", "screen": 1, "what": ["accept"], "at": 0},
            {"number": 9, "screen": 1, "what": ["drop"], "at": 0}, {"number": 9, "screen": 1, "what": [], "at": 0},
            {"number": 9, "screen": 1, "what": ["toggle"], "at": 0}],
)  # fmt: skip
def test_what_is_no_press_is_left_out(row: object) -> None:
    board = Board()
    assert received(board, {"board": board.name, "now": 0, "waiting": [row]}, 0) == []


def test_the_browser_knows_every_key(store: AnnotationStore) -> None:
    book = desk(store).material.codebook
    assert len(key_map(book)) == len(COMMANDS) + len(book.labels)
