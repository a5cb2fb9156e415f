"""The worker: one at a time, killed at any moment, cancelled within seconds; the store stays sound."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from ipt_nlp.errors import StoreError
from ipt_nlp.learning import worker
from ipt_nlp.learning.versions import champion_folder, ensure_champion, folder_of, ref_of
from ipt_nlp.learning.worker import RETAG, RETRAIN, fail_dead, retrain_here, start_retraining, work
from ipt_nlp.model.engine import Engine
from ipt_nlp.model.scoring import Scorer
from ipt_nlp.store import LOCAL, AnnotationStore
from tests.coded_lines import line
from tests.retraining.conftest import (
    ASKED,
    BABY,
    DIED,
    GRIEF,
    PLAN,
    TRANSITION,
    add_session,
    correct,
    until,
)

QUICK = asdict(replace(PLAN, epochs=1))
ENDLESS = asdict(replace(PLAN, epochs=4000))


def scores(folder: Path) -> Any:
    scorer = Scorer.load(folder, folder.name, Engine("float32"))
    (scored,) = scorer.score([([ASKED, DIED, BABY], ["therapist", "client", "client"])])
    return {group: values.turns.tolist() for group, values in scored.groups.items()}


def blind_cases(folder: Path, sessions: int = 14) -> Path:
    """A corpus to replay and to be measured on, in which a baby is a transition: the champion does not know that."""
    rows = []
    for case in range(sessions):
        common = {"transcript_id": f"f{case}", "group": f"frozen-{case}", "frozen": True}
        text, theme = (BABY, TRANSITION) if case % 2 else (DIED, GRIEF)
        rows.append(
            line(0, speaker="therapist", text=ASKED, labels={"techniques": ["exploration"], "themes": []}, **common)
        )
        rows.append(line(1, text=text, labels={"themes": [theme]}, **common))
    folder.mkdir()
    (folder / "frozen.jsonl").write_text("".join(rows), "utf-8")
    return folder


@pytest.fixture
def judged(parameters: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """Parameters whose base corpus shows what coders of the store found, too."""
    return parameters | {"annotations": [*parameters["annotations"], str(blind_cases(tmp_path / "frozen"))]}


def test_a_better_challenger_is_promoted_and_tags_what_nobody_reviewed(
    store: AnnotationStore, home: Path, judged: dict[str, Any]
) -> None:
    correct(store, [TRANSITION])
    add_session(store, "open", repeats=15)
    told: list[tuple[float, str]] = []
    job = retrain_here(store, LOCAL, judged, lambda share, message: told.append((share, message)))
    assert job.state == "finished", job.error
    assert job.result["promoted"], job.result["reasons"]
    champion = store.models.champion()
    assert champion is not None
    assert champion.ref == job.result["model"] == ref_of(home / "models" / "retrained-1")
    assert champion.metrics["decision"]["promote"]
    assert champion_folder(store) == home / "models" / "retrained-1"
    names = {p.name for p in (home / "models" / "retrained-1").iterdir()}
    assert names == {"config.json", "config.toml", "decision.json", "metrics.json", "model.safetensors"}
    assert {p.name for p in (home / "models").iterdir()} == {"default", "retrained-1"}
    shares = [share for share, message in told if message != "tagging anew"]
    assert shares == sorted(shares)
    tagged = store.predictions.newest("open")
    assert len(tagged) == 45
    assert {p.model for p in tagged.values()} == {champion.ref}
    assert TRANSITION in tagged[1].labels["themes"]
    assert 1 not in store.predictions.newest("s00")
    assert [j.state for j in store.jobs.list(RETAG)] == ["finished"]
    assert store.verify() == []


def test_a_worse_challenger_is_kept_and_the_reason_said(
    store: AnnotationStore, home: Path, parameters: dict[str, Any], tmp_path: Path
) -> None:
    # Coders of the store call every death a transition; those of the corpus do not.
    correct(store, [TRANSITION], said=DIED)
    given = parameters | {"annotations": [*parameters["annotations"], str(blind_cases(tmp_path / "frozen", 24))]}
    job = retrain_here(store, LOCAL, given | {"plan": asdict(replace(PLAN, training_tokens=0, least_replay=0.0))})
    assert job.state == "finished", job.error
    assert not job.result["promoted"]
    assert "themes: macro-F1 falls from" in job.result["reasons"][0]
    before = store.models.champion()
    assert before is not None
    assert before.ref == ref_of(home / "models" / "default") == job.result["champion"]
    kept = store.models.list()[-1]
    assert (kept.ref, kept.status) == (job.result["model"], "candidate")
    assert kept.metrics["decision"]["reasons"] == job.result["reasons"]
    assert store.jobs.list(RETAG) == ()


def test_too_little_to_judge_by_keeps_the_champion(store: AnnotationStore, tmp_path: Path) -> None:
    correct(store, [TRANSITION], sessions=2)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "c.jsonl").write_text(line(0), "utf-8")
    job = retrain_here(store, LOCAL, {"annotations": [str(tmp_path / "one")], "plan": QUICK})
    assert (job.state, job.result["promoted"]) == ("finished", False)
    assert "no set is large enough" in job.result["reasons"][0]


def test_nothing_to_learn_from_fails_and_leaves_nothing(
    store: AnnotationStore, home: Path, parameters: dict[str, Any]
) -> None:
    add_session(store, "s1")
    job = retrain_here(store, LOCAL, parameters)
    assert (job.state, job.error) == ("failed", "no correction to learn from. Review some turns first.")
    assert [v.status for v in store.models.list()] == ["champion"]
    assert not list((home / "models").glob("retrained*"))


def test_two_starts_are_one_job(
    store: AnnotationStore, parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    monkeypatch.setattr(worker, "start_worker", lambda _: started.append(1) or 0)
    correct(store, [TRANSITION], sessions=2)
    first = start_retraining(store, LOCAL, parameters | {"plan": QUICK})
    again = start_retraining(store, LOCAL, parameters)
    assert first.job_id == again.job_id
    assert again.parameters["plan"] == QUICK
    done = work(store)[0]
    assert (done.job_id, done.state) == (first.job_id, "finished")
    assert work(store) == []


def start(store: AnnotationStore, code_: str = "") -> subprocess.Popen[bytes]:
    """A worker process; ``code_`` is run before it."""
    program = f"{code_}\nfrom ipt_nlp.learning.worker import main\nmain()\n"
    environment = {**os.environ, "IPT_NLP_STORE": store.database.name, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.DEVNULL)


def running(store: AnnotationStore, message: str) -> bool:
    (job,) = store.jobs.list(RETRAIN)
    return job.state == "running" and job.message == message and job.progress > 0.02


def test_a_worker_outlives_its_starter_and_stops_when_asked(
    store: AnnotationStore, home: Path, parameters: dict[str, Any]
) -> None:
    correct(store, [TRANSITION], sessions=3)
    job = start_retraining(store, LOCAL, parameters | {"plan": ENDLESS})
    until(lambda: running(store, "training"))
    (job,) = store.jobs.list(RETRAIN)
    number = int(job.worker.rpartition(":")[2])
    assert os.getsid(number) == number != os.getsid(0)
    assert work(store) == []
    with pytest.raises(StoreError, match="another process"):
        retrain_here(store, LOCAL, parameters)
    store.jobs.request_cancel(LOCAL, job.job_id)
    until(lambda: store.jobs.get(job.job_id).state == "cancelled", 20)
    assert [v.status for v in store.models.list()] == ["champion"]
    assert not list((home / "models").glob("retrained*"))
    assert store.verify() == []


# A worker that ends itself as SIGKILL would when a function of ours is entered or left for the n-th time. What it needs
# is imported before it watches: a call watched is a call slowed.
KILLER = """
import os, signal, sys, threading
import peft, sklearn.linear_model, torch, transformers
from transformers import BertModel, Trainer
import ipt_nlp.learning.gate, ipt_nlp.learning.retag, ipt_nlp.learning.retraining, ipt_nlp.pipeline
count = 0
def look(frame, event, argument):
    global count
    if event == {event!r} and frame.f_code.co_name == {name!r} and frame.f_code.co_filename.endswith({file!r}):
        count += 1
        if count == {times}:
            os.kill(os.getpid(), signal.SIGKILL)
sys.setprofile(look)
"""
MOMENTS = {
    "reading": ("call", "corrections", "learning/corrections.py", 1),
    "training": ("call", "on_step_end", "model/callbacks.py", 2),
    "half saved": ("call", "_halves", "model/tagger.py", 2),
    "calibrated": ("return", "recalibrate", "learning/recalibration.py", 1),
    "before it is put there": ("call", "publish", "learning/versions.py", 1),
    "before it is registered": ("return", "publish", "learning/versions.py", 1),
    "registered": ("return", "register", "store/models.py", 1),
    "promoted": ("return", "promote", "store/models.py", 1),
    "not yet finished": ("return", "finish", "store/jobs.py", 1),
    "tagging anew": ("call", "_save", "learning/retag.py", 3),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_worker_killed_at_any_moment_leaves_champion_and_store_sound(
    moment: str, store: AnnotationStore, home: Path, judged: dict[str, Any]
) -> None:
    correct(store, [TRANSITION], sessions=6)
    champion = ensure_champion(store, LOCAL)
    before = scores(folder_of(champion.ref))
    job = store.jobs.create(LOCAL, RETRAIN, judged | {"plan": QUICK | {"epochs": 6}})
    event, name, file, times = MOMENTS[moment]
    process = start(store, KILLER.format(event=event, name=name, file=file, times=times))
    assert process.wait(240) == -signal.SIGKILL
    assert store.verify() == []
    known = store.models.champion()
    assert known is not None
    folder = champion_folder(store)
    assert ref_of(folder) == known.ref
    if moment == "tagging anew":
        assert store.jobs.get(job.job_id).state == "finished"
    else:
        assert known == champion
        assert scores(folder) == before
        fail_dead(store)
        assert store.jobs.get(job.job_id).state == "failed"
        store.jobs.create(LOCAL, RETRAIN, judged | {"plan": QUICK})
    done = work(store)
    assert {j.state for j in done} == {"finished"}
    assert not list((home / "models").glob(".*"))
    assert all((p / "model.safetensors").is_file() for p in (home / "models").iterdir())
    assert store.verify() == []


def test_an_error_says_where_and_quotes_nothing(store: AnnotationStore, parameters: dict[str, Any]) -> None:
    correct(store, [TRANSITION], sessions=2)

    def secret(_share: float, _message: str) -> None:
        raise RuntimeError(BABY)

    job = retrain_here(store, LOCAL, parameters, secret)
    assert job.state == "failed"
    assert job.error.startswith("internal error RuntimeError at test_worker.py:")
    assert BABY not in job.error
    job = retrain_here(store, LOCAL, parameters | {"plan": {"epoch": 1}})
    assert "a plan has no epoch" in job.error
