"""Shared queues: each item to one coder at a time."""

from __future__ import annotations

import numpy as np
import pytest

from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import Item, NewEvent, User
from ipt_nlp.ui.state.desk import arrive, current, open_desk
from ipt_nlp.ui.state.pools import ordered, pool_of
from ipt_nlp.ui.state.queues import QUEUES, next_item
from ipt_nlp.ui.state.review import press
from tests.ui.conftest import PASSWORD, fill, material, transcript

QUEUE = QUEUES["random"]


def coders(store: AnnotationStore) -> tuple[User, User]:
    store.users.add(LOCAL, "ana", "admin", PASSWORD)
    store.users.add(LOCAL, "ben", "annotator", PASSWORD)
    return User("ana", "admin"), User("ben", "annotator")


def test_two_coders_never_hold_the_same_item(store: AnnotationStore) -> None:
    fill(store, transcript("s02"))
    ana, ben = coders(store)
    assert QUEUE.order is not None
    order = QUEUE.order(store)
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


def test_a_coded_item_comes_no_more_and_the_queue_ends(store: AnnotationStore) -> None:
    assert QUEUE.order is not None
    order = QUEUE.order(store)
    first = next_item(store, LOCAL, QUEUE, order, None)
    assert first is not None
    at = open_desk(store, LOCAL, material(store), queue=QUEUE, order=order)
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
    assert QUEUE.order is not None
    order = QUEUE.order(store)
    first = next_item(store, LOCAL, QUEUE, order, None)
    assert first is not None
    at = open_desk(store, LOCAL, material(store), queue=QUEUE, order=order)
    cursor = press(at, arrive(at, first, 0), current(at, arrive(at, first, 0)), "accept", 10)
    at = open_desk(store, LOCAL, material(store), queue=QUEUE, order=order)
    assert cursor.item != first
    assert press(at, cursor, current(at, cursor), "previous", 20).item == first
    assert press(at, cursor, current(at, cursor), "undo", 20).item == first


@pytest.mark.parametrize("strategy", ["mixed", "least_certain", "rare_codes"])
def test_strategies_give_open_turns_once_each(store: AnnotationStore, strategy: str) -> None:
    store.events.append(
        LOCAL,
        NewEvent(transcript_id="s01", utterance_id=3, action="change", labels={"themes": ("grief",)}, codebook="ipt@1"),
    )
    items = ordered(store, Codebook.load("ipt"), strategy, {"exploration": 0.79})
    assert len(items) == len(set(items)) == 11
    assert ("s01", 3) not in items
    pool = pool_of(store, Codebook.load("ipt"), {})
    assert pool.positives.sum() == 1
    assert np.isnan(pool.probabilities[1]).sum() == 25


def test_least_certain_begins_near_the_threshold(store: AnnotationStore) -> None:
    items = ordered(store, Codebook.load("ipt"), "least_certain", {"exploration": 0.79})
    assert {n % 2 for _, n in items[:6] if isinstance(n, int)} == {0}
