from __future__ import annotations

import json
from pathlib import Path

import pytest

from ipt_nlp.cli import run
from ipt_nlp.store import LOCAL, AnnotationStore
from tests.store.conftest import run as sql
from tests.store.conftest import session

TALK = "T: What did you say then?\nC: Nothing. I went home.\n"


@pytest.fixture
def place(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store that the environment names."""
    monkeypatch.setenv("IPT_NLP_STORE", url)
    return url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "s01.txt"
    path.write_text(TALK, "utf-8")
    return path


def test_import_fills_the_store_and_says_what_was_there(
    place: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", str(file), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["transcripts"] == [{"transcript_id": "s01", "outcome": "added", "stored_as": "s01"}]
    copy = file.with_name("copy.txt")
    copy.write_text(TALK, "utf-8")
    assert run(["import", str(file), str(copy)]) == 0
    captured = capsys.readouterr()
    assert "there already as s01" in captured.err
    assert "0 of 2 added" in captured.err
    assert "I went home" not in captured.err + captured.out
    assert AnnotationStore.open(place).transcripts.get("s01").utterances[1].text == "Nothing. I went home."


@pytest.mark.usefixtures("place")
def test_import_of_other_content_under_a_stored_id_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", str(file)]) == 0
    file.write_text(TALK + "T: And then?\n", "utf-8")
    file.with_name("s02.txt").write_text("T: So?\nC: So.\n", "utf-8")
    assert run(["import", str(file.parent)]) == 1
    shown = capsys.readouterr().err
    assert "'s01': stored with other content" in shown
    assert "1 of 2 added" in shown


@pytest.mark.usefixtures("place")
def test_a_bad_file_stores_nothing(file: Path) -> None:
    file.with_name("t.txt").write_text("", "utf-8")
    assert run(["import", str(file.parent)]) == 2
    assert AnnotationStore.open().transcripts.list() == ()


@pytest.mark.usefixtures("place")
def test_a_role_that_is_none_is_refused(file: Path) -> None:
    assert run(["import", str(file), "--speaker", "T=boss"]) == 2


def test_verify_says_what_is_wrong(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    store = AnnotationStore.open(place)
    store.users.add(LOCAL, "ann", "annotator", "correct horse battery")
    assert run(["store", "verify"]) == 0
    assert "is sound" in capsys.readouterr().err
    sql(place, "UPDATE users SET role = 'admin'")
    assert run(["store", "verify", "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["problems"][0]["where"] == "users ann"
    assert "not sound: 1 problem" in captured.err


def test_backup_and_restore(place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    AnnotationStore.open(place).transcripts.add(LOCAL, session())
    backup, other = str(tmp_path / "b.zip"), str(tmp_path / "other.db")
    assert run(["store", "backup", backup, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert run(["store", "restore", backup, "--store", other]) == 0
    assert made["head"] in capsys.readouterr().err
    assert AnnotationStore.open(other).transcripts.get("s01") == session()
    assert run(["store", "restore", backup, "--store", other]) == 1
    assert "not empty" in capsys.readouterr().err


def test_migrate_says_what_it_did(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["store", "migrate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["before"] is None
    assert run(["store", "migrate"]) == 0
    assert "up to date (version 0004)" in capsys.readouterr().err
    sql(place, "UPDATE alembic_version SET version_num = '0999'")
    assert run(["store", "verify"]) == 1
    assert "newer ipt-nlp" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["verify"], ["backup", "b.zip"]])
@pytest.mark.usefixtures("place")
def test_a_store_that_is_not_there_is_not_made_up(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert run(["store", *command]) == 1
        assert "there is no store at" in capsys.readouterr().err
