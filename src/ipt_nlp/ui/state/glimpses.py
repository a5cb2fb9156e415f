"""Turns whose suggestions a coder has had in view without having said anything of them yet.

Each is kept in the store when it is first drawn, as a lease of the coder's own that outlasts the study and keeps the
turn from nobody, so that it counts after a refresh, in another window and in another queue: what a coder says of such
a turn is never blind, even if suggestions are off by then.
"""

from __future__ import annotations

from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import Item, User
from ipt_nlp.ui.state.turns import TurnView

IN_VIEW = "in view: "
MINUTES = 60.0 * 24 * 365 * 100


def glimpsed(store: AnnotationStore, actor: User) -> set[Item]:
    """The turns whose suggestions ``actor`` has had in view."""
    return {(lease.transcript_id, lease.utterance_id) for lease in store.leases.held(IN_VIEW + actor.name, actor.name)}


def glimpse(store: AnnotationStore, actor: User, known: set[Item], item: Item, view: TurnView) -> None:
    """Keep that suggestions are in view, but where it is ``known`` or the coder's own events say so."""
    if view.hidden or view.prediction is None or view.coded or item in known:
        return
    known.add(item)
    store.leases.lease(actor, IN_VIEW + actor.name, [item], MINUTES)
