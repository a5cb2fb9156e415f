"""Turns whose suggestions a coder has had in view, in Review or on any other page.

What came into view is kept in the store when it is first drawn, all that is drawn at once in one write, so that it
counts after a refresh, in another window and in another queue: what a coder says of such a turn later is never blind,
even if suggestions are off by then.
"""

from __future__ import annotations

from collections.abc import Iterable

from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.search import Hit
from ipt_nlp.store.values import Item, User
from ipt_nlp.ui.state.turns import TurnView


def came_into_view(store: AnnotationStore, actor: User, known: set[Item], items: Iterable[Item]) -> None:
    """Keep that ``actor`` has seen what the model says of ``items``, those that are ``known`` aside."""
    new = set(items) - known
    if new:
        known |= new
        store.glimpses.add(actor, sorted(new, key=str))


def glimpse(store: AnnotationStore, actor: User, known: set[Item], item: Item, view: TurnView) -> None:
    """Keep that suggestions are in view in Review, but where the coder's own events say so."""
    if not (view.hidden or view.prediction is None or view.coded):
        came_into_view(store, actor, known, [item])


def shown_by_model(hits: Iterable[Hit]) -> list[Item]:
    """The turns among ``hits`` that come with what the model says of them."""
    return [(hit.transcript_id, hit.utterance_id) for hit in hits if hit.scores or "cues" in hit.labels]
