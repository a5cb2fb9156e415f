"""The process that retrains and tags anew. ``python -m ipt_nlp.learning.worker`` works until no job is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

from ipt_nlp.errors import IptNlpError, StoreError
from ipt_nlp.learning.challenge import admit, challenge
from ipt_nlp.learning.retag import champion_ref, retag
from ipt_nlp.learning.retraining import Report
from ipt_nlp.learning.watch import CancelledError, Watch, this_worker
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.canonical import timestamp
from ipt_nlp.store.values import Job, User

RETRAIN, RETAG = "retrain", "retag"
KINDS = (RETRAIN, RETAG)
# A worker beats every two seconds.
SILENT_S = 60.0
# A worker needs some seconds until it takes its job; one that has waited for longer has lost it.
PATIENCE_S = 30.0
# Tagging anew that ends its worker each time is not begun for ever.
MOST_TRIES = 3
NICENESS = 5
# The last write of a job, which gives its result.
Settle = Callable[[], dict[str, Any]]
Work = Callable[[AnnotationStore, Job, Report], Settle]
# Store -> the worker that this process started last, and when.
_started: dict[str, tuple[subprocess.Popen[bytes], float]] = {}
_starting = threading.Lock()


def start_retraining(store: AnnotationStore, actor: User, parameters: Mapping[str, Any] | None = None) -> Job:
    """Queue a retraining and start a worker for it; where one is queued or running, return that one.

    Args:
        parameters: ``codebook`` (name or path), ``annotations`` (paths, in place of the base corpus), ``plan`` (values
            of a ``RetrainPlan``); all may be left out.

    Raises:
        RoleError: ``actor`` may not.
    """
    job = _queued(store, actor, RETRAIN, parameters)
    start_worker(store)
    return job


def start_retagging(store: AnnotationStore, actor: User) -> Job:
    """Queue the tagging of unreviewed turns with the champion, as ``start_retraining`` does for a retraining."""
    job = _queued(store, actor, RETAG, None)
    start_worker(store)
    return job


def retrain_here(
    store: AnnotationStore, actor: User, parameters: Mapping[str, Any] | None = None, also: Report | None = None
) -> Job:
    """Retrain in this process, and tag anew after a promotion; returns the retraining as it ended.

    Args:
        parameters: as for ``start_retraining``.
        also: told the share that is done and the message, too.

    Raises:
        StoreError: another process is at it.
    """
    queued = _queued(store, actor, RETRAIN, parameters)
    found = next((job for job in work(store, also) if job.job_id == queued.job_id), None)
    if found is None:
        raise StoreError(f"job {queued.job_id} ({RETRAIN}) waits for another process, or is done by it. Wait for it.")
    return found


def start_worker(store: AnnotationStore) -> int:
    """Start a worker of its own session, which outlives this process; returns its number."""
    url = store.database.engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen(
        [sys.executable, "-m", "ipt_nlp.learning.worker"],
        # A password in the arguments could be read by everybody on the machine.
        env={**os.environ, "IPT_NLP_STORE": url},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _started[store.database.name] = process, time.monotonic()
    return process.pid


def work(store: AnnotationStore, also: Report | None = None) -> list[Job]:
    """Do the queued jobs, one after the other; nothing where another worker is at it, which will take them.

    Args:
        also: told the share that is done and the message, too.

    Returns:
        The jobs as they ended.
    """
    done = []
    while job := _claim(store):
        done.append(_do(store, job, also))
    return done


def fail_dead(store: AnnotationStore) -> None:
    """Mark jobs whose worker is gone as failed, and start a worker for a job that waits and has none.

    Tagging anew is queued again: it goes on from where it was.
    """
    again = _mark_dead(store)
    before = timestamp(store.database.clock() - timedelta(seconds=PATIENCE_S))
    active = [job for job in store.jobs.list() if job.kind in KINDS and job.state in ("queued", "running")]
    if all(job.state == "queued" for job in active) and any(again or job.created_at < before for job in active):
        with _starting:
            if not _on_its_way(store, again=again):
                start_worker(store)


def _mark_dead(store: AnnotationStore) -> bool:
    """Fail jobs of this machine at once, others after a minute of silence; returns whether tagging was queued again."""
    with store.transaction():
        gone = [job for job in store.jobs.list() if job.state == "running" and _gone(job.worker)]
        dead = [store.jobs.fail(job.job_id, job.worker, "the worker was ended before it was done") for job in gone]
        dead += store.jobs.fail_silent(SILENT_S)
        tries = len(list(takewhile(lambda job: job.state == "failed", store.jobs.list(RETAG))))
        again = tries < MOST_TRIES and any(job.kind == RETAG and not job.cancel_requested for job in dead)
        if again:
            store.jobs.create(LOCAL, RETAG)
        return again


def _on_its_way(store: AnnotationStore, *, again: bool) -> bool:
    """Whether a worker that this process started has yet to take a job; asked often, it starts no more than needed."""
    process, at = _started.get(store.database.name, (None, 0.0))
    if process is None:
        return False
    return process.poll() is None or (not again and time.monotonic() - at < PATIENCE_S)


def _queued(store: AnnotationStore, actor: User, kind: str, parameters: Mapping[str, Any] | None) -> Job:
    _mark_dead(store)
    with store.transaction():
        active = (job for job in store.jobs.list(kind) if job.state in ("queued", "running"))
        return next(active, None) or store.jobs.create(actor, kind, parameters)


def _claim(store: AnnotationStore) -> Job | None:
    _mark_dead(store)
    with store.transaction():
        # Two at once would only slow each other down; the one that is running takes the next when it is done.
        if any(job.state == "running" and job.kind in KINDS for job in store.jobs.list()):
            return None
        return store.jobs.claim(this_worker(), KINDS)


def _do(store: AnnotationStore, job: Job, also: Report | None) -> Job:
    number, worker = job.job_id, job.worker
    try:
        with Watch(store, job, also) as watch:
            settle = WORK[job.kind](store, job, watch.report)
        return _finished(store, job, settle)
    except CancelledError:
        return _end(store, job, lambda: store.jobs.cancelled(number, worker))
    except KeyboardInterrupt:
        _end(store, job, lambda: store.jobs.cancelled(number, worker))
        raise
    except Exception as error:  # a traceback could quote a transcript
        why = str(error) if isinstance(error, IptNlpError) else _where(error)
        return _end(store, job, lambda: store.jobs.fail(number, worker, why))


def _finished(store: AnnotationStore, job: Job, settle: Settle) -> Job:
    """Write what the work came to and that it is done, together or not at all."""
    with store.transaction():
        done = store.jobs.finish(job.job_id, job.worker, settle())
        # Whoever promoted a model during the last transcript was told that this job would tag with it.
        if job.kind == RETAG and done.result["model"] != champion_ref(store):
            store.jobs.create(LOCAL, RETAG)
        return done


def _end(store: AnnotationStore, job: Job, end: Callable[[], Job]) -> Job:
    try:
        return end()
    except StoreError:
        # The job was taken from this worker, or its store is out of reach; what it says stands.
        return store.jobs.get(job.job_id)


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"internal error {type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"


def _gone(worker: str) -> bool:
    """Whether a worker was a process of this machine and is none any more."""
    host, _, number = worker.rpartition(":")
    if host != socket.gethostname() or not number.isdigit() or os.name != "posix":
        return False
    with suppress(ChildProcessError):
        os.waitpid(int(number), os.WNOHANG)  # a dead child of ours still has its number
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _retrain(store: AnnotationStore, job: Job, report: Report) -> Settle:
    challenger = challenge(store, job, report)

    def settle() -> dict[str, Any]:
        result = admit(store, challenger)
        if result["promoted"]:
            _queued(store, LOCAL, RETAG, None)
        return result

    return settle


def _retag(store: AnnotationStore, _job: Job, report: Report) -> Settle:
    result = retag(store, report)
    return lambda: result


WORK: Mapping[str, Work] = {RETRAIN: _retrain, RETAG: _retag}


def main() -> None:
    """Work on the jobs of ``$IPT_NLP_STORE`` until none is left."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(NICENESS)
    store = AnnotationStore.open(create=False)
    try:
        work(store)
    finally:
        store.close()


if __name__ == "__main__":
    main()
