"""Transcripts, as they were imported, and what is known of their sessions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from ipt_nlp.errors import StoreError
from ipt_nlp.store import audit, schema
from ipt_nlp.store.canonical import finite, storable, to_json, utterance_id_of, utterance_key
from ipt_nlp.store.database import Database
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import transcripts, utterances
from ipt_nlp.store.values import AddResult, SessionDetails, TranscriptFilter, TranscriptRow, User
from ipt_nlp.transcript import Transcript, Utterance, UtteranceId


@dataclass(frozen=True, slots=True)
class Transcripts:
    """The sessions. None is ever changed or taken away."""

    database: Database

    def add(self, actor: User, transcript: Transcript, details: SessionDetails | None = None) -> AddResult:
        """Store a transcript, unless its content or its id is there already.

        Raises:
            StoreError: it has no id or no turn, or holds what a database cannot keep.
        """
        transcript = _normal(transcript)
        digest = transcript.digest()
        with self.database.transaction() as t:
            authorise(t.connection, actor, "transcript.add")
            same = t.connection.scalar(select(transcripts.c.transcript_id).where(transcripts.c.digest == digest))
            if same is not None:
                return AddResult(transcript.transcript_id, "same", same)
            if _row(t.connection, transcript.transcript_id) is not None:
                return AddResult(transcript.transcript_id, "differs", transcript.transcript_id)
            row = {
                "transcript_id": transcript.transcript_id,
                "digest": digest,
                "turns": len(transcript.utterances),
                "metadata": to_json(dict(transcript.metadata)),
                "created_by": actor.name,
                "created_at": t.now,
            }
            audit.append(t, transcripts, row, actor.name, "transcript.add", {"transcript": transcript.transcript_id})
            t.connection.execute(insert(utterances), _utterance_rows(transcript))
            if details is not None:
                self.describe(actor, transcript.transcript_id, details)
        return AddResult(transcript.transcript_id, "added", transcript.transcript_id)

    def describe(self, actor: User, transcript_id: str, details: SessionDetails) -> None:
        """Say what is known of a session; the newest description counts, the earlier ones stay.

        Raises:
            StoreError: there is no such transcript.
        """
        row: dict[str, Any] = asdict(details)
        for name, value in row.items():
            if isinstance(value, str):
                storable(value, f"the {name} of {transcript_id!r}")
        with self.database.transaction() as t:
            authorise(t.connection, actor, "transcript.describe")
            require(t.connection, transcript_id)
            row = {"transcript_id": transcript_id, **row, "created_by": actor.name, "created_at": t.now}
            audit.append(t, schema.details, row, actor.name, "transcript.describe", {"transcript": transcript_id})

    def get(self, transcript_id: str) -> Transcript:
        """The transcript as it was imported.

        Raises:
            StoreError: there is no such transcript.
        """
        with self.database.reading() as connection:
            return load(connection, transcript_id)

    def details(self, transcript_id: str) -> SessionDetails:
        """What is known of a session; empty where nobody has said anything."""
        with self.database.reading() as connection:
            require(connection, transcript_id)
            return all_details(connection, transcript_id).get(transcript_id, SessionDetails())

    def list(self, wanted: TranscriptFilter | None = None) -> tuple[TranscriptRow, ...]:
        """Light rows by id, without a turn's text."""
        wanted = wanted or TranscriptFilter()
        with self.database.reading() as connection:
            rows = _list(connection)
        # Databases sort text by rules of their own.
        return tuple(sorted((row for row in rows if _wanted(row, wanted)), key=lambda row: row.transcript_id))


def _list(connection: Connection) -> list[TranscriptRow]:
    described = all_details(connection)
    reviewed = _counts(connection, schema.events.c.labels.is_not(None))
    flagged = _counts(connection, schema.events.c.flagged.is_(True))
    models = _newest_models(connection)
    rows = connection.execute(select(transcripts))
    return [
        TranscriptRow(
            row.transcript_id,
            described.get(row.transcript_id, SessionDetails()),
            row.turns,
            reviewed.get(row.transcript_id, 0),
            flagged.get(row.transcript_id, 0),
            models.get(row.transcript_id),
            row.created_at,
        )
        for row in rows
    ]


def _counts(connection: Connection, condition: Any) -> dict[str, int]:
    """Transcript -> utterances with an event that is its coder's newest there and meets ``condition``."""
    event = schema.events.c
    newest = select(func.max(event.event_id)).group_by(event.transcript_id, event.utterance_id, event.coder)
    query = (
        select(event.transcript_id, func.count(event.utterance_id.distinct()).label("turns"))
        .where(event.event_id.in_(newest), condition)
        .group_by(event.transcript_id)
    )
    return {row.transcript_id: row.turns for row in connection.execute(query)}


def _newest_models(connection: Connection) -> dict[str, str]:
    batch = schema.batches.c
    newest = select(func.max(batch.batch_id)).group_by(batch.transcript_id)
    query = select(batch.transcript_id, batch.model).where(batch.batch_id.in_(newest))
    return {row.transcript_id: row.model for row in connection.execute(query)}


def all_details(connection: Connection, transcript_id: str | None = None) -> dict[str, SessionDetails]:
    """Transcript -> its newest details; of one transcript if asked for."""
    column = schema.details.c
    newest = select(func.max(column.detail_id)).group_by(column.transcript_id)
    query = select(schema.details).where(column.detail_id.in_(newest))
    if transcript_id is not None:
        query = query.where(column.transcript_id == transcript_id)
    return {
        row.transcript_id: SessionDetails(
            date=row.date,
            therapist=row.therapist,
            client=row.client,
            session_number=row.session_number,
            phase=row.phase,
        )
        for row in connection.execute(query)
    }


def _wanted(row: TranscriptRow, wanted: TranscriptFilter) -> bool:
    known = row.details
    searched = "\n".join((row.transcript_id, known.date, known.therapist, known.client, known.phase)).casefold()
    return (
        wanted.search.casefold() in searched
        and wanted.reviewed_from <= row.reviewed_share <= wanted.reviewed_to
        and (wanted.model is None or row.model == wanted.model)
        and (wanted.flagged is None or (row.flagged > 0) == wanted.flagged)
    )


def _normal(transcript: Transcript) -> Transcript:
    """Times as floats, so that what comes out of a database has the digest of what went in."""
    name = storable(transcript.transcript_id, "the id of a transcript")
    if not name.strip() or not transcript.utterances:
        raise StoreError(f"transcript {name!r} has no {'turn' if name.strip() else 'id'}. There is nothing to store.")
    kept = []
    for utterance in transcript.utterances:
        where = f"transcript {name!r} utterance {utterance.utterance_id!r}"
        storable(utterance.text, where)
        start, end = finite(utterance.start_s, where), finite(utterance.end_s, where)
        kept.append(replace(utterance, start_s=start, end_s=end))
    return replace(transcript, utterances=tuple(kept))


def _utterance_rows(transcript: Transcript) -> list[dict[str, Any]]:
    return [
        {
            "transcript_id": transcript.transcript_id,
            "utterance_id": utterance_key(utterance.utterance_id),
            "position": position,
            "speaker": utterance.speaker,
            "text": utterance.text,
            "start_s": utterance.start_s,
            "end_s": utterance.end_s,
        }
        for position, utterance in enumerate(transcript.utterances)
    ]


def _row(connection: Connection, transcript_id: str) -> Row[Any] | None:
    return connection.execute(select(transcripts).where(transcripts.c.transcript_id == transcript_id)).one_or_none()


def require(connection: Connection, transcript_id: str) -> Row[Any]:
    """The row of a transcript.

    Raises:
        StoreError: there is no such transcript.
    """
    row = _row(connection, transcript_id)
    if row is None:
        raise StoreError(f"there is no transcript {transcript_id!r} in the store. Run: ipt-nlp import PATH")
    return row


def require_utterances(connection: Connection, transcript_id: str, wanted: Iterable[UtteranceId]) -> list[str]:
    """The keys of utterances.

    Raises:
        StoreError: the transcript has no such utterance.
    """
    keys = [utterance_key(utterance_id) for utterance_id in wanted]
    query = select(utterances.c.utterance_id).where(utterances.c.transcript_id == transcript_id)
    if len(keys) == 1:
        query = query.where(utterances.c.utterance_id == keys[0])
    there = set(connection.scalars(query))
    missing = next((key for key in keys if key not in there), None)
    if missing is not None:
        require(connection, transcript_id)
        raise StoreError(f"transcript {transcript_id!r} has no utterance {utterance_id_of(missing)!r}.")
    return keys


def load(connection: Connection, transcript_id: str) -> Transcript:
    """A transcript from its rows."""
    found = require(connection, transcript_id)
    query = select(utterances).where(utterances.c.transcript_id == transcript_id).order_by(utterances.c.position)
    turns = tuple(
        Utterance(utterance_id_of(row.utterance_id), row.speaker, row.text, row.start_s, row.end_s)
        for row in connection.execute(query)
    )
    return Transcript(transcript_id, turns, json.loads(found.metadata))
