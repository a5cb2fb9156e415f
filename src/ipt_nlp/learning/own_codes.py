"""Codes of one's own: labels that the base corpus was coded without, learned from a handful of corrections.

The corrections are no sample of what is said: a queue picked them for being likely uses, so they cannot tell how rare
the label is, nor where to cut. Turns that were coded before there was the label stand in for the rest, as turns without
it, but for those in which one of its cue phrases is found: few of them have it (Elkan and Noto 2008 on learning from
positive and unlabelled examples). A logistic regression on what the encoder makes of both gives the label's row. It is
cut where it is given to as many of those turns as labels usually are, and by scores out of fold once there are uses
enough to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from numpy.typing import NDArray

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.codes import LabelsOf
from ipt_nlp.learning.peers import REGULARISATION
from ipt_nlp.learning.recalibration import NEW_THRESHOLD
from ipt_nlp.model.config import HeadGroup
from ipt_nlp.model.engine import Engine
from ipt_nlp.model.growth import set_row
from ipt_nlp.model.scoring import Scorer
from ipt_nlp.model.tagger import SessionTagger
from ipt_nlp.model.training import TrainingTranscript
from ipt_nlp.pipeline.cue_matcher import CueMatcher

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Share of turns that have a label, on average over the labels of the coded corpus.
USUAL_SHARE = 0.05
FOLDS = 5
# Below this, a cut by scores out of fold moves with every use.
ENOUGH_USES = 30


def fit_own_codes(
    tagger: SessionTagger,
    own: LabelsOf,
    items: Sequence[TrainingTranscript],
    codebook: Codebook,
    work: Path,
) -> None:
    """Give each label of ``own`` its row, and a calibration that puts its cut at the threshold of a new label.

    A label with fewer than two uses, and one of an exclusive group, stays as it was trained.

    Args:
        items: what the tagger was trained on; a target is nan where the turn was coded before there was the label.
        work: a folder for what does not stay.
    """
    heads = [head for head in tagger.config.heads if own.get(head.name) and not head.exclusive]
    if not heads:
        return
    tagger.save_pretrained(work)
    scorer = Scorer.load(work, "own codes", Engine("float32"))
    vectors = np.concatenate(scorer.turn_vectors([(t.texts, t.speakers) for t in items]))
    cued = _cued([text for t in items for text in t.texts], codebook)
    for head in heads:
        used = np.concatenate([t.weights[head.name] > 0 for t in items])
        targets = np.concatenate([t.targets[head.name] for t in items])
        for label in own[head.name]:
            target = targets[:, head.labels.index(label)]
            presumed = used & np.isnan(target) & ~np.array([label in found for found in cued], bool)
            # Where two coders differ, neither is an example.
            rows = presumed | (used & ((target < 0.5) | (target > 0.5)))
            _fit(tagger, head, label, vectors[rows], target[rows] > 0.5, presumed[rows])


def _fit(tagger: SessionTagger, head: HeadGroup, label: str, vectors: Array, has: Flags, presumed: Flags) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    if min(has.sum(), (~has).sum()) < 2:
        return
    model: Any = LogisticRegression(C=REGULARISATION, max_iter=1000).fit(vectors, has)
    others = presumed if presumed.any() else ~has
    if has.sum() < ENOUGH_USES:
        scores = model.decision_function(vectors)
        cut = usual_cut(scores[others], scores[has])
    else:
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
        scores = cross_val_predict(model, vectors, has, cv=folds, method="decision_function")
        cut = best_cut(scores[others], scores[has])
    set_row(tagger, head, label, model.coef_[0], float(model.intercept_[0]))
    offset = np.log(NEW_THRESHOLD / (1 - NEW_THRESHOLD)) - cut
    tagger.config.calibration[head.name][label] = [1.0, round(float(offset), 4)]
    tagger.config.thresholds[label] = NEW_THRESHOLD


def usual_cut(others: Array, uses: Array, share: float = USUAL_SHARE) -> float:
    """The score above which at most ``share`` of ``others`` lie, which stand for all turns and hold few uses."""
    return _between(others, uses, float(np.quantile(others, 1 - share, method="higher")))


def best_cut(others: Array, uses: Array, share: float = USUAL_SHARE) -> float:
    """The score from which a label has the best F1, were ``share`` of all turns uses of it.

    Args:
        others: scores, out of fold, of turns that stand for all turns.
        uses: scores of uses, out of fold.
    """
    cuts = np.unique(uses)
    recall = np.array([(uses >= cut).mean() for cut in cuts])
    given = np.array([(others >= cut).mean() for cut in cuts])
    f1 = 2 * recall * share / (np.maximum(given, recall * share) + share)
    lowest = cuts[f1.argmax()]
    scores = np.concatenate([others, uses])
    return _between(others, uses, float(scores[scores < lowest].max(initial=scores.min())))


def _between(others: Array, uses: Array, score: float) -> float:
    """Halfway from ``score`` to the next above it, so that turns of one score lie on one side."""
    scores = np.concatenate([others, uses])
    return (score + float(scores[scores > score].min(initial=scores.max()))) / 2


def _cued(texts: Sequence[str], codebook: Codebook) -> list[set[str]]:
    """Labels of which a cue phrase is found in each text."""
    nlp = spacy.blank("en")
    matcher = CueMatcher(nlp.vocab, codebook)
    return [{span.label_ for span in matcher(doc[:])} for doc in nlp.pipe(texts)]
