"""Annotated sessions as one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ipt_nlp.annotation import Offsets, Prediction
from ipt_nlp.codebook import Codebook
from ipt_nlp.summary import Summary
from ipt_nlp.transcript import Transcript, Utterance

Session = tuple[Transcript, Sequence[Prediction]]


@dataclass(frozen=True, slots=True)
class Tag:
    """A label on a turn, as shown."""

    name: str
    title: str
    kind: str
    percent: int
    definition: str


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text with the labels it is evidence of."""

    text: str
    labels: str
    kind: str


@dataclass(frozen=True, slots=True)
class Turn:
    anchor: str
    number: str
    speaker: str
    time: str
    tags: tuple[Tag, ...]
    parts: tuple[Part, ...]
    needs_review: bool


def render(sessions: Sequence[Session], codebook: Codebook) -> str:
    """The page. Text is escaped; nothing in it is interpreted, loaded or sent."""
    environment = Environment(loader=PackageLoader("ipt_nlp", "report"), autoescape=True, undefined=StrictUndefined)
    shown: list[dict[str, Any]] = []
    for number, (transcript, predictions) in enumerate(sessions, 1):
        summary = Summary()
        summary.add(transcript, predictions)
        pairs = zip(transcript.utterances, predictions, strict=True)
        shown.append(
            {
                "name": transcript.transcript_id,
                "id": f"s{number}",
                "summary": summary,
                "groups": [_group(summary, codebook, group.name, group.title) for group in codebook.groups],
                "turns": [_turn(f"s{number}", u, p, codebook) for u, p in pairs],
            }
        )
    template = environment.get_template("session.html.j2")
    return template.render(sessions=shown, codebook=codebook, model=shown[0]["summary"].model)


def _group(summary: Summary, codebook: Codebook, name: str, title: str) -> dict[str, object]:
    rows = [
        (_tag(codebook, label, share), count, f"{share:.0%}") for label, count, share in summary.rows(codebook, name)
    ]
    return {"title": title, "base": summary.base(codebook, name), "rows": rows}


def _turn(session: str, utterance: Utterance, prediction: Prediction, codebook: Codebook) -> Turn:
    labels = [label for given in prediction.labels.values() for label in given]
    return Turn(
        anchor=f"{session}u{utterance.utterance_id}",
        number=str(utterance.utterance_id),
        speaker=utterance.speaker,
        time=_clock(utterance.start_s),
        tags=tuple(_tag(codebook, label, prediction.scores[label]) for label in labels),
        parts=tuple(_parts(utterance.text, {x: prediction.evidence.get(x, ()) for x in labels}, codebook)),
        needs_review=prediction.needs_review,
    )


def _tag(codebook: Codebook, label: str, share: float) -> Tag:
    entry = codebook.by_name[label]
    return Tag(label, entry.title, _kind(codebook, label), round(100 * share), entry.definition)


def _kind(codebook: Codebook, label: str) -> str:
    """The family of a label, or its group where it has none: what its colour stands for."""
    return codebook.by_name[label].family or codebook.by_name[label].group


def _parts(text: str, evidence: dict[str, Sequence[Offsets]], codebook: Codebook) -> list[Part]:
    """``text`` cut where evidence begins or ends; the first label of a stretch gives its colour."""
    edges = sorted({0, len(text), *(edge for spans in evidence.values() for span in spans for edge in span)})
    parts = []
    for start, stop in pairwise(edges):
        inside = [label for label, spans in evidence.items() if any(a <= start and stop <= b for a, b in spans)]
        titles = ", ".join(codebook.by_name[label].title for label in inside)
        parts.append(Part(text[start:stop], titles, _kind(codebook, inside[0]) if inside else ""))
    return parts


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return ""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
