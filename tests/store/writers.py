"""Annotators who write at the same time, from several processes with several threads each."""

from __future__ import annotations

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable

from ipt_nlp.errors import ConflictError, StoreError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import NewEvent, User

PROCESSES, THREADS, EVENTS = 4, 5, 20
WRITERS = PROCESSES * THREADS
Work = Callable[[AnnotationStore, int], Counter[str]]


def note(name: str, number: int, base: int | None) -> NewEvent:
    return NewEvent(transcript_id="s01", utterance_id=0, action="note", note=f"{name} {number}", base_event=base)


def own_coder(store: AnnotationStore, writer: int) -> Counter[str]:
    """Each writer is a coder of their own; nobody is in anybody's way."""
    me, base = User(f"coder{writer}", "annotator"), None
    for number in range(EVENTS):
        base = store.events.append(me, note(me.name, number, base)).event_id
    return Counter(stored=EVENTS)


def same_coder(store: AnnotationStore, writer: int) -> Counter[str]:
    """All writers are one coder with many tabs: who comes too late looks again and repeats."""
    me, seen, done = User("coder0", "annotator"), None, Counter[str]()
    for number in range(EVENTS):
        while True:
            try:
                seen = store.events.append(me, note(f"tab{writer}", number, seen)).event_id
                break
            except ConflictError as conflict:
                done["conflicts"] += 1
                seen = conflict.newest
        done["stored"] += 1
    return done


def lease_all(store: AnnotationStore, writer: int) -> Counter[str]:
    """Each writer takes whatever is free of one queue."""
    me = User(f"coder{writer}", "annotator")
    return Counter(granted=len(store.leases.lease(me, "q", [("s01", n) for n in range(4)], 60)))


def create_job(store: AnnotationStore, writer: int) -> Counter[str]:
    """Each writer starts the same kind of job, and takes one if it can."""
    done = Counter[str]()
    try:
        store.jobs.create(LOCAL, "retrain")
        done["created"] += 1
    except StoreError:
        done["refused"] += 1
    done["claimed"] += store.jobs.claim(f"w{writer}", ["retrain"]) is not None
    return done


def run_all(url: str, work: Work) -> Counter[str]:
    """Let all writers work at once; what they counted together."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool:
        return sum(pool.starmap(_process, [(url, work, number) for number in range(PROCESSES)], 1), Counter())


def _process(url: str, work: Work, number: int) -> Counter[str]:
    # Opening is part of it: on a new store, every process finds it without tables.
    store, done = AnnotationStore.open(url), Counter[str]()
    failed: list[BaseException] = []

    def one(writer: int) -> None:
        try:
            done.update(work(store, writer))
        except Exception as error:  # a thread would swallow it
            failed.append(error)

    threads = [threading.Thread(target=one, args=(number * THREADS + n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    if failed:
        raise failed[0]
    return done


def look(_store: AnnotationStore, _writer: int) -> Counter[str]:
    return Counter(opened=1)
