"""What there is to learn from, the job, and which model is in use."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.queue import is_blind
from ipt_nlp.learning.versions import ref_of
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.ui.state import retrain
from tests.ui.coders import SESSIONS, TURNS, code, person, two_coders

BOOK = Codebook.load("ipt")
OLD, NEW = "default@1.0.0+aa", "retrained-1@1.0.1+bb"
MACRO = {
    "set_name": "corpus", "group": "themes", "labels": 3, "transcripts": 40, "champion_f1": 0.5, "challenger_f1": 0.4,
    "difference": -0.1, "interval": [-0.2, -0.01], "why": "",
}  # fmt: skip
LABEL = MACRO | {"label": "grief", "core": False, "positives": 7, "interval": None, "why": "only 4 transcripts"}
UNUSED = LABEL | {"label": "role_dispute", "champion_f1": None, "challenger_f1": None, "difference": None}
REASONS = ["corpus, themes: falls", "corpus, grief: rare; not judged by itself"]
DECISION = {"promote": False, "reasons": REASONS, "labels": [LABEL, UNUSED], "macros": [MACRO]}


@pytest.fixture
def models(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Two models in folders of their own: the refs of an older and a newer one."""
    monkeypatch.setenv("IPT_NLP_HOME", str(tmp_path))
    folders = [tmp_path / "models" / name for name in ("first", "retrained-1")]
    for folder in folders:
        shutil.copytree(tiny_model, folder)
    old, new = map(ref_of, folders)
    return old, new


def registered(store: AnnotationStore, old: str = OLD, new: str = NEW) -> None:
    store.models.register(LOCAL, old, {}, "ipt@1")
    store.models.promote(LOCAL, old)
    store.models.register(LOCAL, new, {"decision": DECISION, "learned": {"turns": 40}}, "ipt@1")


def test_turns_to_learn_from_are_counted_and_the_audit_kept_apart(store: AnnotationStore) -> None:
    two_coders(store)
    turns = [(name, n) for name in SESSIONS for n in range(TURNS)]
    audit = [turn for turn in turns if is_blind(turn, seed=0)]
    found = retrain.to_learn(store)
    assert (found.sessions, found.turns, found.audit) == (3, len(turns) - len(audit), len(audit))
    assert (found.new, found.new_uses) == (found.turns, found.uses)
    assert found.changed == sum(n in (0, 4) for _, n in set(turns) - set(audit))
    registered(store)
    assert retrain.to_learn(store).new == found.turns, "the shipped model has learned from none of them"
    store.models.promote(LOCAL, NEW)
    assert (retrain.to_learn(store).new, retrain.to_learn(store).changed) == (0, 0)
    code(store, person(store, "ann"), *next(turn for turn in turns if turn not in audit), "grief")
    assert (retrain.to_learn(store).new, retrain.to_learn(store).changed) == (1, 1)


def test_what_was_coded_while_a_training_ran_is_new(store: AnnotationStore) -> None:
    ann, _ = two_coders(store)
    job = store.jobs.create(LOCAL, retrain.RETRAIN)
    store.jobs.claim("w1", [retrain.RETRAIN])
    turn = next((name, n) for name in SESSIONS for n in range(TURNS) if not is_blind((name, n), seed=0))
    code(store, ann, *turn, "grief")
    registered(store)
    store.jobs.finish(job.job_id, "w1", {"model": NEW})
    store.models.promote(LOCAL, NEW)
    assert retrain.to_learn(store).new == 1


def test_the_balance_lists_every_code_the_most_used_first(store: AnnotationStore) -> None:
    two_coders(store)
    table = retrain.balance(retrain.to_learn(store), BOOK)
    assert len(table["Code"]) == len(BOOK.labels)
    assert table["To learn from"] == sorted(table["To learn from"], reverse=True)
    assert table["To learn from"][0] > 0 == table["To learn from"][-1]


def test_one_job_at_a_time_is_started_and_can_be_cancelled(
    store: AnnotationStore, started: Callable[[int], int]
) -> None:
    ada, ann = person(store, "ada", "admin"), person(store, "ann")
    assert not retrain.start(store, ann).done
    assert retrain.start(store, ada).done
    assert started(1) == 1
    assert "already" in retrain.start(store, ada).text
    job = retrain.running(store)
    assert job is not None
    assert "waiting" in retrain.worded_job(job)
    assert retrain.cancel(store, ada, job).done
    assert retrain.running(store) is None
    over = retrain.last(store)
    assert over is not None
    assert "cancelled" in retrain.ended(over).text


def test_a_job_whose_worker_is_gone_does_not_go_on_for_ever(store: AnnotationStore) -> None:
    from ipt_nlp.learning.watch import this_worker

    store.jobs.create(LOCAL, "retrain")
    dead = this_worker().rpartition(":")[0] + ":4194305"  # no process has a number as high
    store.jobs.claim(dead, ["retrain"])
    assert retrain.running(store) is None
    over = retrain.last(store)
    assert over is not None
    assert not retrain.ended(over).done


def test_how_a_retraining_ended_is_said(store: AnnotationStore) -> None:
    for promoted, said in ((True, "was promoted"), (False, "stayed")):
        job = store.jobs.create(LOCAL, "retrain")
        store.jobs.claim("w", ["retrain"])
        store.jobs.finish(job.job_id, "w", {"model": NEW, "promoted": promoted, "champion": OLD})
        end = retrain.ended(store.jobs.get(job.job_id))
        assert said in end.text
        assert "retrained-1@1.0.1, which" in end.text


def test_a_challenger_is_shown_beside_the_champion(store: AnnotationStore) -> None:
    registered(store)
    versions = store.models.list()[::-1]
    table = retrain.history(versions)
    assert table["Status"] == ["challenger", "in use"]
    assert table["Gate"] == ["keep the one before", ""]
    assert table["Learned from"] == ["40 reviewed turns", "the coded corpus"]
    assert retrain.reasons(versions[0]) == (["Corpus, themes: falls"], ["Corpus, grief: rare; not judged by itself"])
    macros = retrain.compared(versions[0], BOOK, macros=True)
    assert (macros["95 %"], macros["Note"]) == (["-0.200 to -0.010"], ["▼ worse"])
    labels = retrain.compared(versions[0], BOOK, macros=False)
    assert (labels["Code"], labels["Note"]) == (["Grief"], ["only 4 transcripts"])


def test_a_model_is_promoted_kept_and_rolled_back(
    store: AnnotationStore, started: Callable[[int], int], models: tuple[str, str]
) -> None:
    old, new = models
    registered(store, old, new)
    ada, sue = person(store, "ada", "admin"), person(store, "sue", "supervisor")
    assert not retrain.promote(store, sue, new).done
    assert retrain.promote(store, ada, new).done
    before = store.models.before()
    assert before is not None
    assert (champion(store), before.ref, started(1)) == (new, old, 1)
    assert retrain.roll_back(store, ada).done
    assert champion(store) == old
    assert not retrain.roll_back(store, ada).done
    store.models.register(LOCAL, "retrained-2@1.0.1+cc", {}, "ipt@1")
    assert retrain.keep(store, ada, "retrained-2@1.0.1+cc").done
    assert [v.status for v in store.models.list()] == ["champion", "retired", "retired"]


def test_nothing_changes_where_a_models_folder_is_gone(
    store: AnnotationStore, models: tuple[str, str], tmp_path: Path
) -> None:
    old, new = models
    registered(store, old, new)
    store.models.promote(LOCAL, new)
    shutil.rmtree(tmp_path / "models" / "first")
    assert "gone" in retrain.roll_back(store, LOCAL).text
    assert champion(store) == new


def champion(store: AnnotationStore) -> str:
    found = store.models.champion()
    assert found is not None
    return found.ref
