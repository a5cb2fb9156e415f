"""Counts of labels over annotated transcripts: what the terminal and the report show first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ipt_nlp.annotation import Prediction
from ipt_nlp.codebook import Codebook
from ipt_nlp.transcript import Role, Transcript


@dataclass(slots=True)
class Summary:
    """Running counts; ``add`` takes one annotated transcript at a time."""

    transcripts: int = 0
    turns: Counter[Role] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    review: int = 0
    model: str = ""

    def add(self, transcript: Transcript, predictions: Sequence[Prediction]) -> None:
        self.transcripts += 1
        self.turns.update(utterance.speaker for utterance in transcript.utterances)
        for prediction in predictions:
            self.labels.update(label for labels in prediction.labels.values() for label in labels)
            self.review += prediction.needs_review
            self.model = prediction.model

    @property
    def all_turns(self) -> int:
        return self.turns.total()

    def base(self, codebook: Codebook, group: str) -> int:
        """The number of turns that ``group`` applies to: what a label's share is a share of."""
        speaker = next(g.speaker for g in codebook.groups if g.name == group)
        return self.all_turns if speaker == "any" else self.turns[speaker]

    def rows(self, codebook: Codebook, group: str) -> list[tuple[str, int, float]]:
        """(label, count, share of the turns the group applies to) of the labels that occur, most frequent first."""
        base = max(self.base(codebook, group), 1)
        counted = [(label, self.labels[label]) for label in codebook.labels_of(group) if self.labels[label]]
        return [(label, n, n / base) for label, n in sorted(counted, key=lambda row: -row[1])]

    def as_dict(self, codebook: Codebook) -> dict[str, object]:
        """The summary as plain values."""
        return {
            "transcripts": self.transcripts,
            "turns": {role: self.turns[role] for role in sorted(self.turns)},
            "needs_review": self.review,
            "labels": {
                group.name: {
                    label: {"n": n, "share": round(share, 4)} for label, n, share in self.rows(codebook, group.name)
                }
                for group in codebook.groups
            },
            "model": self.model,
            "codebook": codebook.ref,
        }
