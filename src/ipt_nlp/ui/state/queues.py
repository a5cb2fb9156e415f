"""Which turn comes next: a small registry of queues, and leases for those that coders share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import Item, Lease, User
from ipt_nlp.ui.state.project import project_codebook

LEASE_MINUTES = 15.0
# Leasing some items at once saves a write a turn.
AHEAD = 4


@dataclass(frozen=True, slots=True)
class Queue:
    """A way through the turns.

    Attributes:
        order: items of the store in the order in which they come; None: the chosen session from begin to end.
        blind: no turn of it ever shows a suggestion before it is saved.
    """

    name: str
    title: str
    order: Callable[[AnnotationStore], Sequence[Item]] | None = None
    blind: bool = False


def at_random(store: AnnotationStore) -> Sequence[Item]:
    """All turns of the store in an order that is random and always the same."""
    return sorted(store.search.items(), key=lambda item: hashlib.sha256(f"audit-1:{item!r}".encode()).digest())


def by_strategy(strategy: str) -> Callable[[AnnotationStore], Sequence[Item]]:
    """An order by a strategy of ``learning.queue``, with the thresholds of the model in use."""

    def order(store: AnnotationStore) -> Sequence[Item]:
        # Here and not above: a coder who takes one session after the other needs neither torch nor scikit-learn.
        from ipt_nlp.model.tagger import read_config
        from ipt_nlp.models import find_model
        from ipt_nlp.ui.state.pools import ordered

        return ordered(store, project_codebook(), strategy, dict(read_config(find_model("default")).thresholds))

    return order


SESSION = Queue("session", "One session, in order")
SHARED = (
    Queue("mixed", "All sessions: what teaches most", by_strategy("mixed")),
    Queue("least_certain", "All sessions: least certain first", by_strategy("least_certain")),
    Queue("rare_codes", "All sessions: rare codes first", by_strategy("rare_codes")),
    Queue("random", "All sessions: at random, blind", at_random, blind=True),
)
QUEUES: dict[str, Queue] = {queue.name: queue for queue in (SESSION, *SHARED)}


def next_item(
    store: AnnotationStore, actor: User, queue: Queue, order: Sequence[Item], now: Item | None
) -> Item | None:
    """The next item of a shared queue for ``actor``, leased to them; None when nothing is left.

    Args:
        now: the item that the actor is leaving; its lease is given back.
    """
    done = store.search.coded_by() | store.search.coded_by(actor.name)
    held = store.leases.held(queue.name, actor.name)
    left = [lease.lease_id for lease in held if item_of(lease) == now or item_of(lease) in done]
    if left:
        store.leases.release(actor, left)
    waiting = [item_of(lease) for lease in held if lease.lease_id not in left]
    if waiting:
        return waiting[0]
    taken = {item_of(lease) for lease in store.leases.held(queue.name)}
    free = [item for item in order if item not in done and item not in taken and item != now]
    granted = store.leases.lease(actor, queue.name, free[:AHEAD], LEASE_MINUTES)
    return item_of(granted[0]) if granted else None


def item_of(lease: Lease) -> Item:
    return lease.transcript_id, lease.utterance_id
