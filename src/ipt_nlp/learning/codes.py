"""Which labels a coding could give: a codebook grows, and what was coded before a label existed says nothing of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import IptNlpError
from ipt_nlp.model.config import HeadGroup

# Group -> labels.
LabelsOf = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Codes:
    """The labels of each version of a codebook.

    Attributes:
        versions: ref -> labels, for the versions that are kept.
        base: labels of every other version: those by which the base corpus was coded.
    """

    versions: Mapping[str, frozenset[str]]
    base: frozenset[str]

    def could_give(self, ref: str, label: str) -> bool:
        """Whether a coding under the codebook ``ref`` says something of ``label``, given or not."""
        return label in self.versions.get(ref, self.base)

    def own(self, heads: Sequence[HeadGroup]) -> LabelsOf:
        """The labels that the base corpus was coded without, by group."""
        lacking = {h.name: tuple(x for x in h.labels if x not in self.base) for h in heads if not h.auxiliary}
        return {group: labels for group, labels in lacking.items() if labels}


def base_labels(codebook: str, known: Sequence[HeadGroup]) -> frozenset[str]:
    """The labels of ``codebook``, by name or path; where it is not at hand, those that the champion knows."""
    try:
        return frozenset(Codebook.load(codebook).by_name)
    except IptNlpError:
        return frozenset(label for head in known for label in head.labels)
