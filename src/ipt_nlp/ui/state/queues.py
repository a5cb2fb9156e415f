"""Which turn comes next: a small registry of queues, and leases for those that coders share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ipt_nlp.agreement.passes import blind_pass, counts, saw_suggestions
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import ROLES, AnnotationEvent, Item, Lease, Role, User
from ipt_nlp.ui.state.blind import always_blind, confirmed
from ipt_nlp.ui.state.people import LEADING
from ipt_nlp.ui.state.project import project_codebook

LEASE_MINUTES = 15.0
# Leasing some items at once saves a write a turn.
AHEAD = 4
# So many turns are looked up at a time; most often the first ones hold the next.
CHUNK = 50


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
        coders: how many people code each turn. Where they are more than one, none of them has had a glimpse of it.
        roles: who is offered it.
    """

    name: str
    title: str
    about: str = ""
    order: Order | None = None
    blind: bool = False
    again: bool = False
    third: bool = False
    coders: int = 1
    roles: tuple[Role, ...] = ROLES


def at_random(store: AnnotationStore, _actor: User) -> Sequence[Item]:
    """The turns that nobody has coded, by chance."""
    return by_chance(frozenset(store.search.items()) - store.search.coded_by())


def at_random_twice(store: AnnotationStore, actor: User) -> Sequence[Item]:
    """The turns that are wanted of ``actor``, by chance: in the order in which they come to everybody else, too."""
    queue, mine = QUEUES["twice"], store.search.coded_by(actor.name)
    finished: set[Item] = set()
    # By session, since the store looks through all events of each session that it is asked of.
    for some in chunks(sorted(store.search.coded_by() - mine, key=str)):
        said = _said(store, some)
        finished.update(item for item in some if not still_wanted(queue, actor.name, said.get(item, {}), frozenset()))
    return by_chance(frozenset(store.search.items()) - mine - finished)


def by_chance(items: Iterable[Item]) -> list[Item]:
    """``items`` in an order that is random and always the same, those of the random audit first."""

    def place(item: Item) -> tuple[bool, bytes]:
        return not always_blind(item), hashlib.sha256(f"audit-1:{item!r}".encode()).digest()

    return sorted(items, key=place)


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
        "twice",
        "All sessions: twice, blind",
        "Turns by chance, each for two coders who see nothing of each other: what agreement is best measured on.",
        at_random_twice,
        blind=True,
        coders=2,
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
    glimpsed = store.glimpses.of(actor.name) if queue.coders > 1 else frozenset()
    held = store.leases.held(queue.name, actor.name)
    waiting = _wanted(store, actor, queue, [x for x in map(item_of, held) if x != now and x not in glimpsed])
    left = [lease.lease_id for lease in held if item_of(lease) not in waiting]
    if left:
        store.leases.release(actor, left)
    if waiting:
        return waiting[0]
    passed = {item: number for number, item in enumerate(before, 1)}
    rest = sorted((item for item in order if item != now and item not in glimpsed), key=lambda x: passed.get(x, 0))
    for some in chunks(rest):
        found = _wanted(store, actor, queue, some)
        granted = _leased(store, actor, queue, found) if found else ()
        if granted:
            return item_of(granted[0])
    return None


def _leased(store: AnnotationStore, actor: User, queue: Queue, items: Sequence[Item]) -> Sequence[Lease]:
    """The first of ``items`` that nobody has coded or taken since they were looked up, leased to ``actor``."""
    # Nobody does between this look and the lease: writers wait for each other, which is why all others are left out.
    with store.transaction():
        free = _wanted(store, actor, queue, items)[:AHEAD]
        return store.leases.lease(actor, queue.name, free, LEASE_MINUTES, holders=queue.coders) if free else ()


def still_wanted(
    queue: Queue, actor: str, said: Mapping[str, Sequence[AnnotationEvent]], holders: AbstractSet[str]
) -> bool:
    """Whether a turn of ``queue`` comes to the coder ``actor``.

    Args:
        said: coder -> their events on the turn, oldest first.
        holders: who holds it on lease.
    """
    mine = said.get(actor, ())
    if mine and (mine[-1].labels is not None or mine[-1].action == "skip"):
        return False
    if queue.coders > 1 and saw_suggestions(mine):
        return False
    coded = set() if queue.third else {name for name, events in said.items() if _counted(queue, events)}
    return len((coded | holders) - {actor}) < queue.coders


def _counted(queue: Queue, events: Sequence[AnnotationEvent]) -> bool:
    """Whether a coder has done what the queue wants of them."""
    return counts(blind_pass(events) if queue.coders > 1 else events, events)


def _wanted(store: AnnotationStore, actor: User, queue: Queue, items: Sequence[Item]) -> list[Item]:
    """Those of ``items`` that come to ``actor``, in their order."""
    if not items:
        return []
    said = _said(store, items)
    holders: dict[Item, set[str]] = {}
    for lease in store.leases.held(queue.name):
        holders.setdefault(item_of(lease), set()).add(lease.holder)
    return [item for item in items if still_wanted(queue, actor.name, said.get(item, {}), holders.get(item, set()))]


def _said(store: AnnotationStore, items: Sequence[Item]) -> dict[Item, dict[str, list[AnnotationEvent]]]:
    """Item -> coder -> their events on it, oldest first."""
    said: dict[Item, dict[str, list[AnnotationEvent]]] = {}
    for event in store.events.on(items):
        item = (event.transcript_id, event.utterance_id)
        said.setdefault(item, {}).setdefault(event.coder, []).append(event)
    return said


def _next_again(store: AnnotationStore, actor: User, order: Sequence[Item], now: Item | None) -> Item | None:
    """The next item after ``now``, going round once, that the coder has not confirmed yet."""
    start = order.index(now) + 1 if now in order else 0
    for some in chunks([item for item in (*order[start:], *order[:start]) if item != now]):
        mine: dict[Item, list[AnnotationEvent]] = {}
        for event in store.events.on(some, actor.name):
            mine.setdefault((event.transcript_id, event.utterance_id), []).append(event)
        found = next((item for item in some if not confirmed(mine.get(item, ()))), None)
        if found is not None:
            return found
    return None


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """``items`` in their order, as many at a time as are looked up at once."""
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


def item_of(lease: Lease) -> Item:
    return lease.transcript_id, lease.utterance_id
