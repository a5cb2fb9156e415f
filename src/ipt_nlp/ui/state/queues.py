"""Which turn comes next: a small registry of queues, and leases for those that coders share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import Item, Lease, User

LEASE_MINUTES = 15.0
# Leasing some items at once saves a write a turn.
AHEAD = 4


@dataclass(frozen=True, slots=True)
class Queue:
    """A way through the turns.

    Attributes:
        order: all items of the store in the order in which they come; None: the chosen session from begin to end.
        blind: no turn of it ever shows a suggestion before it is saved.
    """

    name: str
    title: str
    order: Callable[[AnnotationStore], Sequence[Item]] | None = None
    blind: bool = False


def at_random(store: AnnotationStore) -> Sequence[Item]:
    """All turns of the store in an order that is random and always the same."""
    return sorted(store.search.items(), key=lambda item: hashlib.sha256(f"audit-1:{item!r}".encode()).digest())


SESSION = Queue("session", "One session, in order")
QUEUES: dict[str, Queue] = {
    queue.name: queue for queue in (SESSION, Queue("random", "Random turns of all sessions", at_random, blind=True))
}


def next_item(
    store: AnnotationStore, actor: User, queue: Queue, order: Sequence[Item], now: Item | None
) -> Item | None:
    """The next item of a shared queue for ``actor``, leased to them; None when nothing is left.

    Args:
        now: the item that the actor is leaving; its lease is given back.
    """
    done = store.search.coded_by() | store.search.coded_by(actor.name)
    held = store.leases.held(queue.name, actor.name)
    left = [lease.lease_id for lease in held if _item(lease) == now or _item(lease) in done]
    if left:
        store.leases.release(actor, left)
    waiting = [_item(lease) for lease in held if lease.lease_id not in left]
    if waiting:
        return waiting[0]
    taken = {_item(lease) for lease in store.leases.held(queue.name)}
    free = [item for item in order if item not in done and item not in taken and item != now]
    granted = store.leases.lease(actor, queue.name, free[:AHEAD], LEASE_MINUTES)
    return _item(granted[0]) if granted else None


def _item(lease: Lease) -> Item:
    return lease.transcript_id, lease.utterance_id
