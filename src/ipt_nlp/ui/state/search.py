"""Finding turns, and taking them away as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

from ipt_nlp.codebook import Codebook
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.search import Hit, Query
from ipt_nlp.store.values import AnnotationEvent, Item, User
from ipt_nlp.ui.state.blind import kept_back, others_kept_back
from ipt_nlp.ui.state.desk import histories
from ipt_nlp.ui.state.people import is_leading

COLUMNS = ("Session", "Turn", "Speaker", "Text", "Codes", "Confidence", "Given by", "Codebook")


def coders(store: AnnotationStore, actor: User) -> list[str]:
    """The coders whose codes ``actor`` may search: all for those who lead, else their own."""
    return sorted({actor.name, *store.events.counts()}) if is_leading(actor) else [actor.name]


def found(store: AnnotationStore, actor: User, query: Query, *, blind: bool = False) -> tuple[Hit, ...]:
    """The hits that ``actor`` may see: what is kept back from them as a coder shows no code here either.

    Args:
        blind: keep back what the model says of all turns that the actor has not coded.
    """
    hits = store.search.find(actor, query)
    if query.coder == actor.name:
        return hits
    mine = histories(store, actor)
    frozen = store.search.frozen()
    kept = []
    for hit in hits:
        item = (hit.transcript_id, hit.utterance_id)
        if not _hidden(item, mine.get(item, ()), query, blind=blind, frozen=hit.transcript_id in frozen):
            kept.append(hit)
        elif not query.label:
            kept.append(replace(hit, labels={}, scores={}, codebook=""))
    return tuple(kept)


def _hidden(item: Item, events: Sequence[AnnotationEvent], query: Query, *, blind: bool, frozen: bool) -> bool:
    if query.coder is not None:
        return others_kept_back(item, events, frozen=frozen)
    return kept_back(item, events, blind=blind, frozen=frozen) != "no"


def rows(hits: Sequence[Hit], codebook: Codebook, label: str) -> dict[str, list[str | int | None]]:
    """Columns for the table of hits; the confidence is that of ``label``, else of the surest code."""
    cells = [
        (
            hit.transcript_id,
            hit.position + 1,
            hit.speaker,
            hit.text,
            ", ".join(_title(codebook, x) for given in hit.labels.values() for x in given),
            confidence(hit, label),
            hit.coder or ("the model" if hit.scores else ""),
            hit.codebook,
        )
        for hit in hits
    ]
    return {name: [cell[n] for cell in cells] for n, name in enumerate(COLUMNS)}


def confidence(hit: Hit, label: str) -> int | None:
    """Per cent, or None where no model has given a score."""
    given = [x for labels in hit.labels.values() for x in labels if x in hit.scores]
    if label:
        given = [label] if label in hit.scores else []
    return round(100 * max(hit.scores[x] for x in given)) if given else None


def as_csv(hits: Sequence[Hit], codebook: Codebook, label: str) -> bytes:
    """The table as CSV with a BOM, so that spreadsheets read it as UTF-8."""
    table = rows(hits, codebook, label)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for cells in zip(*table.values(), strict=True):
        writer.writerow([_inert(cell) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def _inert(cell: str | int | None) -> str | int | None:
    """A spreadsheet runs what begins like a formula; a quote before it makes it text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _title(codebook: Codebook, label: str) -> str:
    return codebook.by_name[label].title if label in codebook.by_name else label
