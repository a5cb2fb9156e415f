"""What a key does on the review page: each press is saved at once, or says why it was not."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from ipt_nlp.errors import ConflictError, StoreError
from ipt_nlp.store.values import Action, NewEvent
from ipt_nlp.ui.keys import Command
from ipt_nlp.ui.state.desk import Conflict, Cursor, Desk, Notice, arrive, neighbour, next_open, other_entry
from ipt_nlp.ui.state.queues import next_item
from ipt_nlp.ui.state.turns import Labels, TurnView, toggled

# Enter held down, or pressed before the next turn is on the screen, must not code a turn that nobody has seen.
TOO_FAST_S = 0.2
# Longer than this is a break, not work on one turn.
LONGEST_S = 600.0
LONGEST_TRAIL = 50
TOO_SOON = Notice("That key came before this turn could be seen. Nothing was saved: press it again.", "warning")
CODES = ("toggle", "none")
UNDONE = {"accept": "saving the codes", "change": "a change of codes", "reject": "no code"}

Press = Command | Literal["toggle"]


def coding(desk: Desk, view: TurnView, labels: Labels, seconds: float, *, saved: bool = False) -> NewEvent:
    """The event that says ``labels`` of the turn in view; ``saved``: and that the coder is done with it."""
    given = {suggestion.label: suggestion.evidence for suggestion in view.suggestions if suggestion.given}
    said = {label for chosen in labels.values() for label in chosen}
    action: Action = "accept" if saved else "change"
    if view.in_view:
        action = "accept" if said == set(given) else "change" if said else "reject"
    return NewEvent(
        transcript_id=desk.transcript_id,
        utterance_id=view.utterance.utterance_id,
        action=action,
        labels=labels,
        mode=view.mode,
        reviewed_model=view.prediction.model if view.in_view and view.prediction else None,
        codebook=desk.material.codebook.ref,
        evidence={label: spans for label, spans in given.items() if label in said and spans},
        base_event=view.base_event,
        seconds=seconds,
    )


def press(
    desk: Desk,
    cursor: Cursor,
    view: TurnView,
    command: Press,
    now: float,
    value: str | None = None,
    *,
    seen: bool = True,
) -> Cursor:
    """What a key does, as the cursor afterwards.

    Args:
        view: what the coder saw.
        value: a label or a note.
        seen: the turn was on the screen when the key was pressed. Whoever has coded it unseen may save it, too.
    """
    soon = not seen or now - cursor.arrived < TOO_FAST_S
    if command in ("accept", "skip") and soon and not cursor.touched:
        return replace(cursor, notice=TOO_SOON)
    cursor = replace(cursor, notice=None)
    if command == "note" and value is None:
        return replace(cursor, noting=True)
    if command in ("previous", "next"):
        return _moved(desk, cursor, now, forward=command == "next")
    if command in ("entry_up", "entry_down"):
        return replace(cursor, entry=other_entry(desk, view, cursor, 1 if command == "entry_down" else -1))
    try:
        return _saved(desk, cursor, view, command, now, value or "")
    except ConflictError:
        return cursor
    except StoreError as error:
        return replace(cursor, notice=Notice(f"Not saved: {error}", "warning"))


def _saved(desk: Desk, cursor: Cursor, view: TurnView, command: str, now: float, value: str) -> Cursor:
    if command == "undo":
        return undo(desk, cursor, now)
    if command == "mine":
        return _insist(desk, cursor, view, now)
    seconds = min(max(now - cursor.since, 0.0), LONGEST_S)
    new = _event(desk, view, command, value, seconds)
    if new is not None:
        try:
            event = desk.store.events.append(desk.actor, new)
        except ConflictError:
            newest = desk.store.events.current(desk.transcript_id, desk.actor.name).get(new.utterance_id)
            return replace(cursor, conflict=Conflict(new, newest))
        # Where to go next depends on what is coded; what may be shown there is looked up anew.
        desk = replace(desk, events={**desk.events, new.utterance_id: event})
    entry = value if command == "toggle" else cursor.entry
    cursor = replace(cursor, since=now, conflict=None, entry=entry, touched=cursor.touched or command in CODES)
    return _onward(desk, cursor, now) if command in ("accept", "skip") else cursor


def _event(desk: Desk, view: TurnView, command: str, value: str, seconds: float) -> NewEvent | None:
    """What a command stores; None where it is stored already."""
    if command == "accept":
        said = view.event.labels if view.event else None
        same = said is not None and {k: v for k, v in said.items() if v} == {k: v for k, v in view.chosen.items() if v}
        # That a turn was saved without suggestions, or looked at once more, is news by itself. So is that it was with
        # another version of the codebook: only now does the coder say something of the codes that are new in it.
        older = view.event is not None and view.event.codebook != desk.material.codebook.ref
        news = older or desk.queue.again or (view.kept == "until_saved" and view.prediction is not None)
        return coding(desk, view, view.chosen, seconds, saved=True) if news or not same else None
    if command == "toggle":
        return coding(desk, view, toggled(view, value, desk.material.codebook), seconds)
    if command == "none":
        return coding(desk, view, {group.name: () for group in view.groups}, seconds)
    flagged = not (view.event is not None and view.event.flagged) if command == "flag" else None
    action: Action = "flag" if command == "flag" else "note" if command == "note" else "skip"
    return NewEvent(
        transcript_id=desk.transcript_id,
        utterance_id=view.utterance.utterance_id,
        action=action,
        flagged=flagged,
        note=value if command == "note" else None,
        mode=view.mode,
        codebook=desk.material.codebook.ref,
        base_event=view.base_event,
        seconds=seconds,
    )


def _moved(desk: Desk, cursor: Cursor, now: float, *, forward: bool) -> Cursor:
    """The turn before or after, without saving; in a shared queue the one that was in focus before, or the next."""
    if desk.queue.order is None:
        return arrive(desk, neighbour(desk, cursor.utterance_id, 1 if forward else -1), now, cursor.trail)
    if forward:
        return _onward(desk, cursor, now)
    return arrive(desk, cursor.trail[-1], now, cursor.trail[:-1]) if cursor.trail else cursor


def _onward(desk: Desk, cursor: Cursor, now: float) -> Cursor:
    if desk.queue.order is not None:
        item = next_item(desk.store, desk.actor, desk.queue, desk.order, cursor.item, cursor.trail)
        trail = (*cursor.trail, cursor.item)[-LONGEST_TRAIL:]
        return replace(cursor, finished=True) if item is None else arrive(desk, item, now, trail)
    turn = next_open(desk, cursor.utterance_id)
    return replace(cursor, finished=True) if turn is None else arrive(desk, turn, now, cursor.trail)


def _insist(desk: Desk, cursor: Cursor, view: TurnView, now: float) -> Cursor:
    """Save over what another window saved, after having seen it."""
    if cursor.conflict is None:
        return cursor
    desk.store.events.append(desk.actor, replace(cursor.conflict.mine, base_event=view.base_event))
    return replace(
        cursor, conflict=None, since=now, notice=Notice("Your version is saved; the other one stays in the history.")
    )


def undo(desk: Desk, cursor: Cursor, now: float) -> Cursor:
    """Take back the coder's last event that still stands, on this session or in a shared queue on any; go there.

    Which sessions a queue has led through only the store still knows after a refresh.
    """
    store, name = desk.store, desk.actor.name
    last = store.events.last_standing(name, desk.transcript_id if desk.queue.order is None else None)
    if last is None:
        return replace(cursor, notice=Notice("There is nothing to undo here."))
    newest = store.events.current(last.transcript_id, name)[last.utterance_id]
    store.events.undo(desk.actor, last.transcript_id, last.utterance_id, newest.event_id)
    there = arrive(desk, (last.transcript_id, last.utterance_id), now, cursor.trail)
    return replace(there, notice=Notice(f"Undone: {UNDONE.get(last.action, last.action)}."))
