"""One turn as it is reviewed: what the model suggests, what the coder has said, what of it may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ipt_nlp.annotation import Mode, Offsets, Prediction
from ipt_nlp.codebook import Codebook, LabelGroup
from ipt_nlp.store.values import AnnotationEvent
from ipt_nlp.transcript import ROLES, Role, Transcript, Utterance, UtteranceId
from ipt_nlp.ui.state.blind import Kept

Labels = dict[str, tuple[str, ...]]

# Labels that were not given but come near are shown with their score; more than two would be noise.
CONSIDERED_FROM = 0.2
CONSIDERED_MOST = 2


@dataclass(frozen=True)
class Material:
    """A session with the newest predictions on it and the codebook in use."""

    transcript: Transcript
    predictions: Mapping[UtteranceId, Prediction]
    codebook: Codebook

    @property
    def frozen(self) -> bool:
        """Whether the session is only ever measured on."""
        return self.transcript.metadata.get("frozen", "") == "true"

    @cached_property
    def places(self) -> dict[UtteranceId, int]:
        return {utterance.utterance_id: place for place, utterance in enumerate(self.transcript.utterances)}

    @cached_property
    def codable(self) -> tuple[UtteranceId, ...]:
        """The turns whose speaker is coded in some group of the codebook."""
        coded = {speaker for speaker in ROLES if self.groups(speaker)}
        return tuple(u.utterance_id for u in self.transcript.utterances if u.speaker in coded)

    def groups(self, speaker: Role) -> tuple[LabelGroup, ...]:
        """The groups that turns of ``speaker`` are coded in."""
        return tuple(group for group in self.codebook.groups if group.applies_to(speaker))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A label that the model gives, or that it nearly gives. ``score`` is None for one that rests on a cue alone."""

    label: str
    score: float | None
    evidence: tuple[Offsets, ...]
    given: bool = True


@dataclass(frozen=True, slots=True)
class TurnView:
    """What the page shows of a turn.

    Attributes:
        suggestions: empty while they are hidden.
        chosen: group -> labels that Enter saves: the coder's, else the suggested ones.
        kept: whether the suggestions are kept back.
    """

    utterance: Utterance
    place: int
    groups: tuple[LabelGroup, ...]
    prediction: Prediction | None
    suggestions: tuple[Suggestion, ...]
    event: AnnotationEvent | None
    chosen: Labels
    kept: Kept = "no"

    @property
    def hidden(self) -> bool:
        return self.kept != "no"

    @property
    def in_view(self) -> bool:
        """Whether the page shows what the model says, be it that there is no code."""
        return not self.hidden and self.prediction is not None

    @property
    def mode(self) -> Mode:
        """How the turn is coded now, as far as this page goes; the store knows of others (``state.glimpses``)."""
        return "assisted" if self.in_view else "blind"

    @property
    def base_event(self) -> int | None:
        return self.event.event_id if self.event else None

    @property
    def coded(self) -> bool:
        return self.event is not None and self.event.labels is not None

    @property
    def labels(self) -> tuple[str, ...]:
        """The chosen labels of all groups."""
        return tuple(label for labels in self.chosen.values() for label in labels)


def suggested(prediction: Prediction | None, codebook: Codebook, groups: tuple[LabelGroup, ...]) -> list[Suggestion]:
    """The labels given, by group and best first; then those whose cue phrases occur; then those that come near."""
    if prediction is None:
        return []
    wanted = {label for group in groups for label in codebook.labels_of(group.name)}
    given = [label for labels in prediction.labels.values() for label in labels if label in wanted]
    found = [Suggestion(x, prediction.scores.get(x), tuple(prediction.evidence.get(x, ()))) for x in given]
    cued: dict[str, list[Offsets]] = {}
    for label, start, stop in prediction.cues:
        # The model has learned the labels it has scores for; a cue says more than it only for the others.
        if label in wanted and label not in prediction.scores:
            cued.setdefault(label, []).append((start, stop))
    found += [Suggestion(label, None, tuple(spans)) for label, spans in cued.items()]
    near = sorted(
        (x for x in wanted - set(given) if prediction.scores.get(x, 0) >= CONSIDERED_FROM),
        key=lambda x: -prediction.scores[x],
    )
    return found + [Suggestion(x, prediction.scores[x], (), given=False) for x in near[:CONSIDERED_MOST]]


def by_group(labels: tuple[str, ...] | list[str], codebook: Codebook, groups: tuple[LabelGroup, ...]) -> Labels:
    """``labels`` under their groups, in the order of the codebook."""
    return {group.name: tuple(x for x in codebook.labels_of(group.name) if x in labels) for group in groups}


def look(material: Material, event: AnnotationEvent | None, place: int, *, kept: Kept = "no") -> TurnView:
    """The turn at ``place`` with the coder's newest event on it."""
    utterance = material.transcript.utterances[place]
    groups = material.groups(utterance.speaker)
    prediction = material.predictions.get(utterance.utterance_id)
    shown = () if kept != "no" else tuple(suggested(prediction, material.codebook, groups))
    if event is not None and event.labels is not None:
        said = [label for labels in event.labels.values() for label in labels]
    else:
        said = [suggestion.label for suggestion in shown if suggestion.given]
    chosen = by_group(said, material.codebook, groups)
    return TurnView(utterance, place, groups, prediction, shown, event, chosen, kept)


def toggled(view: TurnView, label: str, codebook: Codebook) -> Labels:
    """The chosen labels with ``label`` put in, or taken out; in an exclusive group it stands alone."""
    group = next(group for group in view.groups if label in codebook.labels_of(group.name))
    there = view.chosen[group.name]
    put_in = (label,) if group.exclusive else (*there, label)
    kept = put_in if label not in there else tuple(x for x in there if x != label)
    ordered = tuple(x for x in codebook.labels_of(group.name) if x in kept)
    return {**view.chosen, group.name: ordered}
