"""The audit trail: every write adds an entry, and each entry's hash covers the one before it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Table, func, insert, select, update

from ipt_nlp.errors import StoreError
from ipt_nlp.store import schema
from ipt_nlp.store.canonical import canonical, row_digest, sha256, to_json
from ipt_nlp.store.database import Database, Transaction
from ipt_nlp.store.values import AuditEntry

START = "0" * 64
PAGE = 1000


def next_id(connection: Connection, table: Table) -> int:
    """The id after the highest in ``table``; sound because writers take turns."""
    highest: int | None = connection.scalar(select(func.max(key_of(table))))
    return (highest or 0) + 1


def key_of(table: Table) -> Any:
    """The column by which the audit names a row."""
    return next(iter(table.primary_key.columns))


def append(
    t: Transaction, table: Table, row: Mapping[str, Any], actor: str, what: str, ids: Mapping[str, Any]
) -> dict[str, Any]:
    """Insert ``row`` and its audit entry; an integer key is given here. Returns the row with its key."""
    key = key_of(table)
    stored = dict(row) if key.name in row else {key.name: next_id(t.connection, table), **row}
    t.connection.execute(insert(table), stored)
    _record(t, table, stored, actor, what, ids)
    return stored


def change(
    t: Transaction, table: Table, key: object, values: Mapping[str, Any], actor: str, what: str, ids: Mapping[str, Any]
) -> None:
    """Change the row of a table that holds state, and record what it is now."""
    t.connection.execute(update(table).where(key_of(table) == key).values(**values))
    row = t.connection.execute(select(table).where(key_of(table) == key)).one()
    _record(t, table, dict(row._mapping), actor, what, ids)


def audited(table: Table, row: Mapping[str, Any]) -> str:
    """The digest of the columns of ``row`` that the audit vouches for."""
    left_out = schema.VOLATILE.get(table.name, frozenset())
    return row_digest({name: value for name, value in row.items() if name not in left_out})


def _record(
    t: Transaction, table: Table, row: Mapping[str, Any], actor: str, what: str, ids: Mapping[str, Any]
) -> None:
    newest = select(schema.audit.c.seq, schema.audit.c.hash).order_by(schema.audit.c.seq.desc()).limit(1)
    last = t.connection.execute(newest).one_or_none()
    entry = AuditEntry(
        seq=last.seq + 1 if last else 1,
        at=t.now,
        actor=actor,
        what=what,
        entity=table.name,
        key=str(row[key_of(table).name]),
        ids=ids,
        digest=audited(table, row),
        previous=last.hash if last else START,
        hash="",
    )
    t.connection.execute(insert(schema.audit), {**_columns(entry), "hash": entry_hash(entry)})


def _columns(entry: AuditEntry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "what": entry.what,
        "entity": entry.entity,
        "key": entry.key,
        "ids": to_json(dict(entry.ids)),
        "digest": entry.digest,
        "previous": entry.previous,
    }


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 of the previous hash and the canonical JSON of everything else in ``entry``."""
    content = _columns(entry)
    return sha256(content.pop("previous") + canonical(content))


def entry_of(row: Row[Any]) -> AuditEntry:
    entry = AuditEntry(**row._mapping)
    return replace(entry, ids=json.loads(row.ids))


@dataclass(frozen=True, slots=True)
class Audit:
    """The trail, to read."""

    database: Database

    def head(self) -> str:
        """The hash of the newest entry. Kept elsewhere, it shows later whether the end of the trail was cut off."""
        entries = self.newest(1)
        return entries[0].hash if entries else START

    def newest(self, count: int = 100, *, actor: str | None = None, what: str | None = None) -> list[AuditEntry]:
        """The newest entries, newest first; by one actor or of one kind if asked for."""
        query = select(schema.audit).order_by(schema.audit.c.seq.desc()).limit(count)
        if actor is not None:
            query = query.where(schema.audit.c.actor == actor)
        if what is not None:
            query = query.where(schema.audit.c.what == what)
        with self.database.reading() as connection:
            return [entry_of(row) for row in connection.execute(query)]

    def actors(self) -> list[str]:
        """Whoever has written something, by name."""
        return self._distinct(schema.audit.c.actor)

    def kinds(self) -> list[str]:
        """The kinds of write that there were, by name."""
        return self._distinct(schema.audit.c.what)

    def _distinct(self, column: Any) -> list[str]:
        with self.database.reading() as connection:
            return list(connection.scalars(select(column).distinct().order_by(column)))

    def of(self, entity: str, key: object) -> list[AuditEntry]:
        """All entries about one row, oldest first."""
        column = schema.audit.c
        query = select(schema.audit).where(column.entity == entity, column.key == str(key)).order_by(column.seq)
        with self.database.reading() as connection:
            return [entry_of(row) for row in connection.execute(query)]


def entries(connection: Connection) -> Iterator[AuditEntry]:
    """All entries, oldest first, without holding them all in memory.

    Raises:
        StoreError: an entry's ids are no JSON any more.
    """
    query = select(schema.audit).order_by(schema.audit.c.seq).execution_options(yield_per=PAGE)
    for row in connection.execute(query):
        try:
            yield entry_of(row)
        except ValueError:
            raise StoreError(f"audit entry {row.seq} was changed: its ids are no JSON.") from None
