"""Which turn a coder sees next: pure functions on arrays, one signature for all of them.

A strategy takes the pool, how many turns are wanted and a seed, and returns rows of the pool: distinct, open, as many
as wanted or as there are. ``random_audit``, ``likely_mistakes`` and ``disagreements`` end where nothing of their kind
is left; the others go on until every open turn has come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from ipt_nlp.transcript import UtteranceId

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]
Order = NDArray[np.int64]
Key = tuple[str, UtteranceId]
Strategy = Callable[["Pool", int, int], Order]

# The share of all turns that is coded without a suggestion.
AUDIT_SHARE = 0.1
# What the random audit is drawn by, once and for all; a turn that is in it is never learned from.
AUDIT_SEED = 0
# Cosine from which two turns say much the same; two turns on one topic lie below it.
NEAR = 0.75
# Log odds below its threshold from which a use of a label is unlikely.
UNLIKELY = 2.0
# Means of equal numbers differ by this much.
ROUNDING = 1e-9
# What of the default queue comes from where.
SHARES = {"rare_codes": 0.5, "least_certain": 0.4, "random_audit": 0.1}


@dataclass(frozen=True, slots=True)
class Pool:
    """The turns of a project in session order, and what is known of them.

    Attributes:
        keys: transcript and utterance id [n].
        probabilities: [n, label] by a model that has not learned from the turn, or by cue rules; nan where the label
            does not apply to the speaker or nothing is known yet.
        thresholds: probability [label] from which a label is given.
        vectors: unit sentence vectors [n, hidden].
        positives: coded uses [label] so far, those of the shipped corpus among them if they count.
        open: turns [n] that may be given to this coder.
        coded: turns [n] that have a coder's labels.
        given: these labels [n, label].
        differing: labels [n] on which the two coders of a turn differ; 0 where there are not two.
    """

    keys: tuple[Key, ...]
    probabilities: Array
    thresholds: Array
    vectors: NDArray[np.float32]
    positives: Counts
    open: Flags
    coded: Flags
    given: Flags
    differing: Counts


def session_order(pool: Pool, count: int, _seed: int) -> Order:
    """As the turns were spoken."""
    return np.flatnonzero(pool.open)[:count]


def least_certain(pool: Pool, count: int, seed: int) -> Order:
    """Nearest to a threshold first, near-duplicates kept apart; chance decides between equals."""
    rows = _shuffled(pool, seed)
    order = rows[np.argsort(_distance(pool)[rows], kind="stable")]
    return spread(order, pool.vectors, count)


def rare_codes(pool: Pool, count: int, seed: int) -> Order:
    """Likely uses of the labels that have fewest uses so far, the likeliest first; then what is least certain.

    The k-th likeliest use of a label would bring it to k more uses than it has: turns come in the order of that number,
    so that labels catch up with each other instead of one holding the queue.
    """
    rows = _shuffled(pool, seed)
    margin = _margin(pool)[rows]
    rank = np.argsort(np.argsort(-margin, axis=0, kind="stable"), axis=0)
    uses = np.where(margin > -UNLIKELY, pool.positives + rank, np.inf).min(axis=1, initial=np.inf)
    return spread(rows[np.lexsort((_distance(pool)[rows], uses))], pool.vectors, count)


def likely_mistakes(pool: Pool, count: int, _seed: int) -> Order:
    """Coded turns whose labels the model doubts, the worst first: confident learning (Northcutt et al. 2021).

    A label is doubted where the opposite is at least as probable as it is, on average, where coders say the opposite.
    """
    against = np.where(pool.given, 1 - pool.probabilities, pool.probabilities)
    with_it, without = (_mean_where(1 - against, pool.coded[:, None] & side) for side in (pool.given, ~pool.given))
    doubted = against >= np.where(pool.given, without, with_it) - ROUNDING
    worst = np.where(doubted, against, -np.inf).max(axis=1, initial=-np.inf)
    rows = np.flatnonzero(pool.open & pool.coded & (worst > -np.inf))
    return rows[np.argsort(-worst[rows], kind="stable")][:count]


def disagreements(pool: Pool, count: int, _seed: int) -> Order:
    """Turns on which two coders differ, by the number of labels."""
    rows = np.flatnonzero(pool.open & (pool.differing > 0))
    return rows[np.argsort(-pool.differing[rows], kind="stable")][:count]


def random_audit(pool: Pool, count: int, _seed: int) -> Order:
    """The random share that is always blind, in an order that stays the same as turns are added or coded.

    What has been coded of it from the start on is a random sample of the project. There is one audit, whatever the
    seed of the queue: ``is_blind`` with ``AUDIT_SEED``.
    """
    draws = np.array([_draw(key, AUDIT_SEED) for key in pool.keys])
    rows = np.flatnonzero(pool.open & (draws < AUDIT_SHARE))
    return rows[np.argsort(draws[rows], kind="stable")][:count]


def mixed(pool: Pool, count: int, seed: int) -> Order:
    """The default: rare codes and the least certain in turn, and a small random share.

    Turns of the audit come at random alone: they teach nothing, and picked by what the model says of them, they would
    be no sample any more.
    """
    audited = np.array([is_blind(key, seed=AUDIT_SEED) for key in pool.keys], bool)
    teaching = replace(pool, open=pool.open & ~audited)
    orders = {name: STRATEGIES[name](pool if name == "random_audit" else teaching, count, seed) for name in SHARES}
    places = np.concatenate([(np.arange(len(o)) + 1) / SHARES[name] for name, o in orders.items()])
    rows = np.concatenate(list(orders.values()))[np.argsort(places, kind="stable")]
    _, first = np.unique(rows, return_index=True)
    return rows[np.sort(first)][:count]


STRATEGIES: dict[str, Strategy] = {
    "mixed": mixed,
    "session_order": session_order,
    "least_certain": least_certain,
    "rare_codes": rare_codes,
    "likely_mistakes": likely_mistakes,
    "disagreements": disagreements,
    "random_audit": random_audit,
}


def is_blind(key: Key, *, seed: int, frozen: bool = False, share: float = AUDIT_SHARE) -> bool:
    """Whether a turn is coded without a suggestion: a random ``share`` of all, and everything that is frozen.

    A turn's answer never changes with the queue it comes in, nor with what else is in the project.
    """
    return frozen or _draw(key, seed) < share


def spread(order: Order, vectors: NDArray[np.float32], count: int, near: float = NEAR) -> Order:
    """The first ``count`` of ``order`` such that near-duplicates do not follow each other.

    A turn with a cosine of ``near`` or more to one already taken waits; when nothing else is left, what waits comes
    in its order, spread out again.
    """
    taken: list[int] = []
    waiting = [int(row) for row in order]
    while waiting and len(taken) < count:
        start, later = len(taken), list[int]()
        for row in waiting:
            if len(taken) == count:
                break
            alike = len(taken) > start and (vectors[taken[start:]] @ vectors[row]).max() >= near
            (later if alike else taken).append(row)
        waiting = later
    return np.array(taken, np.int64)


def log_odds(probabilities: Array) -> Array:
    p = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(p / (1 - p)))


def _margin(pool: Pool) -> Array:
    """Log odds [n, label] over the label's threshold; nan where nothing is known."""
    return log_odds(pool.probabilities) - log_odds(pool.thresholds)


def _distance(pool: Pool) -> Array:
    """Log odds [n] between a turn and the nearest threshold; infinite where nothing is known."""
    return np.asarray(np.nan_to_num(np.abs(_margin(pool)), nan=np.inf).min(axis=1, initial=np.inf))


def _mean_where(values: Array, where: Flags) -> Array:
    """The mean [label] of known values; nan where there are none."""
    known = where & ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0))


def _shuffled(pool: Pool, seed: int) -> Order:
    return np.random.default_rng(seed).permutation(np.flatnonzero(pool.open))


def _draw(key: Key, seed: int) -> float:
    """A number in [0, 1) that depends on nothing but the turn and the seed."""
    digest = blake2b(f"{seed}\x1f{key[0]}\x1f{key[1]}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
