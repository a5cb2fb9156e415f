"""Which turn comes next: a small registry of queues, and leases for those that coders share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import ROLES, AnnotationEvent, Item, Lease, Role, User
from ipt_nlp.ui.state.blind import always_blind, confirmed
from ipt_nlp.ui.state.people import LEADING
from ipt_nlp.ui.state.project import project_codebook

LEASE_MINUTES = 15.0
# Leasing some items at once saves a write a turn.
AHEAD = 4


Order = Callable[[AnnotationStore, User], Sequence[Item]]


@dataclass(frozen=True, slots=True)
class Queue:
    """A way through the turns.

    Attributes:
        about: what comes in it, in one line.
        order: items of the store in the order in which they come to a coder; None: the chosen session in its order.
        blind: no turn of it ever shows a suggestion before it is saved.
        again: it holds turns that the coder has coded, to be looked at once more; nobody else gets them.
        third: it holds turns that others have coded.
        roles: who is offered it.
    """

    name: str
    title: str
    about: str = ""
    order: Order | None = None
    blind: bool = False
    again: bool = False
    third: bool = False
    roles: tuple[Role, ...] = ROLES


def at_random(store: AnnotationStore, _actor: User) -> Sequence[Item]:
    """All turns of the store in an order that is random and always the same, those of the random audit first."""

    def place(item: Item) -> tuple[bool, bytes]:
        return not always_blind(item), hashlib.sha256(f"audit-1:{item!r}".encode()).digest()

    return sorted(store.search.items(), key=place)


def by_strategy(strategy: str) -> Order:
    """An order by a strategy of ``learning.queue``, with the thresholds of the model in use."""

    def order(store: AnnotationStore, actor: User) -> Sequence[Item]:
        # Here and not above: a coder who takes one session after the other needs neither torch nor scikit-learn.
        from ipt_nlp.learning.versions import champion_folder
        from ipt_nlp.model.tagger import read_config
        from ipt_nlp.ui.state.pools import ordered

        thresholds = dict(read_config(champion_folder(store)).thresholds)
        return ordered(store, actor, project_codebook(), strategy, thresholds)

    return order


SESSION = Queue("session", "One session, in order")
SHARED = (
    Queue(
        "mixed",
        "All sessions: what teaches most",
        "Rare codes and uncertain turns in turn, and some at random: where a code teaches the next model most.",
        by_strategy("mixed"),
    ),
    Queue(
        "least_certain",
        "All sessions: least certain first",
        "Turns nobody has coded on which the model is nearest to changing its mind.",
        by_strategy("least_certain"),
    ),
    Queue(
        "rare_codes",
        "All sessions: rare codes first",
        "Turns nobody has coded that may hold a code with few uses so far.",
        by_strategy("rare_codes"),
    ),
    Queue(
        "random",
        "All sessions: at random, blind",
        "Turns nobody has coded, by chance and without suggestions; first the audit, which models are measured by.",
        at_random,
        blind=True,
    ),
    Queue(
        "likely_mistakes",
        "My codes: likely mistakes",
        "Codes of yours that the model finds improbable, the most improbable first. Enter keeps them. It may be wrong.",
        by_strategy("likely_mistakes"),
        again=True,
    ),
    Queue(
        "disagreements",
        "All sessions: where coders differ",
        "Turns on which two coders differ, not yet decided: for a third coding, made without seeing theirs.",
        by_strategy("disagreements"),
        third=True,
        roles=LEADING,
    ),
)
QUEUES: dict[str, Queue] = {queue.name: queue for queue in (SESSION, *SHARED)}


def offered(actor: User) -> dict[str, Queue]:
    """The queues that ``actor`` may take, by name."""
    return {name: queue for name, queue in QUEUES.items() if actor.role in queue.roles}


def next_item(
    store: AnnotationStore,
    actor: User,
    queue: Queue,
    order: Sequence[Item],
    now: Item | None,
    before: Sequence[Item] = (),
) -> Item | None:
    """The next item of a queue for ``actor``, leased to them where others may get it; None when nothing is left.

    Args:
        now: the item that the actor is leaving; its lease is given back.
        before: items that the actor left before it; they come again once there are no others.
    """
    if queue.again:
        return _next_again(store, actor, order, now)
    mine = store.search.coded_by(actor.name)
    done = mine if queue.third else mine | store.search.coded_by()
    held = store.leases.held(queue.name, actor.name)
    left = [lease.lease_id for lease in held if item_of(lease) == now or item_of(lease) in done]
    if left:
        store.leases.release(actor, left)
    waiting = [item_of(lease) for lease in held if lease.lease_id not in left]
    if waiting:
        return waiting[0]
    taken = {item_of(lease) for lease in store.leases.held(queue.name)}
    free = [item for item in order if item not in done and item not in taken and item != now]
    passed = {item: number for number, item in enumerate(before, 1)}
    free.sort(key=lambda item: passed.get(item, 0))
    granted = store.leases.lease(actor, queue.name, free[:AHEAD], LEASE_MINUTES)
    return item_of(granted[0]) if granted else None


def _next_again(store: AnnotationStore, actor: User, order: Sequence[Item], now: Item | None) -> Item | None:
    """The next item after ``now``, going round once, that the coder has not confirmed yet."""
    start = order.index(now) + 1 if now in order else 0
    histories: dict[str, list[AnnotationEvent]] = {}
    for item in (*order[start:], *order[:start]):
        name, number = item
        if name not in histories:
            histories[name] = list(store.events.of_coder(name, actor.name))
        if item != now and not confirmed([event for event in histories[name] if event.utterance_id == number]):
            return item
    return None


def item_of(lease: Lease) -> Item:
    return lease.transcript_id, lease.utterance_id
