"""Work that another process does, and how far it is."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select, update

from ipt_nlp.errors import StoreError
from ipt_nlp.store import audit
from ipt_nlp.store.canonical import storable, timestamp, to_json
from ipt_nlp.store.database import Database, Transaction
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import jobs
from ipt_nlp.store.values import Job, JobState, User

ACTIVE: tuple[JobState, ...] = ("queued", "running")
STALE_S = 60.0


@dataclass(frozen=True, slots=True)
class Jobs:
    """At most one job of a kind is queued or running. Messages and errors must hold no client text."""

    database: Database

    def create(self, actor: User, kind: str, parameters: Mapping[str, Any] | None = None) -> Job:
        """Queue a job.

        Raises:
            StoreError: one of its kind is queued or running.
        """
        with self.database.transaction() as t:
            authorise(t.connection, actor, "job.create")
            query = select(jobs).where(jobs.c.kind == kind, jobs.c.state.in_(ACTIVE))
            there = t.connection.execute(query).one_or_none()
            if there is not None:
                raise StoreError(f"job {there.job_id} ({kind}) is {there.state} already. Wait for it, or cancel it.")
            row = {
                "kind": storable(kind, "the kind of a job"),
                "state": "queued",
                "parameters": to_json(dict(parameters or {})),
                "progress": 0.0,
                "cancel_requested": False,
                "result": "{}",
                "created_by": actor.name,
                "created_at": t.now,
            } | dict.fromkeys(("message", "worker", "heartbeat_at", "error", "finished_at"), "")
            return _job(audit.append(t, jobs, row, actor.name, "job.create", {"kind": kind}))

    def claim(self, worker: str, kinds: Collection[str]) -> Job | None:
        """Give the oldest queued job of ``kinds`` to ``worker``; None where there is none."""
        with self.database.transaction() as t:
            query = select(jobs).where(jobs.c.kind.in_(kinds), jobs.c.state == "queued").order_by(jobs.c.job_id)
            row = t.connection.execute(query.limit(1)).one_or_none()
            return None if row is None else _start(t, row.job_id, worker)

    def fail_silent(self, stale_s: float = STALE_S) -> tuple[Job, ...]:
        """Mark running jobs whose workers have been silent for ``stale_s`` seconds as failed, and return them."""
        with self.database.transaction() as t:
            values = {"state": "failed", "error": "the worker stopped without a word", "finished_at": t.now}
            silent = _silent(t, self.database, stale_s)
            return tuple(_change(t, row.job_id, values, _signed(row.worker), "job.fail_silent") for row in silent)

    def heartbeat(self, job_id: int, worker: str, progress: float | None = None, message: str | None = None) -> Job:
        """Say that ``worker`` is alive, and how far it is (0 to 1); the job tells whether to stop.

        Raises:
            StoreError: the job is not this worker's any more: stop.
        """
        with self.database.transaction() as t:
            row = _mine(t, job_id, worker)
            values = {
                "heartbeat_at": t.now,
                "progress": row.progress if progress is None else min(1.0, max(0.0, float(progress))),
                "message": row.message if message is None else storable(message, f"job {job_id}"),
            }
            # No change of state, and so no entry in the audit.
            t.connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(**values))
            return _job(dict(row._mapping) | values)

    def request_cancel(self, actor: User, job_id: int) -> Job:
        """Ask the worker to stop; a job that is still queued is cancelled at once.

        Raises:
            StoreError: there is no such job, or it is over.
        """
        with self.database.transaction() as t:
            authorise(t.connection, actor, "job.cancel")
            row = _row(t, job_id)
            if row.state not in ACTIVE:
                raise StoreError(f"job {job_id} is {row.state} already.")
            values: dict[str, Any] = {"cancel_requested": True}
            if row.state == "queued":
                values |= {"state": "cancelled", "finished_at": t.now}
            return _change(t, job_id, values, actor.name, "job.cancel")

    def finish(self, job_id: int, worker: str, result: Mapping[str, Any] | None = None) -> Job:
        """The work is done."""
        values = {"state": "finished", "progress": 1.0, "result": to_json(dict(result or {}))}
        return self._end(job_id, worker, values, "job.finish")

    def fail(self, job_id: int, worker: str, error: str) -> Job:
        """The work failed; ``error`` says how, without client text."""
        return self._end(job_id, worker, {"state": "failed", "error": storable(error, f"job {job_id}")}, "job.fail")

    def cancelled(self, job_id: int, worker: str) -> Job:
        """The worker stopped because it was asked to."""
        return self._end(job_id, worker, {"state": "cancelled"}, "job.cancelled")

    def get(self, job_id: int) -> Job:
        """A job as it is now.

        Raises:
            StoreError: there is no such job.
        """
        found = next((job for job in self.list() if job.job_id == job_id), None)
        if found is None:
            raise StoreError(f"there is no job {job_id}.")
        return found

    def list(self, kind: str | None = None) -> tuple[Job, ...]:
        """All jobs, newest first; of one kind if asked for."""
        query = select(jobs).order_by(jobs.c.job_id.desc())
        if kind is not None:
            query = query.where(jobs.c.kind == kind)
        with self.database.reading() as connection:
            return tuple(_job(row._mapping) for row in connection.execute(query))

    def _end(self, job_id: int, worker: str, values: dict[str, Any], what: str) -> Job:
        with self.database.transaction() as t:
            _mine(t, job_id, worker)
            return _change(t, job_id, {**values, "finished_at": t.now}, _signed(worker), what)


def _silent(t: Transaction, database: Database, stale_s: float) -> list[Row[Any]]:
    before = timestamp(database.clock() - timedelta(seconds=stale_s))
    query = select(jobs).where(jobs.c.state == "running", jobs.c.heartbeat_at < before)
    return list(t.connection.execute(query.order_by(jobs.c.job_id)))


def _start(t: Transaction, job_id: int, worker: str) -> Job:
    values = {"state": "running", "worker": storable(worker, "the name of a worker"), "heartbeat_at": t.now}
    return _change(t, job_id, values, _signed(worker), "job.claim")


def _change(t: Transaction, job_id: int, values: dict[str, Any], who: str, what: str) -> Job:
    audit.change(t, jobs, job_id, values, who, what, {"job": job_id})
    return _job(_row(t, job_id)._mapping)


def _row(t: Transaction, job_id: int) -> Row[Any]:
    row = t.connection.execute(select(jobs).where(jobs.c.job_id == job_id)).one_or_none()
    if row is None:
        raise StoreError(f"there is no job {job_id}.")
    return row


def _mine(t: Transaction, job_id: int, worker: str) -> Row[Any]:
    row = _row(t, job_id)
    if (row.state, row.worker) != ("running", worker):
        raise StoreError(f"job {job_id} is not being done by {worker!r} any more: it is {row.state}.")
    return row


def _signed(worker: str) -> str:
    return f"worker:{worker}"


def _job(row: Any) -> Job:
    return Job(**{**row, "parameters": json.loads(row["parameters"]), "result": json.loads(row["result"])})
