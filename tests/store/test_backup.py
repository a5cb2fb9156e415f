"""Backups: on either database, whole or not at all, and for those who may."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from ipt_nlp.errors import RoleError, StoreError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.audit import START
from ipt_nlp.store.values import Role, User
from tests.store.conftest import BACKENDS, PASSWORD, Clock, drop, new_url, person
from tests.store.full import coded, unlocked


@pytest.mark.parametrize("target", BACKENDS)
def test_a_backup_restores_on_either_database(full: AnnotationStore, target: str, tmp_path: Path, clock: Clock) -> None:
    made = full.backup(LOCAL, tmp_path / "b.zip")
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600
    place = new_url(target, tmp_path)
    copy = AnnotationStore.open(place, clock=clock)
    restored = copy.restore(LOCAL, tmp_path / "b.zip")
    assert (restored.rows, restored.head) == (made.rows, made.head) == (restored.rows, full.audit.head())
    assert copy.verify() == []
    assert copy.audit.newest(1000) == full.audit.newest(1000)
    assert copy.transcripts.get("s01") == full.transcripts.get("s01")
    assert copy.events.of_coder("s01", "ann") == full.events.of_coder("s01", "ann")
    assert copy.predictions.newest("s01") == full.predictions.newest("s01")
    assert copy.users.verify("ann", PASSWORD) is not None
    again = copy.events.append(LOCAL, coded())
    assert again.event_id == 3
    assert copy.verify() == []
    copy.close()
    drop(place)


def test_a_backup_does_not_overwrite_and_is_restored_into_nothing_but_an_empty_store(
    full: AnnotationStore, tmp_path: Path
) -> None:
    full.backup(LOCAL, tmp_path / "b.zip")
    with pytest.raises(StoreError, match="exists already"):
        full.backup(LOCAL, tmp_path / "b.zip")
    with pytest.raises(StoreError, match="not empty"):
        full.restore(LOCAL, tmp_path / "b.zip")
    with pytest.raises(StoreError, match="cannot be written"):
        full.backup(LOCAL, tmp_path / "nowhere" / "b.zip")
    assert not list(tmp_path.glob("*.part"))


@pytest.fixture
def empty(backend: str, tmp_path: Path) -> Iterator[AnnotationStore]:
    place = new_url(backend, tmp_path)
    store = AnnotationStore.open(place)
    yield store
    store.close()
    drop(place)


def rewritten(source: Path, target: Path, **members: str) -> Path:
    with ZipFile(source) as old, ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, members.get(name.partition(".")[0], old.read(name)))
    return target


def test_a_damaged_backup_leaves_the_store_empty(full: AnnotationStore, empty: AnnotationStore, tmp_path: Path) -> None:
    sound = tmp_path / "b.zip"
    full.backup(LOCAL, sound)
    (tmp_path / "cut.zip").write_bytes(sound.read_bytes()[:-200])
    manifest = json.loads(ZipFile(sound).read("manifest.json"))
    newer = rewritten(sound, tmp_path / "n.zip", manifest=json.dumps(manifest | {"revision": "9999"}))
    changed = rewritten(sound, tmp_path / "c.zip", users="")
    for path, problem in (
        (tmp_path / "cut.zip", "damaged"),
        (changed, "damaged"),
        (newer, "another version"),
        (tmp_path / "none.zip", "cannot be read"),
    ):
        with pytest.raises(StoreError, match=problem):
            empty.restore(LOCAL, path)
    assert empty.audit.head() == START
    assert empty.restore(LOCAL, sound).head == full.audit.head()


def test_a_backup_of_a_tampered_store_is_not_restored(
    full: AnnotationStore, empty: AnnotationStore, url: str, tmp_path: Path
) -> None:
    unlocked(url, "annotations", "UPDATE annotations SET labels = '{}' WHERE event_id = 2")
    full.backup(LOCAL, tmp_path / "b.zip")
    with pytest.raises(StoreError, match="not sound, first: annotations 2"):
        empty.restore(LOCAL, tmp_path / "b.zip")
    assert empty.transcripts.list() == ()


def test_the_store_is_taken_away_and_filled_by_those_who_may(
    full: AnnotationStore, empty: AnnotationStore, tmp_path: Path
) -> None:
    roles: tuple[Role, ...] = ("supervisor", "researcher")
    for role in roles:
        with pytest.raises(RoleError, match="It is for: admin"):
            full.backup(person(full, role, role), tmp_path / "b.zip")
    with pytest.raises(RoleError, match="'ann' is an annotator"):
        full.backup(User("ann", "admin"), tmp_path / "b.zip")
    assert not list(tmp_path.glob("b.zip*"))
    ada = person(full, "ada", "admin")
    full.backup(ada, tmp_path / "b.zip")
    with pytest.raises(RoleError, match="no user of this store"):
        empty.restore(ada, tmp_path / "b.zip")
    assert empty.restore(LOCAL, tmp_path / "b.zip").head == full.audit.head()
