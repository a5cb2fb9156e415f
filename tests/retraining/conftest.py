"""A champion that knows two words, and a store in which coders teach it a third."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ipt_nlp.cli import run
from ipt_nlp.learning.lessons import RetrainPlan
from ipt_nlp.learning.queue import AUDIT_SEED, is_blind
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import NewEvent, User
from ipt_nlp.transcript import Transcript, Utterance
from tests.coded_lines import line

ASKED, QUIET = "What happened?", "Mm."
DIED, ARGUE, BABY = "He died in the spring.", "We argue about money.", "The baby came in June."
GRIEF, DISPUTE, TRANSITION = "grief", "role_dispute", "role_transition"
CASES, GROUPS = 64, 8
CODEBOOK = "ipt@1.1"
RECIPE = """\
epochs = 30
folds = 4
test_folds = [0]
calibration_folds = [1]
windows_per_step = 4
adapter_lr = 0.01
head_lr = 0.05
average_decay = 0.5
window_tokens = 64
context_tokens = 16
reading_context_tokens = 16
adapter_rank = 4
"""
PLAN = RetrainPlan(
    epochs=12, training_tokens=15_000, windows_per_step=4, adapter_lr=0.01, head_lr=0.05, average_decay=0.5
)


def base_lines() -> str:
    rows = []
    for case in range(CASES):
        common = {"transcript_id": f"t{case}", "group": f"made-{case % GROUPS}"}
        text, theme = (DIED, GRIEF) if case % 2 == 0 else (ARGUE, DISPUTE)
        asked = {"techniques": ["exploration"], "themes": []}
        rows.append(line(0, speaker="therapist", text=ASKED, labels=asked, **common))
        rows.append(line(1, text=text, labels={"themes": [theme]}, **common))
        rows.append(line(2, speaker="therapist", text=QUIET, labels={"techniques": [], "themes": []}, **common))
    return "".join(rows)


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base_corpus")
    (folder / "made.jsonl").write_text(base_lines(), "utf-8")
    return folder


@pytest.fixture(scope="session")
def trained(base_folder: Path, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tagger that tells grief from dispute by one word."""
    folder = tmp_path_factory.mktemp("champion")
    (folder / "recipe.toml").write_text(RECIPE, "utf-8")
    command = ["train", "--annotations", str(base_folder), "--config", str(folder / "recipe.toml")]
    assert run([*command, "--base", str(tiny_base), "-o", str(folder / "default")]) == 0
    return folder / "default"


@pytest.fixture
def home(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, whose model called default is the small champion."""
    folder = tmp_path / "home"
    shutil.copytree(trained, folder / "models" / "default")
    monkeypatch.setenv("IPT_NLP_HOME", str(folder))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return folder


@pytest.fixture
def store(home: Path) -> Iterator[AnnotationStore]:
    opened = AnnotationStore.open(home / "store.db")
    yield opened
    opened.close()


@pytest.fixture
def parameters(base_folder: Path) -> dict[str, Any]:
    return {"annotations": [str(base_folder)], "plan": asdict(PLAN)}


def until(condition: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def add_session(store: AnnotationStore, name: str, said: str = BABY, repeats: int = 2) -> Transcript:
    """A session in which the client says one thing again and again."""
    turns: list[Utterance] = []
    for _ in range(repeats):
        turns += [Utterance(len(turns), "therapist", ASKED), Utterance(len(turns) + 1, "client", said)]
        turns += [Utterance(len(turns), "therapist", QUIET)]
    transcript = Transcript(name, tuple(turns))
    assert store.transcripts.add(LOCAL, transcript).outcome in ("added", "same")
    return transcript


def code(
    store: AnnotationStore, transcript_id: str, utterance_id: int, themes: list[str], actor: User = LOCAL, **more: Any
) -> None:
    before = store.events.current(transcript_id, actor.name).get(utterance_id)
    values: dict[str, Any] = {"codebook": CODEBOOK, "mode": "assisted"} | more
    new = NewEvent(
        transcript_id=transcript_id,
        utterance_id=utterance_id,
        action="change",
        labels={"themes": tuple(themes)},
        base_event=before.event_id if before else None,
        **values,
    )
    store.events.append(actor, new)


def learnable(name: str, utterance_id: int) -> bool:
    """Whether a turn is outside the random audit."""
    return not is_blind((name, utterance_id), seed=AUDIT_SEED)


def correct(store: AnnotationStore, themes: list[str], sessions: int = 12, said: str = BABY) -> int:
    """Code what clients say in some sessions; returns the number of turns that can be learned from."""
    learned = 0
    for number in range(sessions):
        # No two sessions may be the same to the store.
        transcript = add_session(store, f"s{number:02}", said, repeats=1 + number)
        for utterance in transcript.utterances[1::3][:4]:
            code(store, transcript.transcript_id, int(utterance.utterance_id), themes)
            learned += learnable(transcript.transcript_id, int(utterance.utterance_id))
    return learned
