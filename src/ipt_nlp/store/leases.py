"""Queues whose items are leased for some minutes, so that no more people take the same one than are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from ipt_nlp.errors import StoreError
from ipt_nlp.store import audit
from ipt_nlp.store.canonical import storable, timestamp, utterance_id_of
from ipt_nlp.store.database import Database, Transaction
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import assignments
from ipt_nlp.store.transcripts import require_utterances
from ipt_nlp.store.values import Item, Lease, User

Holders = dict[tuple[str, str], dict[str, Row[Any]]]


@dataclass(frozen=True, slots=True)
class Leases:
    """Who is working on what. A lease that has expired counts as given back."""

    database: Database

    def lease(
        self, actor: User, queue: str, items: Sequence[Item], minutes: float, *, holders: int = 1
    ) -> tuple[Lease, ...]:
        """Lease those of ``items`` that are free, in their order; the ones ``actor`` holds already are renewed.

        Args:
            holders: as many people may hold an item at a time.

        Raises:
            StoreError: an item is no utterance of the store.
        """
        storable(queue, "the name of a queue")
        with self.database.transaction() as t:
            authorise(t.connection, actor, "lease.take")
            until = self._until(minutes)
            _expire(t, queue)
            held = _held(t, queue)
            granted = []
            for transcript_id, utterance_id in dict.fromkeys(items):
                key = require_utterances(t.connection, transcript_id, [utterance_id])[0]
                there = held.get((transcript_id, key), {})
                if actor.name in there:
                    granted.append(_prolong(t, actor, there[actor.name], until))
                elif len(there) < holders:
                    granted.append(_grant(t, actor, queue, (transcript_id, key), until))
            return tuple(granted)

    def release(self, actor: User, leases: Sequence[int]) -> None:
        """Give leases back; ones that have expired since are let be."""
        with self.database.transaction() as t:
            authorise(t.connection, actor, "lease.take")
            for number in leases:
                row = t.connection.execute(select(assignments).where(assignments.c.lease_id == number)).one_or_none()
                if row is not None and row.holder == actor.name and row.state == "open":
                    _change(t, actor.name, row, {"state": "released"}, "lease.release")

    def free(self, actor: User, leases: Sequence[int]) -> None:
        """Take leases from whoever holds them; for admins."""
        with self.database.transaction() as t:
            authorise(t.connection, actor, "lease.free")
            column = assignments.c
            query = select(assignments).where(column.lease_id.in_(leases), column.state == "open")
            for row in t.connection.execute(query).all():
                _change(t, actor.name, row, {"state": "released"}, "lease.free")

    def open(self) -> tuple[Lease, ...]:
        """The leases of all queues that hold now, by holder."""
        column = assignments.c
        query = select(assignments).where(column.state == "open", column.expires_at > timestamp(self.database.clock()))
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(column.holder, column.queue, column.lease_id))
            return tuple(_lease(row._mapping) for row in rows)

    def held(self, queue: str, holder: str | None = None) -> tuple[Lease, ...]:
        """The leases of a queue that hold now; of one person if asked for."""
        now = timestamp(self.database.clock())
        column = assignments.c
        query = select(assignments).where(column.queue == queue, column.state == "open", column.expires_at > now)
        if holder is not None:
            query = query.where(column.holder == holder)
        with self.database.reading() as connection:
            return tuple(_lease(row._mapping) for row in connection.execute(query.order_by(column.lease_id)))

    def _until(self, minutes: float) -> str:
        if minutes <= 0:
            raise StoreError("a lease lasts more than 0 minutes.")
        return timestamp(self.database.clock() + timedelta(minutes=minutes))


def _expire(t: Transaction, queue: str) -> None:
    column = assignments.c
    stale = select(assignments).where(column.queue == queue, column.state == "open", column.expires_at <= t.now)
    for row in t.connection.execute(stale).all():
        _change(t, row.holder, row, {"state": "expired"}, "lease.expire")


def _held(t: Transaction, queue: str) -> Holders:
    held: Holders = {}
    query = select(assignments).where(assignments.c.queue == queue, assignments.c.state == "open")
    for row in t.connection.execute(query):
        held.setdefault((row.transcript_id, row.utterance_id), {})[row.holder] = row
    return held


def _grant(t: Transaction, actor: User, queue: str, item: tuple[str, str], until: str) -> Lease:
    row = {
        "queue": queue,
        "transcript_id": item[0],
        "utterance_id": item[1],
        "holder": actor.name,
        "state": "open",
        "expires_at": until,
        "created_at": t.now,
    }
    ids = {"queue": queue, "transcript": item[0], "utterance": item[1]}
    return _lease(audit.append(t, assignments, row, actor.name, "lease.take", ids))


def _prolong(t: Transaction, actor: User, row: Row[Any], until: str) -> Lease:
    _change(t, actor.name, row, {"expires_at": until}, "lease.renew")
    return _lease(dict(row._mapping) | {"expires_at": until})


def _change(t: Transaction, who: str, row: Row[Any], values: dict[str, str], what: str) -> None:
    ids = {"queue": row.queue, "transcript": row.transcript_id, "utterance": row.utterance_id}
    audit.change(t, assignments, row.lease_id, values, who, what, ids)


def _lease(row: Any) -> Lease:
    return Lease(
        lease_id=row["lease_id"],
        queue=row["queue"],
        transcript_id=row["transcript_id"],
        utterance_id=utterance_id_of(row["utterance_id"]),
        holder=row["holder"],
        state=row["state"],
        expires_at=row["expires_at"],
    )
