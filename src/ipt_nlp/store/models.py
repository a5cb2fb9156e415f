"""The registry of models: events, from which each model's status follows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from ipt_nlp.errors import StoreError
from ipt_nlp.store import audit
from ipt_nlp.store.canonical import storable, to_json
from ipt_nlp.store.database import Database, Transaction
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import events, models
from ipt_nlp.store.values import ModelStatus, ModelVersion, User


@dataclass(frozen=True, slots=True)
class Models:
    """Models by their refs (name@version+digest). At most one is the champion, whose tags the app shows."""

    database: Database

    def register(self, actor: User, ref: str, metrics: Mapping[str, Any], codebook: str) -> ModelVersion:
        """Add a model as a candidate.

        Raises:
            StoreError: there is a model of that ref already.
        """
        storable(ref, "the ref of a model")
        with self.database.transaction() as t:
            authorise(t.connection, actor, "model.change")
            if ref in _versions(_events(t.connection)):
                raise StoreError(f"model {ref!r} is registered already.")
            _append(t, actor, ref, "register", metrics, codebook)
            return _versions(_events(t.connection))[ref]

    def promote(self, actor: User, ref: str) -> ModelVersion:
        """Make a model the champion; the one before is retired.

        Raises:
            StoreError: there is no such model, or it is the champion.
        """
        return self._change(actor, ref, "promote")

    def retire(self, actor: User, ref: str) -> ModelVersion:
        """Set a candidate aside.

        Raises:
            StoreError: there is no such model, or it is the champion.
        """
        return self._change(actor, ref, "retire")

    def rollback(self, actor: User) -> ModelVersion:
        """Take the last promotion back and return the model that is champion again.

        Raises:
            StoreError: there was no champion before.
        """
        with self.database.transaction() as t:
            authorise(t.connection, actor, "model.change")
            champions = _champions(_events(t.connection))
            if len(champions) < 2:  # the present one and one before
                raise StoreError("there is no champion before this one to go back to.")
            _append(t, actor, champions[-1], "rollback", {}, "")
            return _versions(_events(t.connection))[champions[-2]]

    def champion(self) -> ModelVersion | None:
        """The model whose tags are shown, if one was promoted."""
        return next((version for version in self.list() if version.status == "champion"), None)

    def before(self) -> ModelVersion | None:
        """The champion that a rollback would go back to, if there was one."""
        with self.database.reading() as connection:
            found = _events(connection)
            champions = _champions(found)
            return _versions(found)[champions[-2]] if len(champions) > 1 else None

    def list(self) -> tuple[ModelVersion, ...]:
        """All models in the order in which they were registered."""
        with self.database.reading() as connection:
            return tuple(_versions(_events(connection)).values())

    def _change(self, actor: User, ref: str, action: str) -> ModelVersion:
        with self.database.transaction() as t:
            authorise(t.connection, actor, "model.change")
            known = _versions(_events(t.connection)).get(ref)
            if known is None:
                raise StoreError(f"no model {ref!r} is registered in the store.")
            if known.status == "champion":
                raise StoreError(f"model {ref!r} is the champion.")
            _append(t, actor, ref, action, {}, "")
            return _versions(_events(t.connection))[ref]


def _append(t: Transaction, actor: User, ref: str, action: str, metrics: Mapping[str, Any], codebook: str) -> None:
    row = {
        "ref": ref,
        "action": action,
        "metrics": to_json(dict(metrics)),
        "codebook": storable(codebook, "the ref of a codebook"),
        "after_event": t.connection.scalar(select(func.max(events.c.event_id))) or 0,
        "created_by": actor.name,
        "created_at": t.now,
    }
    audit.append(t, models, row, actor.name, f"model.{action}", {"model": ref})


def _events(connection: Connection) -> list[Row[Any]]:
    return list(connection.execute(select(models).order_by(models.c.model_event_id)))


def _champions(events: list[Row[Any]]) -> list[str]:
    """The refs of champions that a rollback can go back through; the present one is last."""
    stack: list[str] = []
    for event in events:
        if event.action == "promote":
            stack.append(event.ref)
        elif event.action == "rollback":
            stack.pop()
    return stack


def _versions(events: list[Row[Any]]) -> dict[str, ModelVersion]:
    champions = _champions(events)
    left = {event.ref for event in events if event.action in ("promote", "retire", "rollback")}
    versions = {}
    for event in events:
        if event.action != "register":
            continue
        status: ModelStatus = "retired" if event.ref in left else "candidate"
        if champions and event.ref == champions[-1]:
            status = "champion"
        versions[event.ref] = ModelVersion(
            event.ref, status, json.loads(event.metrics), event.codebook, event.created_by, event.created_at
        )
    return versions
