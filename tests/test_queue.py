"""Queues on pools small enough to order by eye, and one law over all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipt_nlp.learning.queue import (
    AUDIT_SEED,
    NEAR,
    STRATEGIES,
    Pool,
    disagreements,
    is_blind,
    least_certain,
    likely_mistakes,
    mixed,
    random_audit,
    rare_codes,
    session_order,
    spread,
)
from tests.strategies import pools


def pool(probabilities: list[list[float]], **changed: object) -> Pool:
    """Open turns without any code, each about something else."""
    p = np.array(probabilities, float)
    n, labels = p.shape
    plain = Pool(
        keys=tuple(("s01", number) for number in range(n)),
        probabilities=p,
        thresholds=np.full(labels, 0.5),
        vectors=np.eye(n, dtype=np.float32),
        positives=np.zeros(labels, np.int64),
        open=np.ones(n, bool),
        coded=np.zeros(n, bool),
        given=np.zeros((n, labels), bool),
        differing=np.zeros(n, np.int64),
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def test_session_order_leaves_out_what_is_not_open() -> None:
    asked = pool([[0.5]] * 4, open=np.array([True, False, True, True]))
    assert session_order(asked, 2, 0).tolist() == [0, 2]


def test_least_certain_goes_by_log_odds_from_the_threshold() -> None:
    # A fifth is further from a half, in log odds, than .52 is; .02 lies nearest to a threshold of .01.
    asked = pool([[0.99, 0.5], [0.52, 0.5], [0.2, 0.5], [0.9, 0.02]], thresholds=np.array([0.5, 0.01]))
    assert least_certain(asked, 4, 0).tolist() == [1, 3, 2, 0]


def test_a_label_that_does_not_apply_makes_nobody_uncertain() -> None:
    asked = pool([[np.nan, 0.9], [0.6, 0.99], [np.nan, np.nan]])
    assert least_certain(asked, 3, 0).tolist() == [1, 0, 2]


def test_near_duplicates_do_not_follow_each_other() -> None:
    same = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    asked = pool([[0.5], [0.51], [0.52], [0.6], [0.7]], vectors=same)
    order = least_certain(asked, 5, 0)
    assert order.tolist() == [0, 3, 1, 4, 2]
    assert least_certain(asked, 2, 0).tolist() == [0, 3]


def test_rare_codes_bring_a_label_up_to_the_others() -> None:
    # Label 1 has no use yet, label 0 has two: label 1's two likeliest turns come first, then the two meet.
    p = [[0.9, 0.01], [0.8, 0.01], [0.01, 0.9], [0.01, 0.7], [0.01, 0.6], [0.01, 0.01]]
    order = rare_codes(pool(p, positives=np.array([2, 0])), 6, 0).tolist()
    assert order[:2] == [2, 3]
    assert set(order[2:4]) == {0, 4}
    assert order[4:] == [1, 5]


def test_likely_mistakes_are_codes_that_the_model_doubts() -> None:
    # The coder missed turn 2 and made turn 5 up; turn 6 was never coded.
    p = [[0.9], [0.8], [0.95], [0.1], [0.2], [0.02], [0.99]]
    coded = np.array([True] * 6 + [False])
    given_ = np.array([[True], [True], [False], [False], [False], [True], [False]])
    asked = pool(p, coded=coded, given=given_)
    assert likely_mistakes(asked, 7, 0).tolist() == [5, 2]
    right = pool(p, coded=coded, given=np.array([[x[0] > 0.5] for x in p]))
    assert likely_mistakes(right, 7, 0).tolist() == []


def test_disagreements_come_by_the_number_of_labels() -> None:
    asked = pool([[0.5]] * 5, differing=np.array([0, 1, 3, 1, 2]), open=np.array([True, True, True, True, False]))
    assert disagreements(asked, 5, 0).tolist() == [2, 1, 3]


def test_the_audit_is_a_stable_random_share() -> None:
    keys = tuple((f"s{n // 50}", n % 50) for n in range(2000))
    large = pool([[0.5]] * 2000, keys=keys, vectors=np.zeros((2000, 2), np.float32))
    order = random_audit(large, 2000, 3)
    assert 0.08 < len(order) / 2000 < 0.12
    coded = np.ones(2000, bool)
    coded[order[:20]] = False
    assert random_audit(replace(large, open=coded), 2000, 3).tolist() == order[20:].tolist()
    assert random_audit(large, 2000, 4).tolist() == order.tolist(), "there is one audit, whatever the queue's seed"


def test_the_audit_and_what_is_frozen_are_blind_and_nothing_else() -> None:
    keys = tuple(("s01", number) for number in range(300))
    audited = set(random_audit(pool([[0.5]] * 300, keys=keys), 300, 7).tolist())
    assert {row for row, key in enumerate(keys) if is_blind(key, seed=AUDIT_SEED)} == audited
    assert all(is_blind(key, seed=7, frozen=True) for key in keys)
    assert all(is_blind(key, seed=7, share=1.0) for key in keys)
    assert not any(is_blind(key, seed=7, share=0.0) for key in keys)


def test_the_default_queue_holds_some_of_each() -> None:
    rng = np.random.default_rng(0)
    large = pool(rng.uniform(0.001, 0.999, (400, 3)).tolist())
    order = mixed(large, 40, 0)
    for part, least in ((rare_codes, 15), (least_certain, 10), (random_audit, 3)):
        assert len(set(part(large, 20, 0)) & set(order)) >= least


@pytest.mark.parametrize("seed", [0, 1])
def test_a_tenth_of_the_default_queue_is_of_the_audit_and_comes_at_random(seed: int) -> None:
    large = pool(np.random.default_rng(0).uniform(0.001, 0.999, (400, 3)).tolist())
    order = mixed(large, 40, seed).tolist()
    audited = [row for row in order if is_blind(large.keys[row], seed=AUDIT_SEED)]
    assert audited == random_audit(large, len(audited), seed).tolist()
    assert 3 <= len(audited) <= 6


@pytest.mark.parametrize("name", STRATEGIES)
def test_an_empty_pool_gives_an_empty_queue(name: str) -> None:
    nothing = pool([[0.5, 0.5]] * 3, open=np.zeros(3, bool))
    assert STRATEGIES[name](nothing, 5, 0).tolist() == []


@pytest.mark.parametrize("name", STRATEGIES)
@settings(deadline=None)
@given(asked=pools(), count=st.integers(0, 40), seed=st.integers(0, 5))
def test_every_queue_is_of_distinct_open_turns_none_lost_and_the_same_every_time(
    name: str, asked: Pool, count: int, seed: int
) -> None:
    queue = STRATEGIES[name]
    order, every = queue(asked, count, seed), queue(asked, len(asked.keys), seed)
    assert len(set(order.tolist())) == len(order) == min(count, len(every))
    assert asked.open[order].all()
    assert order.tolist() == queue(asked, count, seed).tolist()
    assert set(every.tolist()) == set(belongs(name, asked))


def belongs(name: str, asked: Pool) -> list[int]:
    """The open turns that a queue must come to in the end."""
    rows = np.flatnonzero(asked.open).tolist()
    if name == "disagreements":
        return [row for row in rows if asked.differing[row]]
    if name == "random_audit":
        return [row for row in rows if is_blind(asked.keys[row], seed=AUDIT_SEED)]
    if name == "likely_mistakes":
        return [row for row in rows if asked.coded[row] and any(doubted(asked, row, c) for c in labels_of(asked))]
    return rows


def labels_of(asked: Pool) -> range:
    return range(len(asked.positives))


def doubted(asked: Pool, row: int, label: int) -> bool:
    """Confident learning, cell by cell."""
    given_ = asked.given[row, label]
    others = [
        asked.probabilities[r, label]
        for r in np.flatnonzero(asked.coded & (asked.given[:, label] != given_))
        if not np.isnan(asked.probabilities[r, label])
    ]
    p = asked.probabilities[row, label]
    if np.isnan(p) or not others:
        return False
    return bool(p <= np.mean(others) + 1e-9 if given_ else p >= np.mean(others) - 1e-9)


@settings(deadline=None)
@given(asked=pools())
def test_spread_out_turns_stay_apart_as_long_as_another_is_left(asked: Pool) -> None:
    order = spread(np.arange(len(asked.keys)), asked.vectors, len(asked.keys))
    alike = asked.vectors @ asked.vectors.T >= NEAR
    for place in range(1, len(order)):
        earlier, left = order[:place], order[place:]
        if alike[order[place], order[place - 1]]:
            # A turn unlike all that came before would have come instead.
            assert all(alike[row, earlier].any() for row in left)
