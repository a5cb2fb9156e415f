"""When suggestions are kept back: the rule by itself, at the desk, and on the page after a refresh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ipt_nlp.agreement.tables import codings, comparisons
from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.search import Hit, Query
from ipt_nlp.transcript import Transcript, Utterance
from ipt_nlp.ui import REVIEW
from ipt_nlp.ui.state.admin import held
from ipt_nlp.ui.state.agreement import Verdict, decide, disagreements, options, without_kept_back
from ipt_nlp.ui.state.blind import always_blind, kept_back, stage_of
from ipt_nlp.ui.state.desk import Desk, arrive, current, open_desk
from ipt_nlp.ui.state.manual import examples
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
    store.glimpses.add(LOCAL, [FREE])
    assert kept(store, blind=True) == "until_saved"
    pressed(desk(store, blind=True), "toggle", "clarification")
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


def items(hits: Iterable[Hit]) -> dict[tuple[str, object], Hit]:
    return {(hit.transcript_id, hit.utterance_id): hit for hit in hits}


@pytest.mark.parametrize("role", ["annotator", "supervisor", "researcher", "admin", "local"])
def test_nobody_finds_a_suggestion_elsewhere_that_is_kept_back(store: AnnotationStore, role: str) -> None:
    fill(store, transcript("long", 200))
    who = LOCAL if role == "local" else person(store, "ann", role)  # type: ignore[arg-type]
    begun = ("long", next(n for n in range(0, 200, 2) if not always_blind(("long", n))))
    code(store, who, *begun, "exploration")
    for _ in range(2):
        shown = items(found(store, who, Query()))
        assert shown[AUDIT].labels == shown[begun].labels == {}
        assert items(found(store, who, Query(label="exploration"))).keys().isdisjoint({AUDIT, begun})
        assert items(examples(store, who, "clarification", most=200)).keys().isdisjoint({AUDIT})
        page = reading_page(store, who, material(store, "long"))
        open_ones = [n for n in range(200) if not always_blind(("long", n)) and n != begun[1]]
        assert page.count("<mark") == len(open_ones)
        code(store, who, *AUDIT, "exploration", saved=True)


def test_a_leader_sees_others_on_a_turn_of_the_audit_once_they_have_coded_it(store: AnnotationStore) -> None:
    fill(store, transcript("long", 200))
    ann, sue = person(store, "ann"), person(store, "sue", "supervisor")
    code(store, ann, *AUDIT, "clarification", saved=True)
    code(store, ann, *FREE, "clarification", saved=True)
    asked = Query(coder="ann", label="clarification")
    assert items(found(store, sue, asked)).keys() == {FREE}
    code(store, sue, *AUDIT, "exploration")
    assert items(found(store, sue, asked)).keys() == {FREE}
    code(store, sue, *AUDIT, "exploration", saved=True)
    assert items(found(store, sue, asked)).keys() == {FREE, AUDIT}
    assert items(found(store, sue, Query()))[AUDIT].labels == {}


def test_where_coders_and_model_differ_no_turn_of_the_audit_comes(store: AnnotationStore) -> None:
    fill(store, transcript("long", 200))
    ann, sue = person(store, "ann"), person(store, "sue", "supervisor")
    for item in (AUDIT, FREE):
        code(store, ann, *item, "clarification", saved=True)
    both = codings(store, sue)
    differing = disagreements(both, comparisons(both, Codebook.load("ipt"), "model")[0])
    assert {turn.item for turn in differing} == {AUDIT, FREE}
    assert {turn.item for turn in without_kept_back(store, sue, differing)} == {FREE}


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


def test_a_look_at_the_suggestions_is_not_forgotten_by_a_refresh(own: AnnotationStore) -> None:
    assert "Suggested codes" in block(opened())
    again = opened(assisted=False)
    assert "Suggested codes" not in block(again)
    again.button(key="code_clarification").click().run()
    assert own.events.current("s01", "local")[TURN].mode == "assisted"
    assert held(own) == ()
