"""Annotation events: appended, never changed. The newest event of a coder is the whole of what they say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, select, tuple_

from ipt_nlp.errors import ConflictError, StoreError
from ipt_nlp.store import audit
from ipt_nlp.store.canonical import finite, storable, to_json, tuples, utterance_id_of, utterance_key
from ipt_nlp.store.database import Database, Transaction
from ipt_nlp.store.glimpses import has_glimpsed
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import events
from ipt_nlp.store.transcripts import require, require_utterances
from ipt_nlp.store.values import CODING_ACTIONS, Action, AnnotationEvent, Item, NewEvent, User
from ipt_nlp.transcript import UtteranceId

# What an event carries over from the one before, where it says nothing of it itself.
CONTENT = ("labels", "sure", "flagged", "note", "mode", "reviewed_model", "codebook", "evidence")
BLANK: Mapping[str, Any] = {
    "labels": None, "sure": True, "flagged": False, "note": "", "mode": "blind", "reviewed_model": None,
    "codebook": "", "evidence": "{}",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Events:
    """What coders did."""

    database: Database

    def append(self, actor: User, new: NewEvent) -> AnnotationEvent:
        """Store what ``actor`` did, as the coder of that name.

        ``flag`` and ``note`` leave the labels as they are, ``skip`` takes them back, ``undo`` brings back what the
        coder's event before said (two undos go back two). What is said of codes after a glimpse is ``assisted``,
        whatever ``new`` says: a window does not know what another one shows.

        Raises:
            ConflictError: the coder has a newer event on the utterance than ``new.base_event``.
            StoreError: the event lacks what its action needs, or there is no such utterance, or nothing to undo.
        """
        check(new)
        with self.database.transaction() as t:
            authorise(t.connection, actor, "event.append")
            key = require_utterances(t.connection, new.transcript_id, [new.utterance_id])[0]
            newest = _newest(t.connection, new.transcript_id, key, actor.name)
            if (newest.event_id if newest else None) != new.base_event:
                raise ConflictError(
                    actor.name, new.transcript_id, new.utterance_id, new.base_event, newest.event_id if newest else None
                )
            content = _undone(t, newest) if new.action == "undo" else _content(new, newest)
            if new.action not in ("flag", "note") and content["mode"] == "blind":
                glimpsed = has_glimpsed(t.connection, actor.name, (new.transcript_id, new.utterance_id))
                content["mode"] = "assisted" if glimpsed else "blind"
            row = {
                "transcript_id": new.transcript_id,
                "utterance_id": key,
                "coder": actor.name,
                "action": new.action,
                **content,
                "base_event": new.base_event,
                "ordinal": newest.ordinal + 1 if newest else 1,
                "seconds": finite(new.seconds, "the time spent"),
                "created_at": t.now,
            }
            ids = {"transcript": new.transcript_id, "utterance": key, "action": new.action}
            return event_of(audit.append(t, events, row, actor.name, "event.append", ids))

    def undo(
        self, actor: User, transcript_id: str, utterance_id: UtteranceId, base_event: int | None
    ) -> AnnotationEvent:
        """Bring back what the coder's event before said."""
        return self.append(
            actor,
            NewEvent(transcript_id=transcript_id, utterance_id=utterance_id, action="undo", base_event=base_event),
        )

    def current(self, transcript_id: str, coder: str) -> dict[UtteranceId, AnnotationEvent]:
        """Utterance -> the coder's newest event there; its ``labels`` are None where nothing is coded now."""
        query = newest_events(events.c.transcript_id == transcript_id, events.c.coder == coder)
        return {event.utterance_id: event for event in self._events(query)}

    def of_coder(self, transcript_id: str, coder: str, *, after: int = 0) -> tuple[AnnotationEvent, ...]:
        """All events of one coder on a transcript, oldest first; those after an event if asked for."""
        mine = (events.c.transcript_id == transcript_id, events.c.coder == coder)
        return self._events(select(events).where(*mine, events.c.event_id > after))

    def by(self, coder: str, transcripts: Collection[str] | None = None) -> tuple[AnnotationEvent, ...]:
        """All events of one coder, oldest first; on some transcripts if asked for."""
        query = select(events).where(events.c.coder == coder)
        return self._events(query if transcripts is None else query.where(events.c.transcript_id.in_(transcripts)))

    def last_standing(self, coder: str, transcript_id: str | None = None) -> AnnotationEvent | None:
        """The coder's newest event that no undo has taken back; on one transcript if asked for."""
        mine = [events.c.coder == coder, *([] if transcript_id is None else [events.c.transcript_id == transcript_id])]
        newest = newest_events(*mine).subquery()
        standing = case((newest.c.action == "undo", newest.c.previous), else_=newest.c.event_id)
        found = self._events(select(events).where(events.c.event_id == select(func.max(standing)).scalar_subquery()))
        return found[0] if found else None

    def on(self, items: Collection[Item], coder: str | None = None) -> tuple[AnnotationEvent, ...]:
        """All events on some utterances, oldest first; of one coder if asked for.

        Of all coders they are for the app to count, as a queue does, and not to show to anybody.
        """
        wanted = [(transcript_id, utterance_key(utterance_id)) for transcript_id, utterance_id in items]
        # SQLite finds single columns by their index, but not pairs of them.
        there = events.c.transcript_id.in_({transcript_id for transcript_id, _ in wanted})
        query = select(events).where(there, tuple_(events.c.transcript_id, events.c.utterance_id).in_(wanted))
        return self._events(query if coder is None else query.where(events.c.coder == coder))

    def of_all_coders(self, actor: User, transcript_id: str) -> tuple[AnnotationEvent, ...]:
        """All events of all coders on a transcript, oldest first; not for annotators, who code blind to each other."""
        with self.database.reading() as connection:
            authorise(connection, actor, "event.read_others")
            require(connection, transcript_id)
        return self._events(select(events).where(events.c.transcript_id == transcript_id))

    def touched(self, transcript_id: str) -> frozenset[UtteranceId]:
        """Utterances that have an event of anybody: a new model leaves them alone."""
        query = select(events.c.utterance_id).where(events.c.transcript_id == transcript_id).distinct()
        with self.database.reading() as connection:
            return frozenset(utterance_id_of(key) for key in connection.scalars(query))

    def counts(self) -> dict[str, int]:
        """Coder -> number of events."""
        query = select(events.c.coder, func.count().label("events")).group_by(events.c.coder).order_by(events.c.coder)
        with self.database.reading() as connection:
            return {row.coder: row.events for row in connection.execute(query)}

    def _events(self, query: Select[Any]) -> tuple[AnnotationEvent, ...]:
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(events.c.event_id))
            return tuple(event_of(row._mapping) for row in rows)


def check(new: NewEvent) -> None:
    """Refuse an event that lacks what its action needs, or holds what it may not."""
    where = f"transcript {new.transcript_id!r} utterance {new.utterance_id!r}"
    coding = new.action in CODING_ACTIONS
    if coding != (new.labels is not None):
        raise StoreError(f"{where}: {new.action!r} {'needs' if coding else 'takes no'} labels.")
    if coding and not new.codebook:
        raise StoreError(f"{where}: {new.action!r} needs the ref of the codebook that its labels are of.")
    if new.action not in (*CODING_ACTIONS, "skip", "flag", "note", "undo"):
        raise StoreError(f"{where}: {new.action!r} is no action.")
    for value in (new.note, new.codebook, new.reviewed_model):
        storable(value or "", where)


def newest_events(*conditions: ColumnElement[bool]) -> Select[Any]:
    """The newest event of each coder on each utterance, among those that meet ``conditions``."""
    event = events.c
    newest = (
        select(func.max(event.event_id))
        .where(*conditions)
        .group_by(event.transcript_id, event.utterance_id, event.coder)
    )
    return select(events).where(event.event_id.in_(newest))


def _newest(connection: Connection, transcript_id: str, key: str, coder: str) -> Row[Any] | None:
    event = events.c
    mine = (event.transcript_id == transcript_id, event.utterance_id == key, event.coder == coder)
    return connection.execute(select(events).where(*mine).order_by(event.ordinal.desc()).limit(1)).one_or_none()


def _standing(newest: Row[Any] | None) -> int | None:
    """The event whose content stands after ``newest``: itself, or for an undo the one it brought back."""
    if newest is None:
        return None
    standing: int | None = newest.previous if newest.action == "undo" else newest.event_id
    return standing


def _content(new: NewEvent, newest: Row[Any] | None) -> dict[str, Any]:
    before = _copied(newest)
    if new.action in CODING_ACTIONS or new.action == "skip":
        said = {
            "labels": None if new.labels is None else to_json(dict(new.labels)),
            "sure": new.sure,
            "mode": new.mode,
            "reviewed_model": new.reviewed_model,
            "codebook": new.codebook,
            "evidence": to_json(dict(new.evidence)),
        }
    else:
        said = {}
    if new.flagged is not None:
        said["flagged"] = new.flagged
    if new.note is not None:
        said["note"] = new.note
    return {**before, **said, "previous": _standing(newest)}


def _undone(t: Transaction, newest: Row[Any] | None) -> dict[str, Any]:
    standing = _standing(newest)
    if newest is None or standing is None:
        raise StoreError("there is nothing to undo.")
    previous = _by_id(t, standing).previous
    return {**_copied(None if previous is None else _by_id(t, previous)), "previous": previous}


def _by_id(t: Transaction, event_id: int) -> Row[Any]:
    return t.connection.execute(select(events).where(events.c.event_id == event_id)).one()


def _copied(row: Row[Any] | None) -> dict[str, Any]:
    return dict(BLANK) if row is None else {name: row._mapping[name] for name in CONTENT}


def event_of(row: Mapping[Any, Any]) -> AnnotationEvent:
    """An event from its row."""
    values = dict(row)
    action: Action = values["action"]
    return AnnotationEvent(
        **{
            **values,
            "action": action,
            "utterance_id": utterance_id_of(values["utterance_id"]),
            "labels": None if values["labels"] is None else tuples(values["labels"]),
            "evidence": tuples(values["evidence"]),
        }
    )
