"""A coded corpus as the coder: how fast a tagger learns when a queue decides which turns are coded first.

The learner is logistic regression on the base encoder's sentence vectors in context, as in ``peers``: quick and the
same every time. Thresholds are set on calibration turns that are the same for every queue and never counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.measures import ENOUGH_POSITIVES, f1_of
from ipt_nlp.learning.own_codes import usual_cut
from ipt_nlp.learning.peers import REGULARISATION, cue_rules, in_context, sentence_vectors
from ipt_nlp.learning.queue import Key, Pool, Strategy
from ipt_nlp.learning.targets import gold_targets
from ipt_nlp.model.calibration import fit_threshold, sigmoid
from ipt_nlp.model.config import head_groups

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

ITERATIONS = 80
# A cue phrase is a hint; its absence says little.
CUE_FOUND, CUE_ABSENT, CUE_THRESHOLD = 0.6, 0.05, 0.5


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns in session order, as arrays.

    Attributes:
        labels: names [label] over all groups.
        keys: [n].
        vectors: unit sentence vectors [n, hidden].
        features: what the learner reads [n, feature].
        gold: 0 or 1 [n, label]; nan where the label does not apply to the speaker.
        cues: 1 where a cue phrase of the label is found [n, label].
    """

    labels: tuple[str, ...]
    keys: tuple[Key, ...]
    vectors: Floats
    features: Floats
    gold: Floats
    cues: Floats


@dataclass(frozen=True, slots=True)
class Point:
    """After ``coded`` turns: figures [label] on held-out turns, nan where a label has fewer than twenty uses there."""

    coded: int
    f1: Array
    average_precision: Array


def turns_of(transcripts: Sequence[CodedTranscript], codebook: Codebook, vectors: Floats | None = None) -> Turns:
    """Everything that a replay needs to know of ``transcripts``.

    Args:
        vectors: unit sentence vectors [n, hidden] of all turns; where they are left out, every turn is embedded.
    """
    heads = head_groups(codebook)
    matrix = sentence_vectors(transcripts) if vectors is None else vectors
    stops = np.cumsum([len(t.transcript.utterances) for t in transcripts])
    features = [
        in_context(matrix[stop - len(t.transcript.utterances) : stop], [u.speaker for u in t.transcript.utterances])
        for t, stop in zip(transcripts, stops, strict=True)
    ]
    rules = cue_rules(codebook)
    gold, cues = [], []
    for head in heads:
        pairs = [gold_targets(t, head) for t in transcripts]
        gold.append(np.concatenate([np.where(kept[:, None], target, np.nan) for target, kept in pairs]))
        cues.append(np.concatenate(rules.scores(head, transcripts)))
    return Turns(
        tuple(label for head in heads for label in head.labels),
        tuple((t.transcript.transcript_id, u.utterance_id) for t in transcripts for u in t.transcript.utterances),
        matrix.astype(np.float32),
        np.concatenate(features).astype(np.float32),
        np.concatenate(gold, axis=1).astype(np.float32),
        np.concatenate(cues, axis=1).astype(np.float32),
    )


def fit(features: Floats, gold: Floats, start: Floats | None = None) -> Floats:
    """Weights [feature, label] of one logistic regression a label, all found together; nan in ``gold`` is left out.

    Args:
        start: weights to go on from.
    """
    from scipy.optimize import minimize

    known = ~np.isnan(gold)
    signs = np.where(known & (gold > 0), 1, -1).astype(np.float32)
    shape = (features.shape[1], gold.shape[1])

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(shape).astype(np.float32)
        z = signs * (features @ weights)
        slope = -signs * known / (1 + np.exp(np.clip(z, -40, 40)))
        value = REGULARISATION * float(np.logaddexp(0, -z, dtype=np.float32)[known].sum()) + float((flat**2).sum()) / 2
        return value, (REGULARISATION * (features.T @ slope)).ravel().astype(float) + flat

    first = np.zeros(shape) if start is None else start
    options = {"maxiter": ITERATIONS}
    found: Any = minimize(loss, first.ravel().astype(float), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(found.x.reshape(shape), np.float32)


def thresholds_of(weights: Floats, calibration: Turns) -> Array:
    """The threshold [label] of the best F1 on calibration turns."""
    p = _scores(weights, calibration)
    columns = zip(p.T, calibration.gold.T, strict=True)
    return np.array([fit_threshold(p[~np.isnan(g)], g[~np.isnan(g)]) for p, g in columns])


def measure(coded: int, scores: Array, thresholds: Array, held_out: Turns) -> Point:
    """Figures of ``scores`` [n, label] on held-out turns."""
    from sklearn.metrics import average_precision_score

    known, gold = ~np.isnan(held_out.gold), held_out.gold > 0
    given = (scores >= thresholds) & known
    uses = gold.sum(axis=0)
    f1 = f1_of((given & gold).sum(axis=0).astype(float), given.sum(axis=0).astype(float), uses.astype(float))
    enough = uses >= ENOUGH_POSITIVES
    precision = np.full(len(uses), np.nan)
    for column in np.flatnonzero(enough):
        rows = known[:, column]
        precision[column] = average_precision_score(gold[rows, column], scores[rows, column])
    return Point(coded, np.where(enough, f1, np.nan), precision)


def one_label(turns: Turns, label: str) -> Turns:
    """``turns`` as if ``label`` were the only one: those that it applies to."""
    column = turns.labels.index(label)
    rows = np.flatnonzero(~np.isnan(turns.gold[:, column]))
    return Turns(
        (label,),
        tuple(turns.keys[row] for row in rows),
        turns.vectors[rows],
        turns.features[rows],
        turns.gold[rows][:, [column]],
        turns.cues[rows][:, [column]],
    )


def _scores(weights: Floats, turns: Turns) -> Array:
    return sigmoid((turns.features @ weights).astype(np.float64))


@dataclass(frozen=True, slots=True)
class Replay:
    """The turns that may be coded, those that thresholds are set on, and those that are never learned from."""

    pool: Turns
    calibration: Turns
    held_out: Turns

    def whole_pool(self) -> Point:
        """With every turn of the pool coded."""
        weights = fit(self.pool.features, self.pool.gold)
        scores, thresholds = _scores(weights, self.held_out), thresholds_of(weights, self.calibration)
        return measure(len(self.pool.keys), scores, thresholds, self.held_out)

    def cues_alone(self) -> Point:
        """With nothing coded: a label wherever one of its cue phrases is found."""
        return measure(
            0, self.held_out.cues.astype(float), np.full(len(self.pool.labels), CUE_THRESHOLD), self.held_out
        )

    def run(
        self, strategy: Strategy, batches: Sequence[int], seed: int, first: Strategy | None = None, presumed: int = 0
    ) -> list[Point]:
        """Code batch after batch as ``strategy`` orders, and learn anew after each.

        Args:
            batches: turns of each batch.
            first: the queue of the first batch, when only cue phrases are known; ``strategy`` where it is left out.
            presumed: random turns that, less those with a cue phrase, count as without any label as long as nobody has
                coded them; thresholds are then set by ``own_codes.usual_cut``, not on calibration turns.
        """
        points: list[Point] = []
        count = len(self.pool.keys)
        coded = np.zeros(count, np.bool_)
        background = np.isin(np.arange(count), np.random.default_rng(seed).permutation(count)[:presumed])
        background &= ~(self.pool.cues > 0).any(axis=1)
        known = np.where(self.pool.cues > 0, CUE_FOUND, CUE_ABSENT)
        weights, thresholds = None, np.full(len(self.pool.labels), CUE_THRESHOLD)
        for number, size in enumerate(batches):
            queue = (first or strategy) if number == 0 else strategy
            coded[queue(self._seen(coded, known, thresholds), size, seed)] = True
            learned = coded | background
            gold = np.where(coded[:, None], self.pool.gold, self.pool.gold * 0)[learned]
            weights = fit(self.pool.features[learned], gold, weights)
            known = _scores(weights, self.pool)
            if presumed:
                thresholds = np.array([usual_cut(p[background & ~coded], p[coded]) for p in known.T])
            else:
                thresholds = thresholds_of(weights, self.calibration)
            points.append(measure(int(coded.sum()), _scores(weights, self.held_out), thresholds, self.held_out))
        return points

    def _seen(self, coded: NDArray[np.bool_], probabilities: Array, thresholds: Array) -> Pool:
        """The pool as a queue sees it: the codes of coded turns, and the model's scores of all."""
        given = (self.pool.gold > 0) & coded[:, None]
        return Pool(
            keys=self.pool.keys,
            probabilities=np.where(np.isnan(self.pool.gold), np.nan, probabilities),
            thresholds=thresholds,
            vectors=self.pool.vectors,
            positives=given.sum(axis=0),
            open=~coded,
            coded=coded.copy(),
            given=given,
            differing=np.zeros(len(coded), np.int64),
        )


def at_random(pool: Pool, count: int, seed: int) -> NDArray[np.int64]:
    """What a queue has to beat: open turns in random order."""
    return np.random.default_rng(seed).permutation(np.flatnonzero(pool.open))[:count]
