"""Glimpses: turns of which a coder has had in view what the model, or another coder, says, on whichever page.

They are kept in the store when they are first drawn, all that is drawn at once in one write, so that they count after
a refresh, in another window and in another queue: what a coder says of such a turn from then on is never blind, even
if suggestions are off by then. What they said of it before stays blind. The store itself sees to both.
"""

from __future__ import annotations

from collections.abc import Iterable

from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.search import Hit
from ipt_nlp.store.values import Item, User


def keep_glimpses(store: AnnotationStore, actor: User, known: set[Item], items: Iterable[Item]) -> None:
    """Keep that ``items`` are in view of ``actor``, those that are ``known`` to be glimpses aside; they become so.

    Raises:
        StoreError: they could not be stored, and are no more known than before.
    """
    new = set(items) - known
    if new:
        store.glimpses.add(actor, sorted(new, key=str))
        known |= new


def shown_by_others(hits: Iterable[Hit], actor: User) -> list[Item]:
    """The turns among ``hits`` that come with what the model says of them, or a coder who is not ``actor``."""
    return [(hit.transcript_id, hit.utterance_id) for hit in hits if hit.labels and hit.coder != actor.name]
