"""``ipt-nlp retrain`` and ``ipt-nlp models``."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from ipt_nlp.cli import run
from ipt_nlp.learning import worker
from ipt_nlp.learning.lessons import RetrainPlan
from ipt_nlp.learning.versions import ensure_champion
from ipt_nlp.store import LOCAL, AnnotationStore
from tests.retraining.conftest import PLAN, TRANSITION, correct


@pytest.fixture
def place(store: AnnotationStore) -> str:
    return store.database.name


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short plan, and no process in the background."""
    small = replace(PLAN, epochs=1)
    monkeypatch.setattr(RetrainPlan, "from_values", lambda _: small)
    monkeypatch.setattr(worker, "start_worker", lambda _: 0)


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_retrain_promote_and_go_back(
    store: AnnotationStore, place: str, base_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    correct(store, [TRANSITION], sessions=2)
    command = ["retrain", "--store", place, "--annotations", str(base_folder)]
    assert run([*command, "--json"]) == 0
    result = told(capsys)
    assert result["model"].startswith("retrained-1@1.0.1+")
    assert run(["models", "list", "--store", place, "--json"]) == 0
    rows = told(capsys)["models"]
    assert [row["model"] for row in rows] == [store.models.list()[0].ref, result["model"]]
    assert rows[1]["decision"]["reasons"] == result["reasons"]
    if not result["promoted"]:
        assert run(["models", "promote", "retrained-1", "--store", place, "--json"]) == 0
        assert told(capsys)["champion"] == result["model"]
    assert run(["models", "list", "--store", place]) == 0
    assert "champion" in capsys.readouterr().err
    assert run(["models", "promote", "retrained-1", "--store", place]) == 1
    assert "is the champion" in capsys.readouterr().err
    assert run(["models", "rollback", "--store", place]) == 0
    assert "Champion: default@" in capsys.readouterr().err
    champion = store.models.champion()
    assert champion is not None
    assert champion.ref == rows[0]["model"]
    assert run(["models", "rollback", "--store", place]) == 1
    assert "no champion before" in capsys.readouterr().err
    assert run(command) == 0
    assert "learned from" in capsys.readouterr().err


def test_a_list_writes_nothing(store: AnnotationStore, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = store.audit.head()
    assert run(["models", "list", "--store", place, "--json"]) == 0
    (shipped,) = told(capsys)["models"]
    assert shipped["model"].startswith("default@")
    assert shipped["status"] == "champion"
    assert run(["models", "list", "--store", place]) == 0
    assert (store.models.list(), store.audit.head()) == ((), before)
    assert shipped["model"] == ensure_champion(store, LOCAL).ref


def test_what_goes_wrong_is_said(store: AnnotationStore, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["retrain", "--store", place, "--annotations", "nowhere"]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert run(["models", "promote", "mine", "--store", place]) == 2
    assert "no model of this store is called 'mine'" in capsys.readouterr().err
    store.jobs.create(LOCAL, "retrain", {"plan": asdict(PLAN)})
    store.jobs.claim("elsewhere:1", ["retrain"])
    assert run(["retrain", "--store", place]) == 1
    assert "another process" in capsys.readouterr().err
