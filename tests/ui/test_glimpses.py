"""What a coder has been shown of what the model, or another coder, says: such a turn is not coded blind any more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from ipt_nlp.agreement.passes import blind_pass
from ipt_nlp.errors import StoreError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.search import Query
from ipt_nlp.store.values import Item
from ipt_nlp.ui import AGREEMENT, CODEBOOK, REVIEW, SEARCH, SESSIONS, PageFile
from ipt_nlp.ui.state.blind import always_blind
from ipt_nlp.ui.state.glimpses import keep_glimpses, shown_by_others
from ipt_nlp.ui.state.queues import QUEUES, next_item
from ipt_nlp.ui.state.search import found
from ipt_nlp.ui.views.staying import TICKET, tickets
from tests.ui.coders import code, person
from tests.ui.conftest import fill, open_turns, transcript

OPEN: set[Item] = {("s01", turn) for turn in open_turns()}
TURN = min(turn for turn in open_turns() if turn % 2 == 0)


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


def blind_window(own: AnnotationStore, who: str = "local") -> AppTest:
    """A new window in Review on ``TURN``, with suggestions off."""
    page = at(own, REVIEW, who, assisted=False)
    page.query_params["session"], page.query_params["turn"] = "s01", str(TURN + 1)
    page.run()
    assert not page.exception
    return page


def click(page: AppTest, *keys: str) -> None:
    for key in keys:
        page.button(key=key).click().run()
        assert not page.exception


def mode_of_a_blind_coding(own: AnnotationStore, who: str = "local") -> str:
    """How a coding counts that is made in a new window with suggestions off."""
    click(blind_window(own, who), "code_clarification")
    return own.events.current("s01", who)[TURN].mode


def writes(store: AnnotationStore) -> int:
    return len(store.audit.newest(1000, what="glimpse.append"))


def test_what_comes_into_view_at_once_is_one_write_and_comes_once(store: AnnotationStore) -> None:
    fill(store, transcript("long", 300))
    every, known = set(store.search.items()), set[Item]()
    for _ in range(2):
        keep_glimpses(store, LOCAL, known, every)
    assert (writes(store), known) == (1, every)
    keep_glimpses(store, LOCAL, known, [("s01", 3)])
    assert writes(store) == 1
    assert store.glimpses.of("local") == every
    assert store.glimpses.of("ann") == frozenset()
    assert store.verify() == []


def test_a_glimpse_that_could_not_be_stored_is_stored_when_it_is_shown_again(store: AnnotationStore) -> None:
    known: set[Item] = set()
    with pytest.raises(StoreError):
        keep_glimpses(store, LOCAL, known, [("s02", 0)])
    fill(store, transcript("s02"))
    keep_glimpses(store, LOCAL, known, [("s02", 0)])
    assert store.glimpses.of("local") == known == {("s02", 0)}


def test_what_is_coded_after_an_undo_is_not_blind_and_what_was_coded_before_the_glimpse_is(
    own: AnnotationStore,
) -> None:
    page = blind_window(own)
    click(page, "code_clarification", "do_accept")
    assert own.glimpses.of("local") == frozenset()
    page.session_state["cursor"] = replace(page.session_state["cursor"], utterance_id=TURN)
    page.run()
    assert ("s01", TURN) in own.glimpses.of("local")
    click(page, "do_undo", "code_clarification", "code_exploration", "do_accept")
    events = [event for event in own.events.of_coder("s01", "local") if event.utterance_id == TURN]
    assert events[-1].labels == {"techniques": ("exploration",), "themes": ()}
    assert [(event.action, event.mode) for event in blind_pass(events)] == [("change", "blind"), ("accept", "blind")]
    assert blind_pass(events)[-1].labels == {"techniques": ("clarification",), "themes": ()}


def test_a_tab_that_is_open_codes_no_more_blind_what_another_tab_has_shown(own: AnnotationStore) -> None:
    page = blind_window(own)
    window(own, SEARCH).toggle(key="model_codes").set_value(True).run()
    click(page, "code_clarification")
    assert own.events.current("s01", "local")[TURN].mode == "assisted"


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
    assert "Nobody has given this code yet" in " ".join(str(e.value) for e in page.get("html"))  # type: ignore[attr-defined]
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


def test_a_leader_who_has_found_what_another_coder_says_does_not_code_it_blind(own: AnnotationStore) -> None:
    ann, sue = person(own, "ann"), person(own, "sue", "supervisor")
    other = max(turn for _, turn in OPEN)
    code(own, ann, "s01", TURN, "clarification")
    code(own, sue, "s01", int(other), "grief")
    page = window(own, SEARCH, "sue")
    for who in ("sue", "ann"):
        assert writes(own) == 0
        next(box for box in page.selectbox if box.label == "Given by").set_value(who).run()
        assert not page.exception
    assert own.glimpses.of("sue") == {("s01", TURN)}
    assert mode_of_a_blind_coding(own, "sue") == "assisted"


def test_codes_that_are_kept_back_are_no_glimpse(store: AnnotationStore) -> None:
    fill(store, transcript("long", 60))
    ann, sue = person(store, "ann"), person(store, "sue", "supervisor")
    audit = next(item for item in store.search.items() if always_blind(item))
    for turn in (audit, ("s01", TURN)):
        code(store, ann, turn[0], int(turn[1]), "grief", saved=True)
    hits = found(store, sue, Query(coder="ann"))
    assert len(hits) == 2
    assert shown_by_others(hits, sue) == [("s01", TURN)]
    assert shown_by_others(hits, ann) == []


def test_where_two_coders_differ_is_seen_by_whoever_looks(own: AnnotationStore) -> None:
    for name, label in (("ann", "clarification"), ("ben", "exploration")):
        code(own, person(own, name), "s01", TURN, label)
    person(own, "sue", "supervisor")
    window(own, AGREEMENT, "sue")
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
    keep_glimpses(own, ann, set(), OPEN)
    assert twice.order is not None
    items = twice.order(own, ann)
    nothing = next_item(own, ann, twice, items, None)
    assert nothing is None or always_blind(nothing)
    assert next_item(own, ben, twice, items, None) == items[0]
