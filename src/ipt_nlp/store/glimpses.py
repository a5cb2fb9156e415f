"""Utterances of which a coder has had in view what a model or another coder says, wherever that was."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ipt_nlp.store import audit
from ipt_nlp.store.canonical import to_json
from ipt_nlp.store.database import Database, Transaction
from ipt_nlp.store.leases import Leases
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import glimpses
from ipt_nlp.store.transcripts import require_utterances
from ipt_nlp.store.values import LOCAL, Item, User
from ipt_nlp.transcript import UtteranceId

# As leases of a queue of each coder's own, which nobody gives back, they were kept before there was a table for them.
OLD_QUEUE = "in view: "


@dataclass(frozen=True, slots=True)
class Glimpses:
    """What coders have been shown; one row for all that came into view at once, be it a turn or a page of hits."""

    database: Database

    def add(self, actor: User, items: Collection[Item]) -> None:
        """Keep that ``actor`` has had in view what others say of ``items``.

        Raises:
            StoreError: an item is no utterance of the store.
        """
        with self.database.transaction() as t:
            authorise(t.connection, actor, "glimpse.append")
            _keep(t, actor.name, items)

    def of(self, coder: str) -> frozenset[Item]:
        """All that a coder has been shown."""
        query = select(glimpses.c.seen).where(glimpses.c.coder == coder)
        with self.database.reading() as connection:
            rows = [json.loads(seen) for seen in connection.scalars(query)]
        return frozenset((name, number) for row in rows for name, numbers in row.items() for number in numbers)


def has_glimpsed(connection: Connection, coder: str, item: Item) -> bool:
    """Whether a coder has been shown what others say of an utterance."""
    transcript_id, utterance_id = item
    named = glimpses.c.seen.contains(to_json(transcript_id), autoescape=True)
    rows = connection.scalars(select(glimpses.c.seen).where(glimpses.c.coder == coder, named))
    return any(utterance_id in json.loads(seen).get(transcript_id, ()) for seen in rows)


def carry_over(database: Database) -> None:
    """Make glimpses of the leases that stood for them once, and give the leases back."""
    leases = Leases(database)
    old = [lease for lease in leases.open() if lease.queue.startswith(OLD_QUEUE)]
    with database.transaction() as t:
        for coder in sorted({lease.holder for lease in old}):
            _keep(t, coder, [(x.transcript_id, x.utterance_id) for x in old if x.holder == coder])
        leases.free(LOCAL, [lease.lease_id for lease in old])


def _keep(t: Transaction, coder: str, items: Collection[Item]) -> None:
    seen: dict[str, list[UtteranceId]] = {}
    for transcript_id, utterance_id in items:
        seen.setdefault(transcript_id, []).append(utterance_id)
    for transcript_id, wanted in seen.items():
        require_utterances(t.connection, transcript_id, wanted)
    row = {"coder": coder, "seen": to_json(seen), "created_at": t.now}
    audit.append(t, glimpses, row, coder, "glimpse.append", {"turns": len(items)})
