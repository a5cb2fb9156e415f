"""What a key does: saved at once, undone, refused, never lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import NewEvent
from ipt_nlp.ui.state.blind import always_blind
from ipt_nlp.ui.state.desk import (
    Cursor,
    Desk,
    arrive,
    begin,
    catch_up,
    current,
    neighbour,
    next_open,
    open_desk,
    progress,
    shown_entry,
)
from ipt_nlp.ui.state.review import TOO_SOON, press
from tests.ui.coders import code
from tests.ui.conftest import desk, material, open_turns

FIRST, SECOND, *_ = open_turns()


def after(store: AnnotationStore, cursor: Cursor, command: str, value: str | None = None, *, now: float = 10) -> Cursor:
    """A key pressed on what the screen shows now."""
    at = desk(store)
    return press(at, cursor, current(at, cursor), command, now, value)  # type: ignore[arg-type]


def test_enter_accepts_what_is_shown_and_goes_on(store: AnnotationStore) -> None:
    cursor = after(store, arrive(desk(store), FIRST, 0), "accept")
    event = store.events.current("s01", "local")[FIRST]
    label = "exploration" if FIRST % 2 == 0 else "role_dispute"
    assert event.action == "accept"
    assert label in [x for given in (event.labels or {}).values() for x in given]
    assert (event.mode, event.reviewed_model, event.seconds) == ("assisted", "made-up@1.0.0+abc", 10)
    assert cursor.utterance_id == FIRST + 1


def test_a_correction_is_saved_with_the_key_and_costs_two_more(store: AnnotationStore) -> None:
    turn = next(n for n in open_turns() if n % 2 == 0)
    cursor = after(store, arrive(desk(store), turn, 0), "toggle", "exploration")
    assert store.events.current("s01", "local")[turn].action == "reject"
    cursor = after(store, cursor, "toggle", "clarification", now=12)
    event = store.events.current("s01", "local")[turn]
    assert (event.action, event.labels) == ("change", {"techniques": ("clarification",), "themes": ()})
    cursor = after(store, cursor, "accept", now=14)
    assert len(store.events.of_coder("s01", "local")) == 2
    assert cursor.utterance_id == turn + 1


def test_enter_on_a_coding_of_an_older_codebook_says_no_to_what_is_new_in_it(store: AnnotationStore) -> None:
    turn = next(n for n in open_turns() if n % 2 == 0)
    told = code(store, LOCAL, "s01", turn, "exploration", saved=True, assisted=True, codebook="ipt@1")
    newest = desk(store).material.codebook.ref
    assert told.codebook != newest
    for _ in range(2):
        after(store, arrive(desk(store), turn, 0), "accept")
        first, again = store.events.of_coder("s01", "local")
        assert (again.labels, again.codebook) == (first.labels, newest)


def test_a_press_before_the_turn_can_be_seen_does_nothing(store: AnnotationStore) -> None:
    cursor = arrive(desk(store), FIRST, 10)
    refused = after(store, cursor, "accept", now=10.05)
    assert (refused.item, refused.notice) == (cursor.item, TOO_SOON)
    assert not store.events.current("s01", "local")


def test_undo_goes_back_press_by_press_over_turns(store: AnnotationStore) -> None:
    cursor = after(store, arrive(desk(store), FIRST, 0), "accept")
    cursor = after(store, replace(cursor, utterance_id=SECOND), "accept", now=20)
    cursor = after(store, cursor, "undo", now=30)
    assert (cursor.utterance_id, store.events.current("s01", "local")[SECOND].labels) == (SECOND, None)
    cursor = after(store, cursor, "undo", now=40)
    assert (cursor.utterance_id, store.events.current("s01", "local")[FIRST].labels) == (FIRST, None)
    cursor = after(store, cursor, "undo", now=50)
    assert cursor.notice is not None
    assert store.events.last_standing("local") is None


def test_flag_note_skip_and_clear(store: AnnotationStore) -> None:
    cursor = arrive(desk(store), FIRST, 0)
    assert after(store, cursor, "note").noting
    cursor = after(store, cursor, "note", "unclear who 'she' is")
    cursor = after(store, cursor, "flag")
    event = store.events.current("s01", "local")[FIRST]
    assert (event.flagged, event.note, event.labels) == (True, "unclear who 'she' is", None)
    cursor = after(store, cursor, "none")
    event = store.events.current("s01", "local")[FIRST]
    assert (event.action, event.flagged) == ("reject", True)
    cursor = after(store, arrive(desk(store), SECOND, 0), "skip")
    done = progress(desk(store))
    assert (done.coded, done.skipped, done.turns) == (1, 1, 12)


def test_skipped_turns_come_last_and_the_end_is_said(store: AnnotationStore) -> None:
    cursor = after(store, arrive(desk(store), 0, 0), "skip")
    for step in range(1, 12):
        cursor = after(store, cursor, "accept", now=10 + step * 10)
    assert cursor.utterance_id == 0
    cursor = after(store, cursor, "accept", now=200)
    assert cursor.finished
    assert next_open(desk(store), 0) is None


def test_a_refresh_goes_on_where_the_coder_was(store: AnnotationStore) -> None:
    cursor = begin(desk(store), 0)
    assert cursor.utterance_id == 0
    for step in range(1, 4):
        cursor = after(store, cursor, "accept", now=step * 10)
    assert begin(desk(store), 99).utterance_id == cursor.utterance_id == 3


def test_arrows_stop_at_both_ends(store: AnnotationStore) -> None:
    assert neighbour(desk(store), 0, -1) == 0
    assert neighbour(desk(store), 11, 1) == 11
    assert after(store, arrive(desk(store), 5, 0), "previous").utterance_id == 4


def test_a_change_from_another_window_is_shown_and_neither_is_lost(store: AnnotationStore) -> None:
    turn = next(n for n in open_turns() if n % 2 == 0)
    cursor = arrive(desk(store), turn, 0)
    seen = current(desk(store), cursor)
    store.events.append(
        LOCAL,
        NewEvent(
            transcript_id="s01",
            utterance_id=turn,
            action="change",
            labels={"techniques": ("advice",)},
            codebook="ipt@1",
        ),
    )
    cursor = press(desk(store), cursor, seen, "toggle", 10, "clarification")
    assert cursor.conflict is not None
    assert cursor.conflict.theirs is not None
    assert cursor.conflict.theirs.labels == {"techniques": ("advice",)}
    assert cursor.utterance_id == turn
    cursor = after(store, cursor, "mine")
    assert cursor.conflict is None
    labels = store.events.current("s01", "local")[turn].labels
    assert labels is not None
    assert labels["techniques"] == ("exploration", "clarification")
    assert len(store.events.of_coder("s01", "local")) == 2


def test_what_the_store_refuses_is_said(store: AnnotationStore) -> None:
    cursor = after(store, arrive(desk(store), FIRST, 0), "note", "bad \x00 character")
    assert cursor.notice is not None
    assert cursor.notice.kind == "warning"
    assert "bad" not in cursor.notice.text


def test_blind_shows_nothing_until_the_turn_was_saved_and_left(store: AnnotationStore) -> None:
    turn = next(n for n in open_turns() if n % 2 == 0)
    at = desk(store, blind=True)
    cursor = arrive(at, turn, 0)
    view = current(at, cursor)
    assert (view.suggestions, view.labels, view.hidden) == ((), (), True)
    cursor = press(at, cursor, view, "toggle", 10, "clarification")
    assert current(desk(store, blind=True), cursor).suggestions == ()
    event = store.events.current("s01", "local")[turn]
    assert (event.mode, event.reviewed_model, event.action) == ("blind", None, "change")
    cursor = press(desk(store, blind=True), cursor, current(desk(store, blind=True), cursor), "accept", 20)
    assert cursor.utterance_id != turn
    back = arrive(desk(store, blind=True), turn, 30)
    assert current(desk(store, blind=True), back).suggestions


def test_a_stable_share_is_always_blind(store: AnnotationStore) -> None:
    items = [(f"s{n // 100}", n) for n in range(5000)]
    share = [item for item in items if always_blind(item)]
    assert 400 < len(share) < 600
    assert share == [item for item in items if always_blind(item)]
    at: Desk = desk(store)
    for turn in set(range(12)) - set(open_turns()):
        assert current(at, arrive(at, turn, 0)).hidden


@pytest.mark.parametrize(("command", "step"), [("entry_down", 1), ("entry_up", -1)])
def test_arrows_look_up_other_entries(store: AnnotationStore, command: str, step: int) -> None:
    at = desk(store)
    turn = next(n for n in open_turns() if n % 2 == 0)
    cursor = arrive(at, turn, 0)
    names = [label.name for label in at.material.codebook.labels]
    first = shown_entry(at, current(at, cursor), cursor)
    assert first == "exploration"
    moved = after(store, cursor, command)
    assert moved.entry == names[(names.index(first) + step) % len(names)]


def test_only_new_events_are_read(store: AnnotationStore) -> None:
    after(store, arrive(desk(store), FIRST, 0), "accept")
    known = catch_up(store, LOCAL, "s01")
    assert catch_up(store, LOCAL, "s01", known) is known
    after(store, arrive(desk(store), SECOND, 0), "accept")
    assert dict(catch_up(store, LOCAL, "s01", known).events) == store.events.current("s01", "local")


def test_two_coders_do_not_see_each_other(store: AnnotationStore) -> None:
    after(store, arrive(desk(store), FIRST, 0), "accept")
    store.users.add(LOCAL, "ana", "admin", "correct horse battery")
    ana = store.users.get("ana")
    assert ana is not None
    theirs = open_desk(store, ana, material(store))
    assert current(theirs, arrive(theirs, FIRST, 0)).event is None
    assert progress(theirs).coded == 0
