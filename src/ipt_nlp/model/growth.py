"""A tagger that starts from another one: the labels that both know start from what was learned."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ipt_nlp.codebook import Codebook
from ipt_nlp.model.base import load_encoder
from ipt_nlp.model.config import HeadGroup, TaggerConfig, head_groups
from ipt_nlp.model.tagger import SessionTagger, read_config


def grown_heads(known: tuple[HeadGroup, ...], codebook: Codebook, used: Collection[str]) -> tuple[HeadGroup, ...]:
    """``known`` with those labels of ``codebook`` that they lack and that are ``used``, each at the end of its group.

    New groups come last. No head loses a label, not even one that the codebook has dropped.
    """
    wanted = {head.name: head for head in (_ready(head, used) for head in head_groups(codebook)) if head.labels}
    heads = [_joined(head, wanted.pop(head.name, None)) for head in known]
    return (*heads, *wanted.values())


def new_labels(known: tuple[HeadGroup, ...], heads: tuple[HeadGroup, ...]) -> dict[str, tuple[str, ...]]:
    """Group -> labels of ``heads`` that ``known`` lacks."""
    before = {(head.name, label) for head in known for label in head.labels}
    fresh = {head.name: tuple(x for x in head.labels if (head.name, x) not in before) for head in heads}
    return {group: labels for group, labels in fresh.items() if labels}


def grown(
    folder: Path, heads: tuple[HeadGroup, ...], odds: Mapping[str, float], codebook: str, version: str
) -> SessionTagger:
    """The model in ``folder``, with ``heads``; a new label's row starts from zero and its bias from ``odds``.

    Args:
        odds: new label -> log odds of a turn having it.
        codebook, version: what the new model is to say of itself.

    Raises:
        ModelError: the folder is incomplete or damaged.
    """
    old = SessionTagger.from_pretrained(folder)
    config = read_config(folder)
    config.groups = TaggerConfig.groups_from(heads)
    config.codebook, config.version = codebook, version
    tagger = SessionTagger(config, load_encoder(config.base, config.base_sha256))
    state = old.trained_state()
    before = {head.name: head.labels for head in old.config.heads}
    for head in heads:
        for part in ("weight", "bias"):
            name = f"heads.{head.name}.{part}"
            start = torch.zeros_like(tagger.get_parameter(name))
            state[name] = _rows(start, state.get(name), head.labels, before.get(head.name, ()), odds)
    tagger.load_state_dict(state, strict=False)
    return tagger


def set_row(tagger: SessionTagger, head: HeadGroup, label: str, weights: NDArray[np.float64], bias: float) -> None:
    """Replace what the head goes by for ``label``: ``weights`` [hidden]."""
    row = head.labels.index(label)
    with torch.no_grad():
        tagger.get_parameter(f"heads.{head.name}.weight")[row] = torch.from_numpy(weights)
        tagger.get_parameter(f"heads.{head.name}.bias")[row] = bias


def _ready(head: HeadGroup, used: Collection[str]) -> HeadGroup:
    """``head`` with the labels that are used; an exclusive group stands or falls as a whole."""
    found = tuple(label for label in head.labels if label in used)
    return replace(head, labels=head.labels if head.exclusive and found else found)


def _joined(head: HeadGroup, wanted: HeadGroup | None) -> HeadGroup:
    if wanted is None or head.auxiliary:
        return head
    more = tuple(label for label in wanted.labels if label not in head.labels)
    return HeadGroup(head.name, head.labels + more, head.speaker, head.exclusive)


def _rows(
    start: Tensor, known: Tensor | None, labels: tuple[str, ...], before: tuple[str, ...], odds: Mapping[str, float]
) -> Tensor:
    """The rows of a head, by label."""
    for row, label in enumerate(labels):
        if known is not None and label in before:
            start[row] = known[before.index(label)]
        elif start.dim() == 1:
            start[row] = odds.get(label, 0.0)
    return start
