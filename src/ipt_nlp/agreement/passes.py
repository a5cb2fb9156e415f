"""What a coder said of a turn before any suggestion came into view."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ipt_nlp.store.values import AnnotationEvent


def saw_suggestions(events: Iterable[AnnotationEvent]) -> bool:
    """Whether the coder has coded, skipped or undone something with suggestions in view, be it undone since."""
    return any(event.mode == "assisted" for event in events)


def blind_pass(events: Sequence[AnnotationEvent]) -> tuple[AnnotationEvent, ...]:
    """The events of one coder on one turn, oldest first, before the first one with suggestions in view.

    The last of them is what counts for agreement; what the coder changed after having seen a suggestion does not.
    """
    seen = (n for n in range(len(events)) if saw_suggestions(events[n : n + 1]))
    return tuple(events[: next(seen, len(events))])


def counts(said: Sequence[AnnotationEvent], events: Sequence[AnnotationEvent]) -> bool:
    """Whether ``said``, the first of a coder's ``events`` on a turn or all of them, is a coding that still stands."""
    return bool(said) and said[-1].labels is not None and events[-1].labels is not None
