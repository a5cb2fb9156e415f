"""A job that is being worked on: it says that it is alive, how far it is, and hears when to stop."""

from __future__ import annotations

import os
import socket
import threading
from types import TracebackType
from typing import Self

from ipt_nlp.errors import IptNlpError, StoreError
from ipt_nlp.learning.retraining import Report
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import Job

BEAT_S = 2.0


class CancelledError(IptNlpError):
    """The job was asked to stop, or is somebody else's by now."""


def this_worker() -> str:
    """The name of this process as a worker: its machine and its number there."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Watch:
    """A heartbeat in a thread, for as long as the ``with`` block lasts.

    Args:
        also: told the share that is done and the message, too.
    """

    def __init__(self, store: AnnotationStore, job: Job, also: Report | None = None) -> None:
        self._store, self._job, self._also = store, job, also
        self._progress, self._message = 0.0, ""
        self._stop, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat of job {job.job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def report(self, progress: float, message: str) -> None:
        """Say how far the job is, from 0 to 1.

        Raises:
            CancelledError: it is to stop.
        """
        self._progress, self._message = progress, message
        if self._also:
            self._also(progress, message)
        if self._stop.is_set():
            raise CancelledError(f"job {self._job.job_id} was cancelled.")

    def _beat(self) -> None:
        while True:
            if self._told_to_stop():
                self._stop.set()
            if self._over.wait(BEAT_S):
                return

    def _told_to_stop(self) -> bool:
        jobs, number, worker = self._store.jobs, self._job.job_id, self._job.worker
        try:
            return jobs.heartbeat(number, worker, self._progress, self._message).cancel_requested
        except StoreError:
            return self._lost()

    def _lost(self) -> bool:
        """Whether the job is not this worker's any more; a store that is busy for a while is no reason to stop."""
        try:
            job = self._store.jobs.get(self._job.job_id)
        except StoreError:
            return False
        return (job.state, job.worker) != ("running", self._job.worker)
