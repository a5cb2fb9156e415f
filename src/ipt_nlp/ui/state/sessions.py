"""The list of sessions, and one of them as a page to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ipt_nlp.annotation import Prediction
from ipt_nlp.codebook import Codebook
from ipt_nlp.report.html import render
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import Item, TranscriptFilter, TranscriptRow, User
from ipt_nlp.ui.state.blind import kept_back
from ipt_nlp.ui.state.desk import catch_up
from ipt_nlp.ui.state.turns import Material

COLUMNS = ("Session", "Date", "Therapist", "Client", "Number", "Phase", "Turns", "Reviewed", "Flags", "Model")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the person asks of the list."""

    search: str = ""
    state: str = "all"
    flagged: bool = False


STATES = {"all": (0.0, 1.0), "not begun": (0.0, 0.0), "begun": (1e-9, 1 - 1e-9), "done": (1.0, 1.0)}


def listed(store: AnnotationStore, wanted: Wanted) -> tuple[TranscriptRow, ...]:
    """The sessions that meet ``wanted``."""
    lowest, highest = STATES[wanted.state]
    asked = TranscriptFilter(
        search=wanted.search.strip(),
        reviewed_from=lowest,
        reviewed_to=highest,
        flagged=True if wanted.flagged else None,
    )
    return store.transcripts.list(asked)


def table(rows: Sequence[TranscriptRow]) -> dict[str, list[Any]]:
    """Columns for the list."""
    cells = [
        (
            row.transcript_id,
            row.details.date,
            row.details.therapist,
            row.details.client,
            row.details.session_number,
            row.details.phase,
            row.turns,
            round(100 * row.reviewed_share),
            row.flagged,
            short_model(row.model),
        )
        for row in rows
    ]
    return {name: [cell[n] for cell in cells] for n, name in enumerate(COLUMNS)}


def short_model(ref: str | None) -> str:
    """A model's name and version without the digest, which no table has room for."""
    return (ref or "not tagged").split("+")[0]


def reading_page(store: AnnotationStore, actor: User, material: Material) -> str:
    """The session as an HTML page. It shows no tag that is kept back from ``actor`` as a coder."""
    shown, kept = set(tagged(store, actor, material)), []
    for utterance in material.transcript.utterances:
        key = utterance.utterance_id
        prediction = material.predictions.get(key) or _nothing(material, key)
        if (material.transcript.transcript_id, key) not in shown:
            prediction = replace(prediction, labels={}, evidence={}, needs_review=False)
        kept.append(_known_labels(prediction, material.codebook))
    return render([(material.transcript, kept)], material.codebook)


def tagged(store: AnnotationStore, actor: User, material: Material) -> list[Item]:
    """The turns of a session of which its page shows what the model says."""
    name = material.transcript.transcript_id
    history = catch_up(store, actor, name).history
    return [
        (name, key)
        for key in material.predictions
        if kept_back((name, key), history.get(key, ()), blind=False, frozen=material.frozen) == "no"
    ]


def _nothing(material: Material, key: int | str) -> Prediction:
    return Prediction(
        material.transcript.transcript_id, key, {}, {}, {}, (), needs_review=False, model="none", codebook=""
    )


def _known_labels(prediction: Prediction, codebook: Codebook) -> Prediction:
    """``prediction`` without labels that the codebook in use does not have."""
    labels = {g: tuple(x for x in given if x in codebook.by_name) for g, given in prediction.labels.items()}
    return replace(prediction, labels=labels)
