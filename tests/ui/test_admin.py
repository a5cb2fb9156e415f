"""Users, leases, the trail and backups."""

from __future__ import annotations

import pytest

from ipt_nlp.errors import RoleError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import User
from ipt_nlp.ui.state import admin
from tests.store.conftest import run
from tests.ui.coders import person
from tests.ui.conftest import PASSWORD


@pytest.fixture
def ada(store: AnnotationStore) -> User:
    return person(store, "ada", "admin")


def test_the_first_user_is_an_admin(store: AnnotationStore) -> None:
    refused = admin.add_user(store, LOCAL, "ann", "annotator", PASSWORD)
    assert not refused.done
    assert "admin" in refused.text
    assert admin.add_user(store, LOCAL, " ada ", "admin", PASSWORD).done
    assert admin.add_user(store, LOCAL, "ann", "annotator", PASSWORD).text == "ann is added as annotator."
    assert not admin.add_user(store, LOCAL, "eve", "annotator", "short").done
    assert admin.user_table(store)["Name"] == ["ada", "ann"]


def test_a_person_is_changed_by_admins_alone(store: AnnotationStore, ada: User) -> None:
    ann = person(store, "ann")
    assert admin.change_role(store, ada, "ann", "supervisor").done
    assert admin.new_password(store, ada, "ann", "another long one").done
    assert store.users.verify("ann", "another long one") is not None
    assert admin.set_disabled(store, ada, "ann", disabled=True).done
    assert store.users.verify("ann", "another long one") is None
    assert admin.set_disabled(store, ada, "ann", disabled=False).done
    assert "may not" in admin.change_role(store, ann, "ada", "annotator").text
    assert not admin.set_disabled(store, ada, "ada", disabled=True).done
    assert "only admin" in admin.change_role(store, ada, "ada", "annotator").text


def test_leases_are_shown_by_person_and_can_be_freed(store: AnnotationStore, ada: User) -> None:
    ann, ben = person(store, "ann"), person(store, "ben")
    store.leases.lease(ann, "random", [("s01", 0), ("s01", 1)], 10)
    store.leases.lease(ben, "random", [("s01", 2)], 10)
    rows = admin.held(store)
    assert admin.held_table(rows)["Turns"] == [2, 1]
    with pytest.raises(RoleError):
        store.leases.free(ann, [1])
    assert admin.free(store, ada, rows[0]).text == "2 turns of ann in “random” are free again."
    assert [row.holder for row in admin.held(store)] == ["ben"]
    assert len(store.leases.lease(ben, "random", [("s01", 0)], 10)) == 1
    assert store.verify() == []


@pytest.mark.usefixtures("ada")
def test_the_trail_is_verified(store: AnnotationStore) -> None:
    assert store.audit.actors() == ["local"]
    assert "user.add" in store.audit.kinds()
    table = admin.trail_table(store.audit.newest(5))
    assert table["What"][0] == "user.add"
    assert "ada" in table["On"][0]
    sound = admin.verified(store)
    assert sound.done
    assert store.audit.head() in sound.text
    run(store.database.name, "UPDATE users SET role = 'annotator'")
    broken = admin.verified(store)
    assert not broken.done
    assert "1 problem" in broken.text


def test_a_backup_goes_beside_the_store_and_nowhere_else(store: AnnotationStore) -> None:
    path = admin.backup_path(store, "monday.zip")
    assert path is not None
    assert path.parent == admin.backup_folder(store)
    for name in ("", "../monday", "/etc/monday", ".hidden", "a\\b", "line\nbreak"):
        assert admin.backup_path(store, name) is None
    assert admin.back_up(store, LOCAL, path).done
    assert admin.backups(store) == [path]
    assert "exists already" in admin.back_up(store, LOCAL, path).text
    assert path.stat().st_mode & 0o077 == 0
    assert store.database.size() > 4096


@pytest.mark.parametrize(
    ("count", "said"), [(3, "3 bytes"), (2048, "2.0 KB"), (3 << 20, "3.0 MB"), (5 << 30, "5.0 GB")]
)
def test_sizes_are_worded(count: int, said: str) -> None:
    assert admin.size(count) == said
