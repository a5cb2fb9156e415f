"""Tagging anew: what was reviewed stays, what waits is begun, and by one worker alone."""

from __future__ import annotations

import shutil
import socket
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from ipt_nlp.commands.app import go_on
from ipt_nlp.learning import worker
from ipt_nlp.learning.versions import ref_of
from ipt_nlp.learning.worker import MOST_TRIES, PATIENCE_S, RETAG, RETRAIN, fail_dead, work
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.database import utc_now
from tests.retraining.conftest import GRIEF, add_session, code, until

CUES = '["baby came"]'
# No process has a number as high.
DEAD = f"{socket.gethostname()}:4194305"


def test_a_reviewed_turn_keeps_the_prediction_that_its_coder_saw(store: AnnotationStore, home: Path) -> None:
    add_session(store, "s1")
    store.jobs.create(LOCAL, RETAG)
    work(store)
    first = store.predictions.newest("s1")
    code(store, "s1", 1, [GRIEF])
    ref = other(store, home)
    store.models.promote(LOCAL, ref)
    store.jobs.create(LOCAL, RETAG)
    (done,) = work(store)
    assert done.result == {"model": ref, "transcripts": 1, "turns": 5}
    second = store.predictions.newest("s1")
    assert second[1] == first[1]
    assert {p.model for i, p in second.items() if i != 1} == {ref}
    store.jobs.create(LOCAL, RETAG)
    assert work(store)[0].result["turns"] == 0


def other(store: AnnotationStore, home: Path) -> str:
    """The ref of another model of the store."""
    shutil.copytree(home / "models" / "default", home / "models" / "other")
    ref = ref_of(home / "models" / "other")
    store.models.register(LOCAL, ref, {}, "ipt@1.1")
    return ref


def test_a_model_promoted_during_the_last_transcript_tags_all_of_them(store: AnnotationStore, home: Path) -> None:
    for number in (1, 2):
        add_session(store, f"s{number}", repeats=number)
    ref = other(store, home)

    def also(share: float, _message: str) -> None:
        if share == 0.5 and store.models.champion() is None:
            store.models.promote(LOCAL, ref)

    store.jobs.create(LOCAL, RETAG)
    done = work(store, also)
    assert [job.state for job in done] == ["finished", "finished"]
    assert [job.result["turns"] for job in done] == [9, 9]
    assert {p.model for n in (1, 2) for p in store.predictions.newest(f"s{n}").values()} == {ref}
    assert work(store) == []


def test_cues_of_ones_own_codebook_outlive_the_model_that_learned_it(store: AnnotationStore, home: Path) -> None:
    add_session(store, "s1")
    text = (files("ipt_nlp") / "codebooks" / "ipt.toml").read_text("utf-8").replace('name = "ipt"', 'name = "own"', 1)
    entry = (
        f'group = "themes"\nname = "birth"\ntitle = "Birth"\ndefinition = "A birth."\nsource = "made"\ncues = {CUES}'
    )
    (home / "codebooks").mkdir()
    (home / "codebooks" / "own.toml").write_text(f"{text}\n[[labels]]\n{entry}\n", "utf-8")
    store.jobs.create(LOCAL, RETAG)
    work(store)
    tagged = store.predictions.newest("s1")[1]
    assert "birth" in {label for label, _, _ in tagged.cues}
    assert tagged.codebook.startswith("own@")


def test_a_store_without_transcripts_is_tagged_at_once(store: AnnotationStore) -> None:
    store.jobs.create(LOCAL, RETAG)
    assert [job.result["transcripts"] for job in work(store)] == [0]


def over(store: AnnotationStore) -> bool:
    return store.jobs.list(RETAG)[0].state not in ("queued", "running")


@pytest.fixture
def earlier(store: AnnotationStore) -> AnnotationStore:
    """The same store, a while ago."""

    def clock() -> datetime:
        return utc_now() - timedelta(seconds=2 * PATIENCE_S)

    return AnnotationStore.open(store.database.name, clock=clock)


def test_a_job_that_waits_and_has_no_worker_gets_one_when_the_app_starts(
    store: AnnotationStore, earlier: AnnotationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPT_NLP_STORE", store.database.name)
    add_session(store, "s1")
    store.jobs.create(LOCAL, RETRAIN)
    fail_dead(store)
    assert store.database.name not in worker._started, "its worker may be on the way"
    store.jobs.request_cancel(LOCAL, store.jobs.list()[0].job_id)
    job = earlier.jobs.create(LOCAL, RETAG)
    go_on()
    first, _ = worker._started[store.database.name]
    for _ in range(3):
        fail_dead(store)
    assert worker._started[store.database.name][0] is first
    until(lambda: over(store))
    assert store.jobs.get(job.job_id).state == "finished"
    assert store.jobs.get(job.job_id).worker == f"{socket.gethostname()}:{first.pid}"
    assert first.wait(60) == 0
    assert len(store.predictions.newest("s1")) == 6


def test_tagging_whose_worker_died_is_begun_again_by_another(store: AnnotationStore) -> None:
    add_session(store, "s1")
    dead = store.jobs.create(LOCAL, RETAG)
    store.jobs.claim(DEAD, [RETAG])
    fail_dead(store)
    assert store.jobs.get(dead.job_id).state == "failed"
    until(lambda: over(store))
    done = store.jobs.list(RETAG)[0]
    assert (done.state, done.result["turns"]) == ("finished", 6)
    assert worker._started[store.database.name][0].wait(60) == 0


def test_tagging_that_ends_every_worker_or_was_cancelled_is_not_begun_again(store: AnnotationStore) -> None:
    store.jobs.create(LOCAL, RETAG)
    job = store.jobs.claim(DEAD, [RETAG])
    assert job is not None
    store.jobs.request_cancel(LOCAL, job.job_id)
    assert work(store) == []
    assert [j.state for j in store.jobs.list()] == ["failed"]
    for _ in range(MOST_TRIES - 1):
        store.jobs.create(LOCAL, RETAG)
        job = store.jobs.claim(DEAD, [RETAG])
        assert job is not None
        store.jobs.fail(job.job_id, DEAD, "the worker was ended before it was done")
    assert len(store.jobs.list()) == MOST_TRIES
    store.jobs.create(LOCAL, RETAG)
    store.jobs.claim(DEAD, [RETAG])
    fail_dead(store)
    assert [j.state for j in store.jobs.list()] == ["failed"] * (MOST_TRIES + 1)
    assert store.database.name not in worker._started
