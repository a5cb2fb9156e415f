"""Tickets by which a browser stays signed in."""

from __future__ import annotations

import pytest

from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.ui.state.people import working_user
from ipt_nlp.ui.state.tickets import STAY_S, Tickets, same_origin
from tests.ui.conftest import PASSWORD


@pytest.fixture
def people(store: AnnotationStore) -> AnnotationStore:
    store.users.add(LOCAL, "ada", "admin", PASSWORD)
    store.users.add(LOCAL, "ann", "annotator", PASSWORD)
    return store


def test_a_ticket_is_its_users_alone(people: AnnotationStore) -> None:
    tickets = Tickets()
    ada, ann = tickets.issue(people, "ada"), tickets.issue(people, "ann")
    assert (tickets.holder(people, ada), tickets.holder(people, ann)) == ("ada", "ann")
    assert len({ada, ann, tickets.issue(people, "ann")}) == 3
    for other in ("", "ada", ada[:-1], ada + " ", "\ud800"):
        assert tickets.holder(people, other) is None


def test_a_ticket_has_256_random_bits_and_only_its_hash_is_kept(people: AnnotationStore) -> None:
    tickets = Tickets()
    ticket = tickets.issue(people, "ann")
    assert len(ticket) * 6 >= 256
    assert ticket not in repr(tickets)


def test_a_dropped_ticket_ends_and_no_other(people: AnnotationStore) -> None:
    tickets = Tickets()
    one, other = tickets.issue(people, "ann"), tickets.issue(people, "ann")
    tickets.drop(one)
    assert tickets.holder(people, one) is None
    assert tickets.holder(people, other) == "ann"


def test_a_ticket_ends_with_the_working_day(people: AnnotationStore) -> None:
    now = [0.0]
    tickets = Tickets(clock=lambda: now[0])
    ticket = tickets.issue(people, "ann")
    now[0] = STAY_S - 1
    assert tickets.holder(people, ticket) == "ann"
    now[0] = STAY_S
    assert tickets.holder(people, ticket) is None


def test_a_new_password_ends_the_tickets_of_its_user(people: AnnotationStore) -> None:
    tickets = Tickets()
    ada, ann = tickets.issue(people, "ada"), tickets.issue(people, "ann")
    people.users.change_password(LOCAL, "ann", PASSWORD)
    assert tickets.holder(people, ann) is None
    assert tickets.holder(people, ada) == "ada"


def test_a_ticket_lets_nobody_in_who_has_been_disabled(people: AnnotationStore) -> None:
    tickets = Tickets()
    ticket = tickets.issue(people, "ann")
    assert working_user(people, tickets.holder(people, ticket)) == people.users.get("ann")
    people.users.disable(LOCAL, "ann")
    assert working_user(people, tickets.holder(people, ticket)) is None


def test_whoever_is_enabled_again_signs_in_again(people: AnnotationStore) -> None:
    tickets = Tickets()
    one, other, ada = (tickets.issue(people, name) for name in ("ann", "ann", "ada"))
    people.users.disable(LOCAL, "ann")
    assert tickets.holder(people, one) is None
    people.users.enable(LOCAL, "ann")
    assert [tickets.holder(people, ticket) for ticket in (one, other, ada)] == [None, None, "ada"]


def test_only_pages_of_the_app_itself_may_use_what_the_browser_keeps() -> None:
    assert same_origin("http://localhost:8501", "localhost:8501")
    assert same_origin("https://coding.clinic.example", "coding.clinic.example")
    for origin, host in [("http://localhost:9999", "localhost:8501"), ("", "localhost:8501"), ("", ""), ("null", "")]:
        assert not same_origin(origin, host)
