"""Whoever guesses passwords waits, longer and longer, on both databases, and learns nothing from it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.config import Config

from ipt_nlp.store import LOCAL, AnnotationStore, schema
from ipt_nlp.store.database import connect, resolve
from ipt_nlp.store.sign_ins import FREE_TRIES, LONGEST_WAIT_S, digest_of, wait_after
from ipt_nlp.store.values import SignIn, User
from tests.store.conftest import PASSWORD, Clock, person


def guess(store: AnnotationStore, name: str, times: int) -> list[SignIn]:
    return [store.sign_ins.attempt(name, f"guess number {n}") for n in range(times)]


def test_the_right_password_signs_in_and_sets_the_count_back(store: AnnotationStore, ann: User) -> None:
    assert all(tried.wait_s == 0 for tried in guess(store, "ann", FREE_TRIES - 1))
    assert store.sign_ins.attempt("ann", PASSWORD) == SignIn(ann)
    assert [tried.wait_s for tried in guess(store, "ann", FREE_TRIES)] == [0, 0, 0, 0, 30]


@pytest.mark.usefixtures("ann")
def test_after_five_wrong_ones_even_the_right_password_waits(store: AnnotationStore, clock: Clock) -> None:
    guess(store, "ann", FREE_TRIES)
    assert store.sign_ins.attempt("ann", PASSWORD) == SignIn(None, 30, refused=True)
    clock.forward(seconds=29)
    assert store.sign_ins.attempt("ann", PASSWORD) == SignIn(None, 1, refused=True)
    clock.forward(seconds=1)
    assert store.sign_ins.attempt("ann", PASSWORD).user is not None


@pytest.mark.usefixtures("ann")
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(store: AnnotationStore, clock: Clock) -> None:
    guess(store, "ann", FREE_TRIES - 1)
    waits = []
    for _ in range(8):
        tried = store.sign_ins.attempt("ann", "wrong again")
        assert not tried.refused
        waits.append(tried.wait_s)
        clock.forward(seconds=tried.wait_s)
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]
    assert wait_after(10_000) == LONGEST_WAIT_S


@pytest.mark.usefixtures("ann")
def test_a_name_nobody_has_is_treated_the_same_and_names_wait_by_themselves(store: AnnotationStore) -> None:
    assert guess(store, "eve", 7) == guess(store, "ann", 7)
    assert guess(store, "e\x00ve", 1) == [SignIn(None)]
    person(store, "ben")
    assert store.sign_ins.attempt("ben", PASSWORD).user is not None


def test_a_disabled_user_is_told_no_more_than_anybody(store: AnnotationStore, ann: User) -> None:
    store.users.disable(LOCAL, ann.name)
    assert [store.sign_ins.attempt("ann", PASSWORD) for _ in range(6)] == guess(store, "nobody", 6)


def test_a_new_start_of_the_app_does_not_set_the_count_back(store: AnnotationStore, url: str, clock: Clock) -> None:
    guess(store, "ann", FREE_TRIES)
    again = AnnotationStore.open(url, clock=clock)
    assert again.sign_ins.attempt("ann", PASSWORD).refused
    again.close()


def test_tries_and_refusals_are_in_the_audit_without_what_was_typed(store: AnnotationStore, ann: User) -> None:
    guess(store, "ann", 6)
    store.sign_ins.attempt("my secret passphrase", "x")
    store.sign_ins.attempt("ben", PASSWORD)
    kinds = [entry.what for entry in store.audit.newest(8)]
    assert kinds == ["sign_in.try", "sign_in.try", "sign_in.refuse", *["sign_in.try"] * 5]
    (refused,) = store.audit.newest(9, what="sign_in.refuse")
    assert refused.ids == {"user": ann.name}
    everything = str(store.audit.newest(100))
    assert "secret" not in everything
    assert "guess" not in everything
    assert store.verify() == []


@pytest.mark.usefixtures("ann")
def test_many_guesses_at_once_gain_nothing(store: AnnotationStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        tried = list(pool.map(lambda n: store.sign_ins.attempt("ann", f"guess {n}"), range(12)))
    assert sum(not attempt.refused for attempt in tried) == FREE_TRIES


def test_a_store_of_the_first_version_gets_the_table(url: str, clock: Clock) -> None:
    database = connect(resolve(url), clock)
    with database.transaction() as t:
        config = Config(attributes={"connection": t.connection})
        config.set_main_option("script_location", "ipt_nlp.store:migrations")
        config.set_main_option("path_separator", "os")
        command.upgrade(config, "0001")
    database.close()
    store = AnnotationStore.open(url, clock=clock, migrate=False)
    person(store, "ann")
    assert store.migrate() == ("0001", schema.REVISION)
    assert guess(store, "ann", FREE_TRIES)[-1].wait_s == 30
    assert store.verify() == []
    store.close()


def test_names_are_told_apart_whatever_they_are_made_of() -> None:
    assert len({digest_of(name) for name in ("ann", "Ann", "ann ", "\ud800", "\ud801", "")}) == 6
