"""The reviewed corpus, as annotations with their transcripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from ipt_nlp.annotation import Annotation, Mode
from ipt_nlp.store.canonical import tuples, utterance_id_of
from ipt_nlp.store.database import Database
from ipt_nlp.store.events import newest_events
from ipt_nlp.store.schema import adjudications, events
from ipt_nlp.store.transcripts import all_details, load
from ipt_nlp.store.values import ReviewedTranscript, SessionDetails


def reviewed(database: Database) -> Iterator[ReviewedTranscript]:
    """Each transcript that somebody has coded, by id; utterances that nobody has coded are context."""
    coded = select(events.c.transcript_id).where(events.c.labels.is_not(None))
    either = coded.union(select(adjudications.c.transcript_id)).subquery()
    with database.reading() as connection:
        names = sorted(connection.scalars(select(either.c.transcript_id)))
    for name in names:
        with database.reading() as connection:
            found = _reviewed(connection, name)
        if found.annotations:
            yield found


def _reviewed(connection: Connection, transcript_id: str) -> ReviewedTranscript:
    transcript = load(connection, transcript_id)
    order = {utterance.utterance_id: n for n, utterance in enumerate(transcript.utterances)}
    coded = newest_events(events.c.transcript_id == transcript_id).where(events.c.labels.is_not(None))
    newest = select(func.max(adjudications.c.adjudication_id)).group_by(
        adjudications.c.transcript_id, adjudications.c.utterance_id
    )
    decisions = select(adjudications).where(
        adjudications.c.transcript_id == transcript_id, adjudications.c.adjudication_id.in_(newest)
    )
    found = [_coded(row) for row in connection.execute(coded)]
    codings = select(events.c.event_id, events.c.coder, events.c.mode).where(events.c.transcript_id == transcript_id)
    made = {row.event_id: (row.coder, row.mode) for row in connection.execute(codings)}
    found += [_adjudicated(row, made) for row in connection.execute(decisions)]
    found.sort(key=lambda a: (order[a.utterance_id], a.adjudicated, a.coder))
    details = all_details(connection, transcript_id).get(transcript_id, SessionDetails())
    return ReviewedTranscript(transcript, details, tuple(found))


def _coded(row: Row[Any]) -> Annotation:
    return Annotation(
        transcript_id=row.transcript_id,
        utterance_id=utterance_id_of(row.utterance_id),
        coder=row.coder,
        labels=tuples(row.labels),
        sure=row.sure,
        mode=row.mode,
        coded_at=row.created_at,
        evidence=tuples(row.evidence),
        codebook=row.codebook,
    )


def _adjudicated(row: Row[Any], made: Mapping[int, tuple[str, Mode]]) -> Annotation:
    return Annotation(
        transcript_id=row.transcript_id,
        utterance_id=utterance_id_of(row.utterance_id),
        coder=row.adjudicator,
        labels=tuples(row.labels),
        sure=row.confidence != "low",
        mode=_mode([made[number] for number in json.loads(row.events)]),
        coded_at=row.created_at,
        adjudicated=True,
        codebook=row.codebook,
    )


def _mode(codings: Sequence[tuple[str, Mode]]) -> Mode:
    """Blind, if it was decided between people of whom none had seen a suggestion. A model has no event to name."""
    people = {coder for coder, _ in codings}
    return "blind" if len(people) > 1 and all(mode == "blind" for _, mode in codings) else "assisted"
