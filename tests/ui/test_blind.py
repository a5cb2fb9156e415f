"""When suggestions are kept back: the rule by itself, at the desk, and on the page after a refresh."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ipt_nlp.agreement.tables import codings, comparisons
from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.search import Query
from ipt_nlp.transcript import Transcript, Utterance
from ipt_nlp.ui import REVIEW
from ipt_nlp.ui.state.agreement import Verdict, decide, disagreements, options
from ipt_nlp.ui.state.blind import always_blind, kept_back, stage_of
from ipt_nlp.ui.state.desk import Desk, arrive, current, open_desk
from ipt_nlp.ui.state.queues import QUEUES
from ipt_nlp.ui.state.review import press
from ipt_nlp.ui.state.search import found
from ipt_nlp.ui.state.sessions import reading_page
from tests.ui.coders import code, person
from tests.ui.conftest import desk, fill, material, open_turns, prediction, transcript

TURN = next(n for n in open_turns() if n % 2 == 0)
AUDIT = next(("long", n) for n in range(0, 400, 2) if always_blind(("long", n)))
FREE = ("s01", TURN)


def pressed(at: Desk, command: str, value: str | None = None, turn: int = TURN) -> None:
    """A key on a turn that has been in focus for ten seconds, as the page has it after a refresh."""
    cursor = arrive(at, turn, 0)
    press(at, cursor, current(at, cursor), command, 10, value)  # type: ignore[arg-type]


def kept(store: AnnotationStore, *, blind: bool) -> str:
    at = desk(store, blind=blind)
    return current(at, arrive(at, TURN, 0)).kept


def test_without_an_event_the_switch_decides() -> None:
    assert kept_back(FREE, (), blind=False) == "no"
    assert kept_back(FREE, (), blind=True) == "until_saved"


def test_the_audit_and_what_is_frozen_never_show_any(store: AnnotationStore) -> None:
    ann = person(store, "ann")
    coded = [code(store, ann, "s01", TURN, "exploration", assisted=True)]
    for blind in (True, False):
        assert kept_back(AUDIT, (), blind=blind) == kept_back(AUDIT, coded, blind=blind) == "never"
        assert kept_back(FREE, coded, blind=blind, frozen=True) == "never"


def test_begun_blind_stays_blind_until_saved_whatever_the_switch_says(store: AnnotationStore) -> None:
    pressed(desk(store, blind=True), "toggle", "clarification")
    assert kept(store, blind=True) == kept(store, blind=False) == "until_saved"
    pressed(desk(store), "flag")
    pressed(desk(store), "toggle", "advice")
    assert {event.mode for event in store.events.of_coder("s01", "local")} == {"blind"}
    assert kept(store, blind=False) == "until_saved"
    pressed(desk(store), "accept")
    assert store.events.current("s01", "local")[TURN].mode == "blind"
    assert kept(store, blind=True) == kept(store, blind=False) == "no"


def test_an_undone_save_is_no_save(store: AnnotationStore) -> None:
    pressed(desk(store, blind=True), "toggle", "clarification")
    pressed(desk(store, blind=True), "accept")
    pressed(desk(store), "undo")
    assert store.events.current("s01", "local")[TURN].labels == {"techniques": ("clarification",), "themes": ()}
    assert kept(store, blind=False) == "until_saved"
    pressed(desk(store), "undo")
    assert stage_of(store.events.of_coder("s01", "local")) == "open"


def test_what_was_in_view_cannot_be_coded_blind_any_more(store: AnnotationStore) -> None:
    at = open_desk(store, LOCAL, material(store), blind=True, glimpsed={FREE})
    view = current(at, arrive(at, TURN, 0))
    assert (view.kept, view.mode) == ("until_saved", "assisted")
    pressed(at, "toggle", "clarification")
    assert store.events.current("s01", "local")[TURN].mode == "assisted"
    assert kept(store, blind=True) == "no"


def test_no_queue_shows_a_turn_of_the_audit(store: AnnotationStore) -> None:
    fill(store, transcript("long", 200))
    turn = int(AUDIT[1])
    for queue in QUEUES.values():
        for _ in range(2):
            at = open_desk(store, LOCAL, material(store, "long"), queue=queue, order=[AUDIT])
            view = current(at, arrive(at, AUDIT, 0))
            assert (view.kept, view.suggestions, view.mode) == ("never", (), "blind"), queue.name
            pressed(at, "accept", turn=turn)


def test_annotators_find_no_suggestion_elsewhere(store: AnnotationStore) -> None:
    fill(store, transcript("long", 200))
    ann = person(store, "ann")
    code(store, ann, "long", int(AUDIT[1]), "exploration")
    code(store, ann, *FREE, "exploration")
    shown = {(hit.transcript_id, hit.utterance_id): hit.labels for hit in found(store, ann, Query())}
    assert shown[AUDIT] == shown[FREE] == {}
    assert {(h.transcript_id, h.utterance_id) for h in found(store, ann, Query(label="exploration"))}.isdisjoint(
        {AUDIT, FREE}
    )
    free = [n for n in open_turns() if n % 2 == 0]
    page, whole = (reading_page(store, who, material(store)) for who in (ann, LOCAL))
    assert 0 < whole.count("<mark") - page.count("<mark") <= 12 - len(free)


def test_a_frozen_session_is_coded_blind(store: AnnotationStore) -> None:
    turns = tuple(Utterance(n, ("therapist", "client")[n % 2], f"measured {n}") for n in range(4))
    frozen = Transcript("frozen", turns, {"frozen": "true"})
    fill(store, frozen)
    at = open_desk(store, LOCAL, material(store, "frozen"))
    assert {current(at, arrive(at, n, 0)).kept for n in range(4)} == {"never"}
    ann = person(store, "ann")
    assert not found(store, ann, Query(label=prediction(frozen, 0).labels["techniques"][0], transcript_id="frozen"))


def test_the_first_blind_pass_counts_for_agreement(store: AnnotationStore) -> None:
    ann, ben, sue = person(store, "ann"), person(store, "ben"), person(store, "sue", "supervisor")
    said = code(store, ann, *FREE, "clarification")
    code(store, ann, *FREE, "exploration", assisted=True)
    code(store, ben, *FREE, "exploration")
    both, book = codings(store, sue), Codebook.load("ipt")
    pair = comparisons(both, book, "coder")[0]
    assert (pair.turns, pair.assisted) == (1, 0)
    (turn,) = disagreements(both, pair)
    assert said.event_id in turn.events
    assert disagreements(both, pair, assisted=True) == []
    verdict = Verdict(options(turn)[0], "high", "oversight")
    code(store, ben, *FREE, "clarification")
    assert "changed by somebody else" in decide(store, sue, turn, verdict, book)
    both = codings(store, sue)
    assert disagreements(both, comparisons(both, book, "coder")[0]) == []


def test_a_decision_on_a_blind_pass_is_stored(store: AnnotationStore) -> None:
    ann, ben, sue = person(store, "ann"), person(store, "ben"), person(store, "sue", "supervisor")
    code(store, ann, *FREE, "clarification")
    code(store, ann, *FREE, "exploration", assisted=True)
    code(store, ben, *FREE, "exploration")
    both, book = codings(store, sue), Codebook.load("ipt")
    (turn,) = disagreements(both, comparisons(both, book, "coder")[0])
    assert decide(store, sue, turn, Verdict(options(turn)[0], "high", "oversight"), book) == ""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnnotationStore]:
    st.cache_resource.clear()
    monkeypatch.setenv("IPT_NLP_HOME", str(tmp_path))
    opened = AnnotationStore.open()
    fill(opened, transcript())
    yield opened
    opened.close()
    st.cache_resource.clear()


def opened(**state: object) -> AppTest:
    """The review page on a turn, in a window that has just been opened."""
    page = AppTest.from_file(str(REVIEW.file), default_timeout=180)
    for name, value in ({"example": False} | state).items():
        page.session_state[name] = value
    page.query_params["session"] = "s01"
    page.query_params["turn"] = str(TURN + 1)
    page.run()
    assert not page.exception
    return page


def block(page: AppTest) -> str:
    return " ".join(str(element.value) for element in page.get("html"))  # type: ignore[attr-defined]


def test_a_refresh_in_the_middle_of_a_blind_turn_shows_nothing(own: AnnotationStore) -> None:
    page = opened(assisted=False)
    page.button(key="code_clarification").click().run()
    assert not page.exception
    again = opened()
    assert "Suggested codes" not in block(again)
    assert "once you have saved this turn" in block(again)
    assert again.button(key="code_clarification").label.startswith("✓")
    assert own.events.current("s01", "local")[TURN].mode == "blind"


def test_a_look_at_the_suggestions_cannot_be_taken_back_by_the_switch(own: AnnotationStore) -> None:
    page = opened()
    assert "Suggested codes" in block(page)
    page.toggle(key="assisted").set_value(False).run()
    assert "Suggested codes" not in block(page)
    page.button(key="code_clarification").click().run()
    assert own.events.current("s01", "local")[TURN].mode == "assisted"
