"""From annotations to the arrays a tagger learns from and is measured against."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ipt_nlp.annotation import Annotation
from ipt_nlp.learning.codes import Codes
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.transcript import Utterance

Array = NDArray[np.float32]


class Group(Protocol):
    """What a label group must tell; codebook groups with their labels and heads both do."""

    @property
    def name(self) -> str: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    def applies_to(self, speaker: Any, /) -> bool: ...


def soft_targets(
    coded: CodedTranscript, group: Group, unsure_weight: float, codes: Codes | None = None
) -> tuple[Array, Array]:
    """Targets [turn, label] and weights [turn] of one group: the mean over the coders of a turn.

    A turn that nobody coded in this group, or whose speaker it does not apply to, has weight 0. A target is nan where
    none of the coders could give the label; without ``codes``, all of them could.
    """
    utterances = coded.transcript.utterances
    targets = np.zeros((len(utterances), len(group.labels)), np.float32)
    weights = np.zeros(len(utterances), np.float32)
    for row, utterance in enumerate(utterances):
        found = _of_group(coded, utterance, group)
        if found:
            targets[row] = _mean_of_known(np.array([_binary(a, group, codes) for a in found]))
            weights[row] = np.mean([1.0 if a.sure else unsure_weight for a in found])
    return targets, weights


def gold_targets(coded: CodedTranscript, group: Group, codes: Codes | None = None) -> tuple[Array, NDArray[np.bool_]]:
    """0/1 targets [turn, label] by the first coder of each turn, and which turns [turn] are coded at all.

    A target is nan where that coder could not give the label; without ``codes``, they could give all.
    """
    utterances = coded.transcript.utterances
    targets = np.zeros((len(utterances), len(group.labels)), np.float32)
    coded_at_all = np.zeros(len(utterances), np.bool_)
    for row, utterance in enumerate(utterances):
        found = _of_group(coded, utterance, group)
        if found:
            targets[row], coded_at_all[row] = _binary(found[0], group, codes), True
    return targets, coded_at_all


def _of_group(coded: CodedTranscript, utterance: Utterance, group: Group) -> list[Annotation]:
    if not group.applies_to(utterance.speaker):
        return []
    return [a for a in coded.annotations.get(utterance.utterance_id, ()) if group.name in a.labels]


def _binary(annotation: Annotation, group: Group, codes: Codes | None) -> Array:
    given = annotation.labels[group.name]
    silent = [codes is not None and not codes.could_give(annotation.codebook, label) for label in group.labels]
    values = [1.0 if x in given else np.nan if s else 0.0 for x, s in zip(group.labels, silent, strict=True)]
    return np.array(values, np.float32)


def _mean_of_known(values: Array) -> Array:
    """The mean [label] over coders; nan where nothing is known."""
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0).sum(axis=0), known.sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(len(count), np.nan, np.float32), where=count > 0))
