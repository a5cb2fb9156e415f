"""The replay: its learner against scikit-learn's, and a corpus that answers for the coder."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score

from ipt_nlp.annotation import Annotation
from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.peers import REGULARISATION
from ipt_nlp.learning.queue import Order, Pool, mixed
from ipt_nlp.learning.replay import Replay, Turns, at_random, fit, measure, one_label, turns_of
from ipt_nlp.model.calibration import sigmoid
from ipt_nlp.transcript import Transcript, Utterance


def turns(seed: int, count: int = 600) -> Turns:
    """Turns whose labels can be told from their vectors; the second label applies to every other turn only."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    gold = (vectors[:, :2] > (0.1, 0.4)).astype(np.float32)
    gold[::2, 1] = np.nan
    cues = (vectors[:, :2] > 0.6).astype(np.float32)
    keys = tuple((f"s{seed}", row) for row in range(count))
    return Turns(("common", "rare"), keys, vectors, np.hstack([vectors, np.ones((count, 1), np.float32)]), gold, cues)


def test_the_learner_is_scikit_learns_logistic_regression() -> None:
    known = turns(0)
    weights = fit(known.features, known.gold)
    for column, label in enumerate(known.gold.T):
        rows = ~np.isnan(label)
        oracle = LogisticRegression(C=REGULARISATION, fit_intercept=False, tol=1e-8, max_iter=1000)
        oracle.fit(known.features[rows], label[rows])
        ours = sigmoid((known.features @ weights[:, column]).astype(float))
        assert ours == pytest.approx(oracle.predict_proba(known.features)[:, 1], abs=0.01)


def test_figures_are_scikit_learns_and_need_twenty_uses() -> None:
    held_out = turns(1)
    scores = np.random.default_rng(0).random(held_out.gold.shape)
    point = measure(7, scores, np.array([0.3, 0.6]), held_out)
    for column, (gold, limit) in enumerate(zip(held_out.gold.T, (0.3, 0.6), strict=True)):
        rows = ~np.isnan(gold)
        assert point.f1[column] == pytest.approx(f1_score(gold[rows], scores[rows, column] >= limit))
        assert point.average_precision[column] == pytest.approx(
            average_precision_score(gold[rows], scores[rows, column])
        )
    few = measure(7, scores[:30], np.array([0.3, 0.6]), turns(1, 30))
    assert np.isnan(few.f1[1])


def test_more_codes_make_a_better_learner_and_the_whole_pool_is_its_end() -> None:
    replay = Replay(turns(0), turns(1), turns(2))
    points = replay.run(mixed, [20, 80, 500], seed=0)
    assert [p.coded for p in points] == [20, 100, 600]
    assert np.mean(points[0].f1) < np.mean(points[-1].f1)
    assert points[-1].average_precision == pytest.approx(replay.whole_pool().average_precision, abs=0.01)


def test_the_same_seed_gives_the_same_curve() -> None:
    replay = Replay(turns(0), turns(1), turns(2))
    first, again, other = (replay.run(at_random, [20, 20], seed) for seed in (3, 3, 4))
    assert [p.f1.tolist() for p in first] == [p.f1.tolist() for p in again]
    assert [p.f1.tolist() for p in first] != [p.f1.tolist() for p in other]


def test_a_queue_is_shown_cues_at_first_then_scores_and_never_the_codes_of_uncoded_turns() -> None:
    pool = turns(0)
    seen: list[Pool] = []

    def watching(asked: Pool, count: int, seed: int) -> Order:
        seen.append(asked)
        return at_random(asked, count, seed)

    Replay(pool, turns(1), turns(2)).run(watching, [30, 30, 30], seed=0)
    assert [int(p.coded.sum()) for p in seen] == [0, 30, 60]
    assert len(np.unique(seen[0].probabilities[~np.isnan(seen[0].probabilities)])) == 2
    for before, after in pairwise(seen):
        assert (after.coded | ~before.coded).all()
    for asked in seen:
        assert (asked.open == ~asked.coded).all()
        assert not asked.given[~asked.coded].any()
        assert asked.positives.tolist() == (pool.gold[asked.coded] > 0).sum(axis=0).tolist()
        assert np.isnan(asked.probabilities[::2, 1]).all()


def test_one_label_keeps_the_turns_it_applies_to() -> None:
    alone = one_label(turns(0), "rare")
    assert alone.gold.shape == (300, 1)
    assert not np.isnan(alone.gold).any()
    assert alone.keys[:2] == (("s0", 1), ("s0", 3))


def test_arrays_of_a_coded_transcript() -> None:
    utterances = (Utterance(1, "therapist", "Let's rehearse it: I'll be your sister."), Utterance(2, "client", "Okay."))
    said = {
        1: (Annotation("t", 1, "a", {"techniques": ("role_play",), "themes": ("role_dispute",)}),),
        2: (Annotation("t", 2, "a", {"themes": ()}),),
    }
    codebook = Codebook.load("ipt")
    found = turns_of([CodedTranscript(Transcript("t", utterances), "simulated", "g", said)], codebook)
    labels = list(found.labels)
    assert labels == [label for g in codebook.groups for label in codebook.labels_of(g.name)]
    assert found.gold[0, labels.index("role_play")] == 1
    assert np.isnan(found.gold[1, labels.index("role_play")])
    assert found.gold[:, labels.index("role_dispute")].tolist() == [1, 0]
    assert found.cues[0, labels.index("role_play")] == 1
    assert np.linalg.norm(found.vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert found.features.shape == (2, 3 * found.vectors.shape[1] + 3)
