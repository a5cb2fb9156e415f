"""Queues with their leases, and jobs."""

from __future__ import annotations

import pytest

from ipt_nlp.errors import RoleError, StoreError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import Item, Lease, User
from tests.store.conftest import Clock, person, run

ITEMS: list[Item] = [("s01", n) for n in range(4)]


def turns(leases: tuple[Lease, ...]) -> list[object]:
    return [lease.utterance_id for lease in leases]


@pytest.mark.usefixtures("s01")
def test_an_item_is_leased_to_one_coder_at_a_time(store: AnnotationStore, ann: User, ben: User) -> None:
    assert turns(store.leases.lease(ann, "q", ITEMS[:2], 10)) == [0, 1]
    assert turns(store.leases.lease(ben, "q", ITEMS[:3], 10)) == [2]
    assert turns(store.leases.held("q", "ann")) == [0, 1]
    assert turns(store.leases.lease(ben, "other", ITEMS[:1], 10)) == [0]


@pytest.mark.usefixtures("s01")
def test_an_item_is_held_by_as_many_as_are_wanted(store: AnnotationStore, ann: User, ben: User) -> None:
    cas = person(store, "cas")
    for coder in (ann, ben, ann):
        assert turns(store.leases.lease(coder, "q", ITEMS[:2], 10, holders=2)) == [0, 1]
    assert turns(store.leases.lease(cas, "q", ITEMS[:3], 10, holders=2)) == [2]
    store.leases.release(ann, [lease.lease_id for lease in store.leases.held("q", "ann")])
    assert turns(store.leases.lease(cas, "q", ITEMS[:2], 10, holders=2)) == [0, 1]
    assert turns(store.leases.lease(ann, "q", ITEMS[:2], 10, holders=2)) == []
    assert store.verify() == []


@pytest.mark.usefixtures("s01")
def test_an_abandoned_item_comes_back(store: AnnotationStore, ann: User, ben: User, clock: Clock) -> None:
    (lease,) = store.leases.lease(ann, "q", ITEMS[:1], 10)
    clock.forward(minutes=10)
    assert store.leases.held("q") == ()
    assert turns(store.leases.lease(ben, "q", ITEMS[:1], 10)) == [0]
    whats = [entry.what for entry in store.audit.of("assignments", lease.lease_id)]
    assert whats == ["lease.take", "lease.expire"]


@pytest.mark.usefixtures("s01")
def test_a_lease_is_renewed_by_its_holder(store: AnnotationStore, ann: User, ben: User, clock: Clock) -> None:
    (lease,) = store.leases.lease(ann, "q", ITEMS[:1], 10)
    clock.forward(minutes=9)
    (again,) = store.leases.lease(ann, "q", ITEMS[:1], 20)
    assert (again.lease_id, again.expires_at) == (lease.lease_id, "2026-01-05T09:29:00.000000Z")
    clock.forward(minutes=19)
    assert store.leases.lease(ben, "q", ITEMS[:1], 10) == ()


@pytest.mark.usefixtures("s01")
def test_a_released_item_is_free_at_once(store: AnnotationStore, ann: User, ben: User) -> None:
    (lease,) = store.leases.lease(ann, "q", ITEMS[:1], 10)
    store.leases.release(ben, [lease.lease_id])
    assert turns(store.leases.lease(ben, "q", ITEMS[:1], 10)) == []
    store.leases.release(ann, [lease.lease_id, lease.lease_id])
    assert turns(store.leases.lease(ben, "q", ITEMS[:1], 10)) == [0]
    assert store.verify() == []


@pytest.mark.usefixtures("s01")
def test_an_item_that_is_not_there_or_no_time_is_refused(store: AnnotationStore, ann: User) -> None:
    with pytest.raises(StoreError, match="no utterance 9"):
        store.leases.lease(ann, "q", [("s01", 0), ("s01", 9)], 10)
    with pytest.raises(StoreError, match="more than 0"):
        store.leases.lease(ann, "q", ITEMS, 0)
    assert store.leases.held("q") == ()


def test_a_job_runs_from_the_queue_to_its_result(store: AnnotationStore, clock: Clock) -> None:
    queued = store.jobs.create(LOCAL, "retrain", {"base": "default"})
    assert (queued.state, queued.parameters, queued.created_by) == ("queued", {"base": "default"}, "local")
    assert store.jobs.claim("w1", ["other"]) is None
    running = store.jobs.claim("w1", ["retrain"])
    assert running is not None
    assert (running.job_id, running.state, running.worker) == (queued.job_id, "running", "w1")
    clock.forward(seconds=30)
    job = store.jobs.heartbeat(queued.job_id, "w1", 0.5, "epoch 2 of 4")
    assert (job.progress, job.message, job.cancel_requested) == (0.5, "epoch 2 of 4", False)
    job = store.jobs.finish(queued.job_id, "w1", {"ref": "mine@2"})
    assert (job.state, job.progress, job.result) == ("finished", 1.0, {"ref": "mine@2"})
    assert job.finished_at == "2026-01-05T09:00:30.000000Z"
    assert store.jobs.list("retrain") == (job,)
    whats = [(entry.what, entry.actor) for entry in store.audit.of("jobs", job.job_id)]
    assert whats == [("job.create", "local"), ("job.claim", "worker:w1"), ("job.finish", "worker:w1")]
    assert store.verify() == []


def test_a_kind_has_one_job_at_a_time(store: AnnotationStore) -> None:
    first = store.jobs.create(LOCAL, "retrain")
    with pytest.raises(StoreError, match=f"job {first.job_id} .retrain. is queued"):
        store.jobs.create(LOCAL, "retrain")
    store.jobs.create(LOCAL, "export")
    store.jobs.claim("w1", ["retrain"])
    with pytest.raises(StoreError, match="is running already"):
        store.jobs.create(LOCAL, "retrain")
    store.jobs.fail(first.job_id, "w1", "no corpus")
    assert store.jobs.create(LOCAL, "retrain").state == "queued"
    assert store.jobs.get(first.job_id).error == "no corpus"


def test_a_silent_workers_job_is_marked_failed(store: AnnotationStore, clock: Clock) -> None:
    job = store.jobs.create(LOCAL, "retrain")
    store.jobs.claim("w1", ["retrain"])
    clock.forward(minutes=5)
    assert [failed.job_id for failed in store.jobs.fail_silent()] == [job.job_id]
    assert store.jobs.get(job.job_id).state == "failed"
    assert store.jobs.fail_silent() == ()
    for late in (
        lambda: store.jobs.heartbeat(job.job_id, "w1", 0.9),
        lambda: store.jobs.finish(job.job_id, "w1"),
    ):
        with pytest.raises(StoreError, match="not being done by 'w1'"):
            late()


def test_cancelling_asks_a_running_worker_and_stops_a_queued_job(store: AnnotationStore) -> None:
    job = store.jobs.create(LOCAL, "retrain")
    assert store.jobs.request_cancel(LOCAL, job.job_id).state == "cancelled"
    with pytest.raises(StoreError, match="cancelled already"):
        store.jobs.request_cancel(LOCAL, job.job_id)
    job = store.jobs.create(LOCAL, "retrain")
    store.jobs.claim("w1", ["retrain"])
    assert store.jobs.request_cancel(LOCAL, job.job_id).state == "running"
    assert store.jobs.heartbeat(job.job_id, "w1").cancel_requested
    assert store.jobs.cancelled(job.job_id, "w1").state == "cancelled"


def test_jobs_are_for_researchers(store: AnnotationStore, ann: User) -> None:
    with pytest.raises(RoleError, match="researcher, admin"):
        store.jobs.create(ann, "retrain")
    assert store.jobs.create(person(store, "ray", "researcher"), "retrain").created_by == "ray"
    with pytest.raises(StoreError, match="no job 99"):
        store.jobs.get(99)


@pytest.mark.usefixtures("s01")
def test_leases_that_stood_for_glimpses_become_glimpses(store: AnnotationStore, url: str, ann: User) -> None:
    store.leases.lease(ann, "in view: ann", ITEMS[:2], 60 * 24 * 365 * 100)
    store.leases.lease(LOCAL, "in view: local", ITEMS[2:3], 60 * 24 * 365 * 100)
    store.leases.lease(ann, "q", ITEMS[:1], 10)
    store.users.disable(LOCAL, "ann")
    run(url, "DROP TABLE glimpses", "UPDATE alembic_version SET version_num = '0003'")
    assert store.migrate()[0] == "0003"
    assert (store.glimpses.of("ann"), store.glimpses.of("local")) == (set(ITEMS[:2]), set(ITEMS[2:3]))
    assert [lease.queue for lease in store.leases.open()] == ["q"]
    assert store.verify() == []
