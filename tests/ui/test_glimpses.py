"""What a coder has been shown of the model outside Review counts: such a turn is not coded blind any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import Item
from ipt_nlp.ui import AGREEMENT, CODEBOOK, REVIEW, SEARCH, SESSIONS, PageFile
from ipt_nlp.ui.state.blind import always_blind
from ipt_nlp.ui.state.glimpses import came_into_view
from ipt_nlp.ui.state.queues import QUEUES, next_item
from ipt_nlp.ui.views.staying import TICKET, tickets
from tests.ui.coders import code, person
from tests.ui.conftest import fill, open_turns, transcript

OPEN: set[Item] = {("s01", turn) for turn in open_turns()}
TURN = min(turn for turn in open_turns() if turn % 2 == 0)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnnotationStore]:
    """A project that the pages find by themselves."""
    st.cache_resource.clear()
    monkeypatch.setenv("IPT_NLP_HOME", str(tmp_path))
    monkeypatch.delenv("IPT_NLP_STORE", raising=False)
    opened = AnnotationStore.open()
    fill(opened, transcript())
    yield opened
    opened.close()
    st.cache_resource.clear()


def at(own: AnnotationStore, page: PageFile, who: str = "local", **state: object) -> AppTest:
    """A new window on a page that has not been drawn yet."""
    test = AppTest.from_file(str(page.file), default_timeout=180)
    ticket = "" if who == "local" else tickets().issue(own, who)
    for name, value in {"example": False, TICKET: ticket, **state}.items():
        test.session_state[name] = value
    return test


def window(own: AnnotationStore, page: PageFile, who: str = "local") -> AppTest:
    test = at(own, page, who).run()
    assert not test.exception
    return test


def mode_of_a_blind_coding(own: AnnotationStore, who: str = "local") -> str:
    """How a coding counts that is made in a new window with suggestions off."""
    page = at(own, REVIEW, who, assisted=False)
    page.query_params["session"], page.query_params["turn"] = "s01", str(TURN + 1)
    page.run()
    page.button(key="code_clarification").click().run()
    assert not page.exception
    return own.events.current("s01", who)[TURN].mode


def writes(store: AnnotationStore) -> int:
    return len(store.audit.newest(1000, what="glimpse.append"))


def test_what_comes_into_view_at_once_is_one_write_and_comes_once(store: AnnotationStore) -> None:
    fill(store, transcript("long", 300))
    every, known = set(store.search.items()), set[Item]()
    for _ in range(2):
        came_into_view(store, LOCAL, known, every)
    assert (writes(store), known) == (1, every)
    came_into_view(store, LOCAL, known, [("s01", 3)])
    assert writes(store) == 1
    assert store.glimpses.of("local") == every
    assert store.glimpses.of("ann") == frozenset()
    assert store.verify() == []


def test_search_shows_no_suggestion_that_was_not_asked_for(own: AnnotationStore) -> None:
    page = window(own, SEARCH)
    assert len(page.dataframe[0].value) == 12
    assert not any(page.dataframe[0].value["Codes"])
    assert writes(own) == 0
    assert mode_of_a_blind_coding(own) == "blind"


def test_hits_with_the_models_codes_are_not_coded_blind_any_more(own: AnnotationStore) -> None:
    page = window(own, SEARCH)
    page.toggle(key="model_codes").set_value(True).run()
    assert not page.exception
    codes = dict(zip(page.dataframe[0].value["Turn"], page.dataframe[0].value["Codes"], strict=True))
    assert {turn - 1 for turn, given in codes.items() if given} == {turn for _, turn in OPEN}
    assert own.glimpses.of("local") == OPEN
    page.text_input[0].set_value("words").run()
    assert writes(own) == 1
    assert mode_of_a_blind_coding(own) == "assisted"


def test_whoever_looks_for_a_code_of_the_models_sees_it(own: AnnotationStore) -> None:
    page = window(own, SEARCH)
    next(box for box in page.selectbox if box.label == "Code").set_value("exploration").run()
    found = own.glimpses.of("local")
    assert found == {item for item in OPEN if int(item[1]) % 2 == 0}
    assert len(page.dataframe[0].value) == len(found)
    assert mode_of_a_blind_coding(own) == "assisted"


def test_a_session_that_was_read_is_not_coded_blind_any_more(own: AnnotationStore) -> None:
    page = window(own, SESSIONS)
    assert writes(own) == 0
    next(switch for switch in page.toggle if switch.label == "Read it here").set_value(True).run()
    assert not page.exception
    assert (own.glimpses.of("local"), writes(own)) == (OPEN, 1)
    assert mode_of_a_blind_coding(own) == "assisted"


def test_examples_of_the_codebook_that_only_the_model_gives_are_asked_for(own: AnnotationStore) -> None:
    page = window(own, CODEBOOK)
    next(box for box in page.selectbox if box.label == "Code").set_value("exploration").run()
    assert "No turn has this code yet" in " ".join(str(e.value) for e in page.get("html"))  # type: ignore[attr-defined]
    assert writes(own) == 0
    page.toggle(key="model_codes").set_value(True).run()
    assert not page.exception
    assert 0 < len(own.glimpses.of("local")) <= len(OPEN)
    assert {int(turn) % 2 for _, turn in own.glimpses.of("local")} == {0}


def test_where_the_model_differs_from_others_is_seen_by_whoever_looks(own: AnnotationStore) -> None:
    ann = person(own, "ann")
    person(own, "sue", "supervisor")
    code(own, ann, "s01", TURN, "clarification")
    page = window(own, AGREEMENT, "sue")
    assert writes(own) == 0
    page.session_state["by"] = "model"
    page.run()
    assert not page.exception
    assert own.glimpses.of("sue") == {("s01", TURN)}
    assert mode_of_a_blind_coding(own, "sue") == "assisted"


def test_a_turn_of_the_audit_is_coded_blind_whatever_was_searched(own: AnnotationStore) -> None:
    fill(own, transcript("long", 60))
    page = window(own, SEARCH)
    page.toggle(key="model_codes").set_value(True).run()
    audit = {item for item in own.search.items() if always_blind(item)}
    assert audit
    assert own.glimpses.of("local") == set(own.search.items()) - audit


def test_turns_that_are_coded_twice_are_left_to_those_who_have_not_seen_suggestions(own: AnnotationStore) -> None:
    twice, ann, ben = QUEUES["twice"], person(own, "ann"), person(own, "ben")
    came_into_view(own, ann, set(), OPEN)
    assert twice.order is not None
    items = twice.order(own, ann)
    nothing = next_item(own, ann, twice, items, None, glimpsed=own.glimpses.of("ann"))
    assert nothing is None or always_blind(nothing)
    assert next_item(own, ben, twice, items, None, glimpsed=own.glimpses.of("ben")) == items[0]
