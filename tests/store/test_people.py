from __future__ import annotations

import pytest

from ipt_nlp.errors import RoleError, StoreError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import User
from tests.store.conftest import PASSWORD, Clock, person, session


def test_one_person_alone_needs_no_password(store: AnnotationStore) -> None:
    assert store.users.single_user() == LOCAL
    person(store, "ann")
    assert store.users.single_user() is None


def test_a_password_is_verified_and_never_stored(store: AnnotationStore) -> None:
    ann = person(store, "ann")
    assert store.users.verify("ann", PASSWORD) == ann
    assert store.users.verify("ann", PASSWORD + " ") is None
    assert store.users.verify("nobody", PASSWORD) is None
    (entry,) = store.audit.of("users", "ann")
    assert PASSWORD not in str(entry)
    assert "argon2" not in str(entry)


def test_a_password_can_be_changed_by_its_owner_and_by_admins(store: AnnotationStore, ann: User, ben: User) -> None:
    store.users.change_password(ann, "ann", "another long one")
    assert store.users.verify("ann", PASSWORD) is None
    assert store.users.verify("ann", "another long one") == ann
    store.users.change_password(LOCAL, "ann", "a third long one")
    assert store.users.verify("ann", "a third long one") == ann
    with pytest.raises(RoleError):
        store.users.change_password(ben, "ann", "my own long one")


@pytest.mark.parametrize("name", ["local", "", " ann", "worker:1", "a\nb", "x" * 101])
def test_a_name_that_is_none_is_refused(store: AnnotationStore, name: str) -> None:
    with pytest.raises(StoreError):
        person(store, name)


def test_a_short_password_an_unknown_role_and_a_taken_name_are_refused(store: AnnotationStore, ann: User) -> None:
    with pytest.raises(StoreError, match="at least 10"):
        store.users.add(LOCAL, "ben", "annotator", "short")
    with pytest.raises(StoreError, match="no role"):
        store.users.add(LOCAL, "ben", "owner", PASSWORD)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="already"):
        person(store, ann.name)


def test_the_role_in_the_store_counts_and_not_the_one_in_the_hand(store: AnnotationStore, ann: User) -> None:
    with pytest.raises(RoleError, match="'ann' is an annotator"):
        store.transcripts.add(User("ann", "admin"), session())
    with pytest.raises(RoleError, match="no user"):
        store.transcripts.add(User("eve", "admin"), session())
    with pytest.raises(RoleError):
        store.transcripts.add(User("local", "annotator"), session())
    store.users.change_role(LOCAL, "ann", "researcher")
    assert store.transcripts.add(ann, session()).outcome == "added"


def test_a_disabled_user_can_do_nothing(store: AnnotationStore, sue: User) -> None:
    assert store.users.disable(LOCAL, "sue").disabled
    assert store.users.get("sue") == User("sue", "supervisor", True, sue.created_at)
    assert store.users.verify("sue", PASSWORD) is None
    with pytest.raises(RoleError, match="disabled"):
        store.transcripts.add(sue, session())
    with pytest.raises(RoleError, match="disabled"):
        store.users.change_password(sue, "sue", "another long one")
    store.users.enable(LOCAL, "sue")
    assert store.users.verify("sue", PASSWORD) == sue


def test_there_is_always_an_admin(store: AnnotationStore) -> None:
    root, other = person(store, "root", "admin"), person(store, "other", "admin")
    store.users.change_role(root, "other", "annotator")
    with pytest.raises(StoreError, match="only admin"):
        store.users.disable(root, "root")
    with pytest.raises(StoreError, match="only admin"):
        store.users.change_role(root, "root", "annotator")
    assert [user.name for user in store.users.list() if user.role == "admin"] == ["root"]
    with pytest.raises(RoleError, match="It is for: admin"):
        store.users.change_role(other, "other", "admin")


def test_people_can_be_disabled_before_anybody_is_admin(store: AnnotationStore, ann: User) -> None:
    assert store.users.disable(LOCAL, ann.name).disabled


def test_every_change_of_a_user_is_in_the_audit(store: AnnotationStore, ann: User, clock: Clock) -> None:
    clock.forward(hours=1)
    store.users.change_role(LOCAL, ann.name, "researcher")
    first, second = store.audit.of("users", "ann")
    assert (first.what, second.what, second.actor) == ("user.add", "user.change_role", "local")
    assert second.ids == {"user": "ann", "role": "researcher"}
    assert second.at == "2026-01-05T10:00:00.000000Z"
    assert store.audit.newest(1, what="user.change_role", actor="local") == [second]
    assert store.verify() == []
