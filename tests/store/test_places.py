"""Where a store is, and who may read its file."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from ipt_nlp.errors import StoreError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.database import default_place, resolve
from tests.store.conftest import session


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_default_place_is_for_its_owner_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    store = AnnotationStore.open()
    store.transcripts.add(LOCAL, session())
    assert store.database.name == str(tmp_path / ".ipt-nlp" / "store.db")
    assert mode(tmp_path / ".ipt-nlp") == 0o700
    with store.transaction():
        assert {mode(file) for file in (tmp_path / ".ipt-nlp").iterdir()} == {0o600}


def test_the_environment_says_where(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPT_NLP_HOME", str(tmp_path / "home"))
    assert default_place() == tmp_path / "home" / "store.db"
    monkeypatch.setenv("IPT_NLP_STORE", str(tmp_path / "other.db"))
    assert resolve(None).database == str(tmp_path / "other.db")
    assert resolve(tmp_path / "given.db").database == str(tmp_path / "given.db")


@pytest.mark.parametrize("url", ["postgresql://ann:pw@host/db", "postgres://ann:pw@host/db"])
def test_a_postgres_url_gets_our_driver(url: str) -> None:
    assert resolve(url).drivername == "postgresql+psycopg"


@pytest.mark.parametrize("url", ["mysql://root:hunter2@host/db", "sqlite://", "sqlite:///:memory:", "://"])
def test_other_databases_are_refused_without_naming_the_password(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        AnnotationStore.open(url)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        AnnotationStore.open("postgresql://ann:hunter2@/db?host=/nowhere")
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "session.txt"
    path.write_text("T: a secret? " * 1000, "utf-8")
    with pytest.raises(StoreError, match="is no SQLite database") as caught:
        AnnotationStore.open(path)
    assert "secret" not in str(caught.value)
    assert path.read_text("utf-8").startswith("T: a secret? ")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written to"):
        AnnotationStore.open(tmp_path)


def test_a_store_can_be_used_from_any_thread(tmp_path: Path) -> None:
    store = AnnotationStore.open(tmp_path / "s.db")
    added = [threading.Thread(target=store.transcripts.add, args=(LOCAL, session(f"s{n}"))) for n in range(5)]
    for thread in added:
        thread.start()
    for thread in added:
        thread.join()
    assert len(store.transcripts.list()) == 5
    assert store.verify() == []
