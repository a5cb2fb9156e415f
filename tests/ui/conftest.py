"""A store with one session that a made-up model has tagged."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st

from ipt_nlp.annotation import Prediction
from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.transcript import Transcript, Utterance
from ipt_nlp.ui.state.blind import always_blind
from ipt_nlp.ui.state.desk import Desk, open_desk
from ipt_nlp.ui.state.turns import Material

MODEL = "made-up@1.0.0+abc"
PASSWORD = "correct horse battery"  # noqa: S105


def transcript(name: str = "s01", turns: int = 12) -> Transcript:
    """Therapist and client in turn, with words of their own."""
    roles = ("therapist", "client")
    return Transcript(name, tuple(Utterance(n, roles[n % 2], f"{name}: words {n}. And more?") for n in range(turns)))


def prediction(spoken: Transcript, place: int) -> Prediction:
    """Exploration on what the therapist says, role dispute on what the client says."""
    utterance = spoken.utterances[place]
    therapist = utterance.speaker == "therapist"
    scores = dict.fromkeys([label.name for label in Codebook.load("ipt").labels], 0.05)
    given = "exploration" if therapist else "role_dispute"
    scores |= {given: 0.8, "clarification": 0.3 if therapist else 0.0}
    return Prediction(
        transcript_id=spoken.transcript_id,
        utterance_id=utterance.utterance_id,
        scores=scores,
        labels={"techniques": ("exploration",) if therapist else (), "themes": () if therapist else ("role_dispute",)},
        evidence={given: ((0, 5),)},
        cues=(),
        needs_review=False,
        model=MODEL,
        codebook="ipt@1",
    )


def fill(store: AnnotationStore, spoken: Transcript) -> None:
    store.transcripts.add(LOCAL, spoken)
    store.predictions.save(LOCAL, MODEL, [prediction(spoken, n) for n in range(len(spoken.utterances))])


def material(store: AnnotationStore, name: str = "s01") -> Material:
    return Material(store.transcripts.get(name), store.predictions.newest(name), Codebook.load("ipt"))


def desk(store: AnnotationStore, *, blind: bool = False) -> Desk:
    return open_desk(store, LOCAL, material(store), blind=blind)


def open_turns(name: str = "s01", turns: int = 12) -> list[int]:
    """The turns of a session that are not always coded blind."""
    return [n for n in range(turns) if not always_blind((name, n))]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AnnotationStore]:
    opened = AnnotationStore.open(tmp_path / "store.db")
    fill(opened, transcript())
    yield opened
    opened.close()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[int], int]:
    """How many workers were started, once there are as many as expected; they do nothing, so that jobs wait."""
    program, log = tmp_path / "idle", tmp_path / "started"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\n', "utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))

    def count(expected: int) -> int:
        until = time.monotonic() + 20
        while (found := len(log.read_text("utf-8").splitlines()) if log.is_file() else 0) < expected:
            if time.monotonic() > until:
                break
            time.sleep(0.02)
        return found

    return count


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AnnotationStore]:
    """A project that the pages find by themselves."""
    st.cache_resource.clear()
    monkeypatch.setenv("IPT_NLP_HOME", str(tmp_path))
    monkeypatch.delenv("IPT_NLP_STORE", raising=False)
    opened = AnnotationStore.open()
    fill(opened, transcript())
    yield opened
    opened.close()
    st.cache_resource.clear()
