"""Calibration of a model that goes on from another one: what the held-out turns are too few to tell stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ipt_nlp.learning.codes import Codes
from ipt_nlp.learning.confidence import fit_acceptance, turn_confidence
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.measures import labels_given
from ipt_nlp.learning.training import coded_turns, texts_and_speakers
from ipt_nlp.model.calibration import FEWEST_POSITIVES, calibrate, fit_platt, fit_temperature, fit_threshold
from ipt_nlp.model.config import HeadGroup, TaggerConfig
from ipt_nlp.model.engine import Engine
from ipt_nlp.model.scoring import Scorer
from ipt_nlp.model.tagger import SessionTagger

# Fewer coded turns than this say nothing of an exclusive group's temperature, nor of what to accept unseen.
FEWEST_TURNS = 200
NEW_THRESHOLD = 0.4
AS_IT_IS = [1.0, 0.0]


def recalibrate(
    tagger: SessionTagger, held_out: Sequence[CodedTranscript], codes: Codes, work: Path
) -> tuple[str, ...]:
    """Fit calibration and thresholds anew where ``held_out`` has enough; returns the labels they were fitted for.

    A label with fewer than eight positives there keeps what the tagger came with; a new one gets its raw probability
    and a threshold of 0.4.
    """
    heads = [head for head in tagger.config.heads if not head.auxiliary]
    for head in heads:
        _complete(tagger.config, head)
    if not held_out:
        return ()
    tagger.save_pretrained(work)
    scorer = Scorer.load(work, "calibration", Engine("float32"))
    logits = scorer.turn_logits([texts_and_speakers(t) for t in held_out])
    fitted: list[str] = []
    for head in heads:
        targets, scores = coded_turns(head, held_out, [x[head.name] for x in logits], codes)
        fitted += _fit(tagger.config, head, scores, targets)
    return tuple(fitted)


def _complete(config: TaggerConfig, head: HeadGroup) -> None:
    pairs = config.calibration.setdefault(head.name, {})
    for label in head.labels:
        # One slope for all labels of an exclusive group.
        known = next(iter(pairs.values()), AS_IT_IS) if head.exclusive else AS_IT_IS
        pairs.setdefault(label, list(known))
        config.thresholds.setdefault(label, NEW_THRESHOLD)


def _fit(
    config: TaggerConfig, head: HeadGroup, scores: np.ndarray[Any, Any], targets: np.ndarray[Any, Any]
) -> list[str]:
    pairs = config.calibration[head.name]
    positives = np.nansum(targets, axis=0)
    enough = [c for c in range(len(head.labels)) if FEWEST_POSITIVES <= positives[c] <= len(targets) - FEWEST_POSITIVES]
    if head.exclusive:
        enough = list(range(len(head.labels))) if len(targets) >= FEWEST_TURNS else []
        slope = fit_temperature(scores, targets) if enough else 1.0
        pairs |= {head.labels[c]: [round(slope, 4), 0.0] for c in enough}
    else:
        for c in enough:
            pairs[head.labels[c]] = [round(x, 4) for x in fit_platt(scores[:, c], targets[:, c])]
    parameters = np.array([pairs[label] for label in head.labels])
    probabilities = calibrate(scores, parameters, exclusive=head.exclusive)
    for c in enough:
        config.thresholds[head.labels[c]] = round(fit_threshold(probabilities[:, c], targets[:, c]), 3)
    if len(targets) >= FEWEST_TURNS:
        limits = np.array([config.thresholds[label] for label in head.labels])
        given = labels_given(probabilities, limits, exclusive=head.exclusive)
        right = (np.isnan(targets) | (given == (targets > 0))).all(axis=1)
        config.accept_from[head.name] = round(fit_acceptance(turn_confidence(probabilities, given), right), 4)
    return [head.labels[c] for c in enough]
