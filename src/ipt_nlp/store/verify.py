"""Whether the store still holds what was written to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Table, select

from ipt_nlp.store import audit, schema
from ipt_nlp.store.predictions import batch_digest, stored_rows
from ipt_nlp.store.transcripts import load
from ipt_nlp.store.values import Problem

# Their rows are covered by a digest in the row of the transcript, of the batch.
COVERED = (schema.utterances, schema.predictions)
AUDITED = tuple(t for t in schema.metadata.sorted_tables if t not in (*COVERED, schema.audit))
Digests = dict[tuple[str, str], str]


def problems(connection: Connection) -> list[Problem]:
    """Everything that is not as it was written; empty for a sound store.

    Derives again the chain of the audit, the digest of every audited row, of every transcript and of every batch of
    predictions. What it cannot see is a store whose newest entries were cut off together with their rows: for that,
    keep ``audit.head()`` elsewhere.
    """
    digests: Digests = {}
    found = list(_chain(connection, digests))
    for table in AUDITED:
        found += _rows(connection, table, digests)
    found += [Problem(f"{entity} {key}", "the row is missing") for entity, key in digests]
    found += _transcripts(connection)
    found += _batches(connection)
    return found


def _chain(connection: Connection, digests: Digests) -> Iterator[Problem]:
    """Follow the chain, and collect the newest digest of each row."""
    previous, expected = audit.START, 1
    for entry in audit.entries(connection):
        where = f"audit {entry.seq}"
        if entry.seq != expected:
            yield Problem(where, f"entries {expected} to {entry.seq - 1} are missing before it")
        elif entry.previous != previous:
            yield Problem(where, "it does not follow the entry before it")
        if audit.entry_hash(entry) != entry.hash:
            yield Problem(where, "it was changed: its hash is another")
        digests[entry.entity, entry.key] = entry.digest
        previous, expected = entry.hash, entry.seq + 1


def _rows(connection: Connection, table: Table, digests: Digests) -> Iterator[Problem]:
    """Compare rows with the audit, and take what was compared out of ``digests``."""
    key = audit.key_of(table)
    query = select(table).order_by(key).execution_options(yield_per=audit.PAGE)
    for row in connection.execute(query):
        values = dict(row._mapping)
        name = str(values[key.name])
        written = digests.pop((table.name, name), None)
        if written is None:
            yield Problem(f"{table.name} {name}", "the audit knows nothing of it")
        elif not _same(table, values, written):
            yield Problem(f"{table.name} {name}", "it was changed: its digest is another")


def _same(table: Table, values: dict[str, Any], written: str) -> bool:
    try:
        return audit.audited(table, values) == written
    except (TypeError, ValueError):
        # SQLite takes any type into a column, so a changed row may not even be JSON.
        return False


def _transcripts(connection: Connection) -> Iterator[Problem]:
    columns = schema.transcripts.c
    query = select(columns.transcript_id, columns.digest, columns.turns).order_by(columns.transcript_id)
    for transcript_id, digest, turns in connection.execute(query).all():
        where = f"transcripts {transcript_id}"
        try:
            transcript = load(connection, transcript_id)
        except ValueError:
            yield Problem(where, "its turns were changed: they make no transcript")
            continue
        if len(transcript.utterances) != turns:
            yield Problem(where, f"it has {len(transcript.utterances)} turns and had {turns}")
        if transcript.digest() != digest:
            yield Problem(where, "its turns were changed: their digest is another")


def _batches(connection: Connection) -> Iterator[Problem]:
    columns = schema.batches.c
    for batch_id, digest in connection.execute(
        select(columns.batch_id, columns.digest).order_by(columns.batch_id)
    ).all():
        if batch_digest(stored_rows(connection, batch_id)) != digest:
            yield Problem(f"prediction_batches {batch_id}", "its predictions were changed: their digest is another")
