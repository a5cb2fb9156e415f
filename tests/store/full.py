"""A store with something in each table, and a way past its triggers."""

from __future__ import annotations

from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import NewEvent, SessionDetails
from tests.store.conftest import person, run, session
from tests.store.test_models import DECISION, prediction


def fill(store: AnnotationStore) -> None:
    ann = person(store, "ann")
    store.transcripts.add(LOCAL, session(), SessionDetails(therapist="Ames", phase="middle"))
    store.codebooks.keep(LOCAL, Codebook.load("ipt"))
    store.models.register(LOCAL, "default@1", {"f1": 0.1 + 0.2}, "ipt@1")
    store.predictions.save(LOCAL, "default@1", [prediction(0), prediction(1)])
    base = None
    for note in ("“first” 😀", "second"):
        base = store.events.append(ann, coded(base, note=note)).event_id
    store.adjudications.append(LOCAL, DECISION)
    store.sign_offs.append(LOCAL, "s01", "sign_off")
    store.leases.lease(ann, "q", [("s01", 3)], 10)
    store.jobs.create(LOCAL, "retrain", {"n": 1})
    store.jobs.claim("w1", ["retrain"])
    store.sign_ins.attempt("ann", "wrong")
    store.glimpses.add(ann, [("s01", 1), ("s01", 2)])


def coded(base: int | None = None, **more: object) -> NewEvent:
    values = {"transcript_id": "s01", "utterance_id": 0, "action": "change", "labels": {"techniques": ("affect",)}}
    return NewEvent(**values | {"codebook": "ipt@1", "base_event": base, "seconds": 0.1} | more)  # type: ignore[arg-type]


def unlocked(url: str, table: str, *statements: str) -> None:
    """Change an append-only table as somebody with the database password, or the file, could."""
    if "://" in url:
        off, on = (f"ALTER TABLE {table} {verb} TRIGGER ALL" for verb in ("DISABLE", "ENABLE"))
        run(url, off, *statements, on)
    else:
        run(url, f"DROP TRIGGER {table}_no_update", f"DROP TRIGGER {table}_no_delete", *statements)
