from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipt_nlp.agreement.passes import blind_pass
from ipt_nlp.errors import ConflictError, RoleError, StoreError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import AnnotationEvent, NewEvent, User
from tests.store.conftest import person, session

pytestmark = pytest.mark.usefixtures("s01")
EXPLORATION = {"techniques": ("exploration",), "themes": ()}
CLARIFICATION = {"techniques": ("clarification", "exploration"), "themes": ("grief",)}


def code(labels: Any = EXPLORATION, base: AnnotationEvent | None = None, **more: Any) -> NewEvent:
    values = {"transcript_id": "s01", "utterance_id": 0, "action": "change", "labels": labels, "codebook": "ipt@1"}
    return NewEvent(**values | {"base_event": base.event_id if base else None} | more)


def test_an_event_keeps_everything(store: AnnotationStore, ann: User) -> None:
    new = code(
        action="accept",
        sure=False,
        flagged=True,
        note="who? – “her”",
        mode="assisted",
        reviewed_model="default@1+abc",
        evidence={"exploration": ((0, 3), (5, 9))},
        seconds=4,
    )
    event = store.events.append(ann, new)
    assert event.coder == "ann"
    assert event.created_at == "2026-01-05T09:00:00.000000Z"
    for name in ("labels", "sure", "flagged", "note", "mode", "reviewed_model", "evidence", "seconds", "codebook"):
        assert getattr(event, name) == getattr(new, name), name
    assert store.events.current("s01", "ann") == {0: event}
    assert store.events.of_coder("s01", "ann") == (event,)


def test_the_newest_event_wins_and_the_others_stay(store: AnnotationStore, ann: User) -> None:
    first = store.events.append(ann, code())
    second = store.events.append(ann, code(CLARIFICATION, first))
    assert store.events.current("s01", "ann")[0].labels == CLARIFICATION
    assert store.events.of_coder("s01", "ann") == (first, second)


def test_a_change_on_an_old_event_is_a_conflict_and_loses_nothing(store: AnnotationStore, ann: User) -> None:
    first = store.events.append(ann, code())
    second = store.events.append(ann, code(CLARIFICATION, first))
    for seen in (first, None):
        with pytest.raises(ConflictError) as caught:
            store.events.append(ann, code(base=seen))
        conflict = caught.value
        assert (conflict.coder, conflict.transcript_id, conflict.utterance_id) == ("ann", "s01", 0)
        assert (conflict.seen, conflict.newest) == (seen.event_id if seen else None, second.event_id)
        assert f"event {second.event_id}" in str(conflict)
    assert store.events.of_coder("s01", "ann") == (first, second)


def test_coders_do_not_get_in_each_others_way(store: AnnotationStore, ann: User, ben: User) -> None:
    store.events.append(ann, code())
    store.events.append(ben, code(CLARIFICATION))
    assert store.events.current("s01", "ann")[0].labels == EXPLORATION
    assert store.events.current("s01", "ben")[0].labels == CLARIFICATION
    assert store.events.counts() == {"ann": 1, "ben": 1}


def test_only_leading_roles_read_what_all_coders_said(store: AnnotationStore, ann: User, ben: User, sue: User) -> None:
    events = (store.events.append(ann, code()), store.events.append(ben, code(CLARIFICATION)))
    assert store.events.of_all_coders(sue, "s01") == events
    with pytest.raises(RoleError, match="supervisor, researcher, admin"):
        store.events.of_all_coders(ann, "s01")


def test_flag_and_note_leave_the_labels_and_skip_takes_them_back(store: AnnotationStore, ann: User) -> None:
    event = store.events.append(ann, code(CLARIFICATION, sure=False, mode="assisted"))
    event = store.events.append(ann, code(None, event, action="flag", flagged=True))
    event = store.events.append(ann, code(None, event, action="note", note="ask Sue"))
    assert (event.labels, event.sure, event.mode, event.flagged, event.note) == (
        CLARIFICATION,
        False,
        "assisted",
        True,
        "ask Sue",
    )
    event = store.events.append(ann, code(None, event, action="skip"))
    assert (event.labels, event.flagged, event.note) == (None, True, "ask Sue")


def test_undo_brings_back_the_one_before_and_can_be_undone_no_further_than_the_start(
    store: AnnotationStore, ann: User
) -> None:
    with pytest.raises(StoreError, match="nothing to undo"):
        store.events.undo(ann, "s01", 0, None)
    first = store.events.append(ann, code())
    second = store.events.append(ann, code(CLARIFICATION, first))
    undone = store.events.undo(ann, "s01", 0, second.event_id)
    assert (undone.labels, undone.previous) == (EXPLORATION, first.event_id)
    third = store.events.append(ann, code({"techniques": (), "themes": ()}, undone))
    undone = store.events.undo(ann, "s01", 0, third.event_id)
    assert undone.labels == EXPLORATION
    undone = store.events.undo(ann, "s01", 0, undone.event_id)
    assert (undone.labels, undone.previous) == (None, None)
    with pytest.raises(StoreError, match="nothing to undo"):
        store.events.undo(ann, "s01", 0, undone.event_id)
    assert store.verify() == []


def test_after_a_glimpse_nothing_is_said_blind_and_what_was_said_before_stays_so(
    store: AnnotationStore, ann: User, ben: User
) -> None:
    first = store.events.append(ann, code())
    second = store.events.append(ann, code(CLARIFICATION, first))
    store.glimpses.add(ann, [("s01", 0)])
    noted = store.events.append(ann, code(None, second, action="note", note="ask Sue"))
    undone = store.events.undo(ann, "s01", 0, noted.event_id)
    undone = store.events.undo(ann, "s01", 0, undone.event_id)
    third = store.events.append(ann, code(base=undone))
    assert (noted.mode, undone.labels, undone.mode, third.mode) == ("blind", EXPLORATION, "assisted", "assisted")
    assert blind_pass(store.events.of_coder("s01", "ann")) == (first, second, noted)
    assert store.events.append(ann, code(utterance_id=1)).mode == "blind"
    assert store.events.append(ben, code()).mode == "blind"
    assert store.verify() == []


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (code(None), "needs labels"),
        (code(action="skip"), "takes no labels"),
        (code(codebook=""), "codebook"),
        (code(None, action="praise"), "no action"),
        (code(None, action="note", note="secret\x00"), "no text"),
        (code(seconds=float("inf")), "no finite number"),
        (code(utterance_id="0"), "no utterance '0'"),
        (code(transcript_id="s99"), "no transcript 's99'"),
    ],
)
def test_an_event_that_does_not_fit_is_refused(store: AnnotationStore, ann: User, new: NewEvent, problem: str) -> None:
    with pytest.raises(StoreError, match=problem) as caught:
        store.events.append(ann, new)
    assert "secret" not in str(caught.value)
    assert store.events.of_coder("s01", "ann") == ()


def test_utterances_with_events_are_known(store: AnnotationStore, ann: User) -> None:
    store.events.append(ann, code(utterance_id=2))
    assert store.events.touched("s01") == {2}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "ben"]),
        st.sampled_from([0, 1]),
        st.sampled_from(["change", "skip", "flag", "note", "undo", "late"]),
        st.sampled_from(["exploration", "clarification", "affect"]),
    ),
    max_size=25,
)
BLANK = (None, False, "")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_events_behave_like_a_stack_for_each_coder_and_utterance(
    store: AnnotationStore, steps: list[tuple[str, int, str, str]]
) -> None:
    name = f"run{len(store.transcripts.list())}"
    store.transcripts.add(LOCAL, session(name, turns=2))
    people = {coder: store.users.get(coder) or person(store, coder) for coder in ("ann", "ben")}
    stacks: dict[tuple[str, int], list[tuple[Any, bool, str]]] = {}
    newest: dict[tuple[str, int], int | None] = {}
    stored = 0
    for coder, utterance, action, label in steps:
        place = (coder, utterance)
        stack = stacks.setdefault(place, [])
        base, actor = newest.get(place), people[coder]
        if action == "late":
            with pytest.raises(ConflictError):
                store.events.append(actor, code(base=None, transcript_id=name, utterance_id=utterance, base_event=-1))
            continue
        if action == "undo" and not stack:
            with pytest.raises(StoreError, match="nothing to undo"):
                store.events.undo(actor, name, utterance, base)
            continue
        labels, flagged, note = stack[-1] if stack else BLANK
        more: dict[str, Any] = {}
        if action == "change":
            labels = more["labels"] = {"techniques": (label,)}
        elif action == "skip":
            labels = None
        elif action == "flag":
            flagged = more["flagged"] = not flagged
        elif action == "note":
            note = more["note"] = label
        stack.pop() if action == "undo" else stack.append((labels, flagged, note))
        new = NewEvent(
            transcript_id=name, utterance_id=utterance, action=action, codebook="ipt@1", base_event=base, **more
        )
        newest[place] = store.events.append(actor, new).event_id
        stored += 1
    for (coder, utterance), stack in stacks.items():
        now = store.events.current(name, coder).get(utterance)
        assert ((now.labels, now.flagged, now.note) if now else BLANK) == (stack[-1] if stack else BLANK)
    assert sum(len(store.events.of_coder(name, coder)) for coder in people) == stored
    assert store.verify() == []
