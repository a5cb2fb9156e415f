"""Twenty annotators at once on one store: what is lost or doubled, and how long a write takes.

Run: python scripts/bench_store.py [--out benchmarks]. PostgreSQL is measured where IPT_NLP_TEST_POSTGRES names a
server, in a schema of its own. ``paced``: each annotator saves every half second or so, many times faster than people
code. ``saturated``: no pause at all, so that a write waits for those of everybody else. Annotators are five threads in
each of four processes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import random
import statistics
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text

from ipt_nlp.errors import ConflictError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import NewEvent, User
from ipt_nlp.transcript import Transcript, Utterance

ROOT = Path(__file__).resolve().parents[1]
SERVER = "IPT_NLP_TEST_POSTGRES"
PROCESSES, THREADS = 4, 5
ANNOTATORS = PROCESSES * THREADS
TURNS = 50
PAUSE_S = 0.5
# Every so many events, an annotator saves from a tab that has not seen the newest one.
LATE_EVERY = 20


@dataclass
class Tally:
    """What one or more annotators saw."""

    seconds: list[float] = field(default_factory=list)
    conflicts: int = 0


def code(turn: int, number: int, base: int | None) -> NewEvent:
    """A coding of one turn; its note is unique to its annotator."""
    return NewEvent(
        transcript_id="bench",
        utterance_id=turn,
        action="change",
        labels={"techniques": ("exploration",), "themes": ()},
        codebook="ipt@1",
        note=str(number),
        mode="assisted",
        reviewed_model="default@1",
        base_event=base,
        seconds=4.0,
    )


def annotate(store: AnnotationStore, annotator: int, events: int, pause_s: float, tally: Tally) -> None:
    """Save ``events`` codings, one turn after the other, round and round."""
    me, newest = User(f"coder{annotator}", "annotator"), dict[int, int]()
    pauses = random.Random(annotator)  # noqa: S311  # no secret
    for number in range(events):
        turn = number % TURNS
        time.sleep(pauses.uniform(0, 2 * pause_s))
        if number % LATE_EVERY == LATE_EVERY - 1:
            try:
                store.events.append(me, code(turn, -1, newest.get(turn, 0) - 1))
            except ConflictError:
                tally.conflicts += 1
        start = time.perf_counter()
        newest[turn] = store.events.append(me, code(turn, number, newest.get(turn))).event_id
        tally.seconds.append(time.perf_counter() - start)


def process(url: str, first: int, events: int, pause_s: float) -> Tally:
    """The annotators of one process."""
    store, tally = AnnotationStore.open(url), Tally()
    threads = [
        threading.Thread(target=annotate, args=(store, first + n, events, pause_s, tally)) for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    return tally


def figures(url: str, events: int, pause_s: float) -> dict[str, Any]:
    """One run of all annotators on a new store."""
    store = AnnotationStore.open(url)
    turns = tuple(Utterance(n, ("therapist", "client")[n % 2], f"Turn {n}.") for n in range(TURNS))
    store.transcripts.add(LOCAL, Transcript("bench", turns))
    for number in range(ANNOTATORS):
        store.users.add(LOCAL, f"coder{number}", "annotator", uuid.uuid4().hex)
    work = [(url, number * THREADS, events, pause_s) for number in range(PROCESSES)]
    start = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        tallies = pool.starmap(process, work, 1)
    wall = time.perf_counter() - start
    stored = Counter((event.coder, event.note) for event in store.events.of_all_coders(LOCAL, "bench"))
    expected = {(f"coder{a}", str(n)) for a in range(ANNOTATORS) for n in range(events)}
    seconds = sorted(second for tally in tallies for second in tally.seconds)
    cuts = statistics.quantiles(seconds, n=100)
    return {
        "writes": len(seconds),
        "writes_per_s": round(len(seconds) / wall, 1),
        "lost": len(expected - set(stored)),
        "doubled": sum(stored.values()) - len(set(stored) & expected),
        "conflicts": {
            "made": ANNOTATORS * (events // LATE_EVERY),
            "reported": sum(tally.conflicts for tally in tallies),
        },
        "problems": len(store.verify()),
        "write_ms": {f"p{n}": round(cuts[n - 1] * 1000, 1) for n in (50, 95, 99)}
        | {"max": round(seconds[-1] * 1000, 1)},
    }


def postgres_schema() -> str | None:
    """The URL of a new schema on the server of the tests, if there is one."""
    if SERVER not in os.environ:
        return None
    url, name = make_url(os.environ[SERVER]).set(drivername="postgresql+psycopg"), f"bench_{uuid.uuid4().hex}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    return url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)


def measure(events: int) -> dict[str, Any]:
    """All figures of one run."""
    results: dict[str, Any] = {}
    busy = round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory() as folder:
        for load, pause_s in (("paced", PAUSE_S), ("saturated", 0.0)):
            results[f"sqlite {load}"] = figures(f"{folder}/{load}.db", events, pause_s)
            if url := postgres_schema():
                results[f"postgresql {load}"] = figures(url, events, pause_s)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "annotators": ANNOTATORS,
        "events_each": events,
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_before": busy,
        "results": results,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks")
    options = parser.parse_args()
    measured = measure(options.events)
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / f"store-{measured['date'][:10]}.json"
    file.write_text(json.dumps(measured, indent=1) + "\n", "utf-8")
    print(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
