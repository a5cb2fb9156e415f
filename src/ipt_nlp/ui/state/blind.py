"""When suggestions are kept back from a coder.

This is the whole rule:

1. A turn of the random audit, or of a frozen session, never shows any, neither before nor after it was coded.
2. A turn that the coder began without suggestions shows none until they have saved it with Enter, whatever switch or
   queue they come by, and after a refresh, too. Then it shows them.
3. A turn that the coder coded with suggestions in view shows them.
4. Any other turn shows them unless the coder works blind; then it does once it was saved.
5. This holds for everybody, whatever their role, and on every page: whoever leads codes, too, and the gate measures
   on it. What others said of a turn of rule 1 a leader sees once they have saved a coding of their own.

Where else the app shows what the model says, or a leader what others say (Search, Codebook, a session to read,
Agreement), it counts as in view just the same: such a turn is not coded blind any more (``state.glimpses``).

For agreement counts what was saved before suggestions came into view (``agreement.passes``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ipt_nlp.agreement.passes import saw_suggestions
from ipt_nlp.learning.corrections import AUDIT_SEED
from ipt_nlp.learning.queue import is_blind
from ipt_nlp.store.values import CODING_ACTIONS, AnnotationEvent, Item

Kept = Literal["no", "until_saved", "never"]
Stage = Literal["open", "begun", "saved", "seen"]


def always_blind(item: Item, *, frozen: bool = False) -> bool:
    """Whether a turn is coded without suggestions by everybody, always: the random audit, and what is frozen."""
    return is_blind(item, seed=AUDIT_SEED, frozen=frozen)


def kept_back(item: Item, events: Sequence[AnnotationEvent], *, blind: bool, frozen: bool = False) -> Kept:
    """Whether the suggestions on a turn are kept back, and until when.

    Args:
        events: the coder's on this turn, oldest first.
        blind: the coder works without suggestions.
        frozen: the session is only ever measured on.
    """
    if always_blind(item, frozen=frozen):
        return "never"
    stage = stage_of(events)
    return "until_saved" if stage == "begun" or (blind and stage == "open") else "no"


def others_kept_back(item: Item, events: Sequence[AnnotationEvent], *, frozen: bool = False) -> bool:
    """Whether what other coders said of a turn is kept back from a leader, whose own events there are ``events``."""
    return always_blind(item, frozen=frozen) and stage_of(events) in ("open", "begun")


def stage_of(events: Sequence[AnnotationEvent]) -> Stage:
    """How far a coder is with a turn: not coded, begun without suggestions, saved so, or coded with them in view."""
    if saw_suggestions(events):
        return "seen"
    if not events or events[-1].labels is None:
        return "open"
    return "saved" if any(event.action == "accept" for event in standing(events)) else "begun"


def confirmed(events: Sequence[AnnotationEvent]) -> bool:
    """Whether the coder has looked at their codes again with suggestions in view, and saved them as they were."""
    codings = [event for event in standing(events) if event.action in (*CODING_ACTIONS, "skip")]
    if len(codings) < 2 or codings[-1].mode != "assisted":
        return False
    return codings[-1].labels == codings[-2].labels


def standing(events: Sequence[AnnotationEvent]) -> list[AnnotationEvent]:
    """The events that no undo has taken back, oldest first. An undo takes back the last one on its own turn."""
    kept: list[AnnotationEvent] = []
    for event in events:
        if event.action != "undo":
            kept.append(event)
            continue
        undone = max((n for n, e in enumerate(kept) if e.utterance_id == event.utterance_id), default=None)
        if undone is not None:
            del kept[undone]
    return kept
