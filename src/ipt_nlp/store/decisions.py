"""What supervisors and adjudicators decide: appended, never changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, get_args

from sqlalchemy import Connection, Row, func, select

from ipt_nlp.errors import StoreError
from ipt_nlp.store import audit
from ipt_nlp.store.canonical import storable, to_json, tuples, utterance_id_of
from ipt_nlp.store.database import Database
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import adjudications, events, sign_offs
from ipt_nlp.store.transcripts import require, require_utterances
from ipt_nlp.store.values import Adjudication, Confidence, Decision, NewAdjudication, Reason, SignOff, User


@dataclass(frozen=True, slots=True)
class Adjudications:
    """Decisions on utterances that coders coded differently."""

    database: Database

    def append(self, actor: User, decision: NewAdjudication) -> Adjudication:
        """Store a decision; it stands in place of the coders' labels, and of earlier decisions.

        Raises:
            StoreError: there is no such utterance or event, or a value is none of those allowed.
        """
        where = f"transcript {decision.transcript_id!r} utterance {decision.utterance_id!r}"
        _one_of(decision.reason, get_args(Reason), where)
        _one_of(decision.confidence, get_args(Confidence), where)
        with self.database.transaction() as t:
            authorise(t.connection, actor, "adjudication.append")
            key = require_utterances(t.connection, decision.transcript_id, [decision.utterance_id])[0]
            _require_events(t.connection, decision, key, where)
            row = {
                "transcript_id": decision.transcript_id,
                "utterance_id": key,
                "adjudicator": actor.name,
                "labels": to_json(dict(decision.labels)),
                "confidence": decision.confidence,
                "reason": decision.reason,
                "note": storable(decision.note, where),
                "codebook": storable(decision.codebook, where),
                "events": to_json(decision.events),
                "created_at": t.now,
            }
            ids = {"transcript": decision.transcript_id, "utterance": key, "events": list(decision.events)}
            number = audit.append(t, adjudications, row, actor.name, "adjudication.append", ids)["adjudication_id"]
            return Adjudication(number, actor.name, decision, t.now)

    def of(self, transcript_id: str) -> tuple[Adjudication, ...]:
        """All decisions on a transcript, oldest first."""
        return self._list(adjudications.c.transcript_id == transcript_id)

    def manual_unclear(self) -> tuple[Adjudication, ...]:
        """All decisions for want of a clear rule, oldest first: the rules to write."""
        return self._list(adjudications.c.reason == "manual_unclear")

    def _list(self, condition: Any) -> tuple[Adjudication, ...]:
        query = select(adjudications).where(condition).order_by(adjudications.c.adjudication_id)
        with self.database.reading() as connection:
            return tuple(adjudication_of(row) for row in connection.execute(query))


@dataclass(frozen=True, slots=True)
class SignOffs:
    """What supervisors say of a session's report."""

    database: Database

    def append(
        self, actor: User, transcript_id: str, decision: Decision, *, item: str = "", reason: str = "", model: str = ""
    ) -> SignOff:
        """Store what a supervisor says. ``item``: the statement it is about; ``model``: what the report rests on.

        Raises:
            StoreError: there is no such transcript, or a disagreement has no reason.
        """
        where = f"transcript {transcript_id!r}"
        _one_of(decision, get_args(Decision), where)
        if decision == "disagree" and not reason.strip():
            raise StoreError(f"{where}: say why you disagree.")
        row = {
            "transcript_id": transcript_id,
            "supervisor": actor.name,
            "decision": decision,
            "item": storable(item, where),
            "reason": storable(reason, where),
            "model": storable(model, where),
        }
        with self.database.transaction() as t:
            authorise(t.connection, actor, "sign_off.append")
            require(t.connection, transcript_id)
            ids = {"transcript": transcript_id, "decision": decision}
            stored = audit.append(t, sign_offs, {**row, "created_at": t.now}, actor.name, "sign_off.append", ids)
            return SignOff(**stored)

    def of(self, transcript_id: str) -> tuple[SignOff, ...]:
        """All that was said of a session, oldest first."""
        query = select(sign_offs).where(sign_offs.c.transcript_id == transcript_id).order_by(sign_offs.c.sign_off_id)
        with self.database.reading() as connection:
            return tuple(SignOff(**row._mapping) for row in connection.execute(query))


def adjudication_of(row: Row[Any]) -> Adjudication:
    """A decision from its row."""
    decision = NewAdjudication(
        transcript_id=row.transcript_id,
        utterance_id=utterance_id_of(row.utterance_id),
        labels=tuples(row.labels),
        confidence=row.confidence,
        reason=row.reason,
        note=row.note,
        codebook=row.codebook,
        events=tuple(json.loads(row.events)),
    )
    return Adjudication(row.adjudication_id, row.adjudicator, decision, row.created_at)


def _require_events(connection: Connection, decision: NewAdjudication, key: str, where: str) -> None:
    column = events.c
    known = select(func.count()).where(
        column.event_id.in_(decision.events),
        column.transcript_id == decision.transcript_id,
        column.utterance_id == key,
    )
    if connection.scalar(known) != len(set(decision.events)):
        raise StoreError(f"{where}: the events that the decision names are not all events on it.")


def _one_of(value: str, allowed: tuple[str, ...], where: str) -> None:
    if value not in allowed:
        raise StoreError(f"{where}: {value!r} is none of {', '.join(allowed)}.")
