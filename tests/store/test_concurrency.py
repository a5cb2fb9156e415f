"""Twenty writers at once, in real processes and threads: nothing lost, nothing doubled, conflicts told."""

from __future__ import annotations

import pytest

from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.transcript import Transcript
from tests.store.conftest import person, session
from tests.store.writers import EVENTS, WRITERS, create_job, lease_all, look, own_coder, run_all, same_coder

ALL = WRITERS * EVENTS


@pytest.fixture
def coders(url: str) -> AnnotationStore:
    store = AnnotationStore.open(url)
    store.transcripts.add(LOCAL, session())
    person(store, "coder0")
    return store


@pytest.fixture
def all_coders(coders: AnnotationStore) -> AnnotationStore:
    for number in range(1, WRITERS):
        person(coders, f"coder{number}")
    return coders


def test_twenty_coders_lose_and_double_nothing(all_coders: AnnotationStore, url: str) -> None:
    assert run_all(url, own_coder) == {"stored": ALL}
    events = all_coders.events.of_all_coders(LOCAL, "s01")
    assert sorted(event.event_id for event in events) == list(range(1, ALL + 1))
    for number in range(WRITERS):
        mine = all_coders.events.of_coder("s01", f"coder{number}")
        assert [event.note for event in mine] == [f"coder{number} {n}" for n in range(EVENTS)]
        assert [event.base_event for event in mine] == [None, *(event.event_id for event in mine[:-1])]
    assert all_coders.verify() == []


def test_twenty_tabs_of_one_coder_lose_nothing_and_hear_of_their_conflicts(coders: AnnotationStore, url: str) -> None:
    done = run_all(url, same_coder)
    events = coders.events.of_coder("s01", "coder0")
    assert done["stored"] == len(events) == ALL
    assert done["conflicts"] >= WRITERS - 1
    assert len({event.note for event in events}) == ALL
    assert [event.ordinal for event in events] == list(range(1, ALL + 1))
    assert [event.base_event for event in events] == [None, *(event.event_id for event in events[:-1])]
    assert coders.verify() == []


def test_twenty_coders_share_a_queue_without_taking_the_same_item(all_coders: AnnotationStore, url: str) -> None:
    assert run_all(url, lease_all) == {"granted": 4}
    leases = all_coders.leases.held("q")
    assert sorted(str(lease.utterance_id) for lease in leases) == ["0", "1", "2", "3"]
    assert all_coders.verify() == []


def test_of_twenty_jobs_of_a_kind_one_is_created_and_one_worker_gets_it(coders: AnnotationStore, url: str) -> None:
    assert run_all(url, create_job) == {"created": 1, "refused": WRITERS - 1, "claimed": 1}
    assert coders.verify() == []


def test_a_new_store_can_be_opened_by_all_at_once(url: str) -> None:
    assert run_all(url, look) == {"opened": WRITERS}
    store = AnnotationStore.open(url)
    assert store.transcripts.add(LOCAL, Transcript("s01", session().utterances)).outcome == "added"
    assert store.verify() == []
