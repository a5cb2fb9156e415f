"""Shared queues: each item to one coder at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import RoleError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import Item, NewAdjudication, NewEvent, User
from ipt_nlp.ui.state.blind import always_blind
from ipt_nlp.ui.state.desk import Desk, arrive, current, open_desk
from ipt_nlp.ui.state.pools import ordered, pool_of
from ipt_nlp.ui.state.queues import QUEUES, SHARED, next_item, offered
from ipt_nlp.ui.state.review import press
from tests.ui.coders import code, person, two_coders
from tests.ui.conftest import PASSWORD, fill, material, open_turns, transcript

QUEUE = QUEUES["random"]


def coders(store: AnnotationStore) -> tuple[User, User]:
    store.users.add(LOCAL, "ana", "admin", PASSWORD)
    store.users.add(LOCAL, "ben", "annotator", PASSWORD)
    return User("ana", "admin"), User("ben", "annotator")


def test_two_coders_never_hold_the_same_item(store: AnnotationStore) -> None:
    fill(store, transcript("s02"))
    ana, ben = coders(store)
    assert QUEUE.order is not None
    order = QUEUE.order(store, LOCAL)
    assert sorted(order, key=str) == sorted(store.search.items(), key=str)
    seen: dict[str, list[Item]] = {"ana": [], "ben": []}
    now: dict[str, Item | None] = {"ana": None, "ben": None}
    for _ in range(3):
        for coder in (ana, ben):
            now[coder.name] = next_item(store, coder, QUEUE, order, now[coder.name])
            item = now[coder.name]
            assert item is not None
            seen[coder.name].append(item)
    assert not set(seen["ana"]) & set(seen["ben"])


def opened(store: AnnotationStore) -> tuple[Sequence[Item], Item, Desk]:
    """The order of the queue, its first item, and the desk with it."""
    assert QUEUE.order is not None
    order = QUEUE.order(store, LOCAL)
    first = next_item(store, LOCAL, QUEUE, order, None)
    assert first is not None
    return order, first, open_desk(store, LOCAL, material(store), queue=QUEUE, order=order)


def test_chance_begins_with_the_audit(store: AnnotationStore) -> None:
    fill(store, transcript("long", 60))
    order = QUEUE.order(store, LOCAL) if QUEUE.order else ()
    audit = sum(map(always_blind, order))
    assert 0 < audit < len(order)
    assert all(map(always_blind, order[:audit]))


def test_a_coded_item_comes_no_more_and_the_queue_ends(store: AnnotationStore) -> None:
    order, first, at = opened(store)
    cursor = arrive(at, first, 0)
    for step in range(1, 13):
        at = open_desk(store, LOCAL, material(store), queue=QUEUE, order=order)
        view = current(at, cursor)
        assert view.hidden
        cursor = press(at, cursor, view, "accept", step * 10)
    assert cursor.finished
    assert len(store.search.coded_by("local")) == 12
    assert not store.leases.held(QUEUE.name)


def test_back_returns_to_the_item_before(store: AnnotationStore) -> None:
    order, first, at = opened(store)
    cursor = press(at, arrive(at, first, 0), current(at, arrive(at, first, 0)), "accept", 10)
    at = open_desk(store, LOCAL, material(store), queue=QUEUE, order=order)
    assert cursor.item != first
    assert press(at, cursor, current(at, cursor), "previous", 20).item == first
    assert press(at, cursor, current(at, cursor), "undo", 20).item == first


def test_forward_comes_to_every_item_before_any_comes_again(store: AnnotationStore) -> None:
    order, first, at = opened(store)
    cursor, seen = arrive(at, first, 0), [first]
    for step in range(1, 12):
        cursor = press(at, cursor, current(at, cursor), "next", step)
        seen.append(cursor.item)
    assert sorted(seen, key=str) == sorted(order, key=str)
    assert press(at, cursor, current(at, cursor), "next", 20).item == first


def test_undo_after_a_refresh_takes_back_what_was_coded_last(store: AnnotationStore) -> None:
    fill(store, transcript("s02"))
    code(store, LOCAL, "s01", 1, "grief")
    code(store, LOCAL, "s02", 3, "grief")
    at = open_desk(store, LOCAL, material(store), queue=QUEUE, order=[("s01", 5)])
    cursor = arrive(at, ("s01", 5), 0)
    undone = press(at, cursor, current(at, cursor), "undo", 10)
    assert undone.item == ("s02", 3)
    assert store.events.current("s01", "local")[1].labels is not None


@pytest.mark.parametrize("strategy", ["mixed", "least_certain", "rare_codes"])
def test_strategies_give_open_turns_once_each(store: AnnotationStore, strategy: str) -> None:
    store.events.append(
        LOCAL,
        NewEvent(transcript_id="s01", utterance_id=3, action="change", labels={"themes": ("grief",)}, codebook="ipt@1"),
    )
    items = ordered(store, LOCAL, Codebook.load("ipt"), strategy, {"exploration": 0.79})
    assert len(items) == len(set(items)) == 11
    assert ("s01", 3) not in items
    pool = pool_of(store, Codebook.load("ipt"), {})
    assert pool.positives.sum() == 1
    assert np.isnan(pool.probabilities[1]).sum() == 25


def test_what_coders_gave_and_what_was_decided_counts_as_used(store: AnnotationStore) -> None:
    ann, ben = person(store, "ann"), person(store, "ben")
    events = [code(store, coder, "s01", 3, label) for coder, label in ((ann, "grief"), (ben, "role_dispute"))]
    code(store, ann, "s01", 5, "grief")
    undone = code(store, ann, "s01", 7, "grief")
    store.events.undo(ann, "s01", 7, undone.event_id)
    decision = NewAdjudication(
        transcript_id="s01", utterance_id=3, labels={"themes": ("role_transition",)}, confidence="high",
        reason="oversight", codebook="ipt@1", events=tuple(event.event_id for event in events),
    )  # fmt: skip
    store.adjudications.append(LOCAL, decision)
    book = Codebook.load("ipt")
    uses = dict(zip([label.name for label in book.labels], pool_of(store, book, {}).positives, strict=True))
    used = {label: int(count) for label, count in uses.items() if count}
    assert used == {"grief": 2, "role_dispute": 1, "role_transition": 1}


def test_the_random_tenth_of_the_mixed_queue_is_the_audit_that_everybody_codes_blind(store: AnnotationStore) -> None:
    fill(store, transcript("long", 300))
    items = ordered(store, LOCAL, Codebook.load("ipt"), "mixed", {})
    audit = ordered(store, LOCAL, Codebook.load("ipt"), "random_audit", {})
    assert all(always_blind(item) for item in audit)
    blind = [item for item in items[:100] if always_blind(item)]
    assert blind == list(audit)[: len(blind)]
    assert 8 <= len(blind) <= 20


def test_least_certain_begins_near_the_threshold(store: AnnotationStore) -> None:
    items = ordered(store, LOCAL, Codebook.load("ipt"), "least_certain", {"exploration": 0.79})
    assert {n % 2 for _, n in items[:6] if isinstance(n, int)} == {0}


THERAPIST = [n for n in open_turns() if n % 2 == 0]
MISTAKES, DIFFERING = QUEUES["likely_mistakes"], QUEUES["disagreements"]


def mistakes(store: AnnotationStore, actor: User) -> list[Item]:
    return list(ordered(store, actor, Codebook.load("ipt"), "likely_mistakes", {}))


def test_likely_mistakes_are_ones_own_codes_that_the_model_finds_improbable(store: AnnotationStore) -> None:
    ana, ben = coders(store)
    wrong, *right = THERAPIST
    for coder in (ana, ben):
        for turn in right:
            code(store, coder, "s01", turn, "exploration", assisted=True)
    code(store, ana, "s01", wrong, "clarification", assisted=True)
    code(store, ben, "s01", wrong, "exploration", assisted=True)
    assert mistakes(store, ana)[0] == ("s01", wrong)
    assert ("s01", wrong) not in mistakes(store, ben)


def test_likely_mistakes_hold_no_turn_that_is_coded_blind(store: AnnotationStore) -> None:
    fill(store, transcript("long", 200))
    ana, _ = coders(store)
    audit = [n for n in range(0, 200, 2) if always_blind(("long", n))]
    others = [n for n in range(0, 200, 2) if n not in audit]
    for turn in (*audit, *others):
        code(
            store,
            ana,
            "long",
            turn,
            "exploration" if turn == others[0] else "clarification",
            assisted=turn != others[1],
        )
    found = mistakes(store, ana)
    assert ("long", others[2]) in found
    assert ("long", others[1]) not in found
    assert not [item for item in found if always_blind(item)]


def test_a_code_that_was_confirmed_comes_no_more(store: AnnotationStore) -> None:
    ana, _ = coders(store)
    first, second, *rest = THERAPIST
    for turn in THERAPIST:
        code(store, ana, "s01", turn, "exploration" if turn in rest else "clarification", assisted=True)
    order = mistakes(store, ana)
    assert set(order[:2]) == {("s01", first), ("s01", second)}
    at = open_desk(store, ana, material(store), queue=MISTAKES, order=order)
    cursor = arrive(at, next_item(store, ana, MISTAKES, order, None) or order[0], 0)
    assert cursor.item == order[0]
    labels = store.events.current("s01", "ana")[cursor.utterance_id].labels
    moved = press(at, cursor, current(at, cursor), "accept", 10)
    assert moved.item == order[1]
    newest = store.events.current("s01", "ana")[cursor.utterance_id]
    assert (newest.labels, newest.ordinal) == (labels, 2)
    assert next_item(store, ana, MISTAKES, order, moved.item) != cursor.item
    assert cursor.item not in mistakes(store, ana)


def test_disagreements_are_for_a_third_who_may_see_others(store: AnnotationStore) -> None:
    ann, ben = two_coders(store)
    sue = person(store, "sue", "supervisor")
    assert DIFFERING.order is not None
    items = ordered(store, sue, Codebook.load("ipt"), "disagreements", {})
    assert set(items) == {(session, turn) for session in ("s01", "s02", "s03") for turn in (0, 4)}
    for coder in (ann, ben):
        with pytest.raises(RoleError):
            ordered(store, coder, Codebook.load("ipt"), "disagreements", {})
        assert "disagreements" not in offered(coder)
    assert next_item(store, sue, DIFFERING, items, None) == items[0]
    code(store, sue, items[0][0], int(items[0][1]), "exploration")
    assert items[0] not in ordered(store, sue, Codebook.load("ipt"), "disagreements", {})
    assert next_item(store, sue, DIFFERING, items, items[0]) == items[1]


def test_every_queue_says_what_comes_in_it() -> None:
    abouts = [queue.about for queue in SHARED]
    assert all(about.endswith(".") and len(about) < 120 for about in abouts)
    assert len(set(abouts)) == len(abouts)
