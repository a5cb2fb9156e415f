"""What a key does on the review page: each press is saved at once, or says why it was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ipt_nlp.errors import ConflictError, StoreError
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import Action, AnnotationEvent, Item, NewEvent, User
from ipt_nlp.transcript import UtteranceId
from ipt_nlp.ui.keys import Command
from ipt_nlp.ui.state.queues import SESSION, Queue, next_item
from ipt_nlp.ui.state.turns import Labels, Material, TurnView, always_blind, look, toggled

# Enter held down, or pressed before the next turn is on the screen, must not code a turn that nobody has seen.
TOO_FAST_S = 0.2
# Longer than this is a break, not work on one turn.
LONGEST_S = 600.0
LONGEST_TRAIL = 50
UNDONE = {"accept": "the codes as suggested", "change": "a change of codes", "reject": "no code"}


Press = Command | Literal["toggle"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A line about what happened to the last press."""

    text: str
    kind: Literal["info", "warning"] = "info"


@dataclass(frozen=True, slots=True)
class Conflict:
    """What the coder wanted to save, and what had been saved from another window meanwhile."""

    mine: NewEvent
    theirs: AnnotationEvent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where the coder is. Everything else is in the store.

    Attributes:
        arrived, since: when the turn came into focus, and when something on it was last saved, in seconds.
        revealed: the turn was coded before it came into focus, so that its suggestions may be shown.
        entry: the label whose codebook entry is shown.
        trail: items of a shared queue that were in focus before this one.
    """

    transcript_id: str
    utterance_id: UtteranceId
    arrived: float
    since: float
    revealed: bool = False
    entry: str = ""
    notice: Notice | None = None
    conflict: Conflict | None = None
    finished: bool = False
    noting: bool = False
    trail: tuple[Item, ...] = ()

    @property
    def item(self) -> Item:
        return self.transcript_id, self.utterance_id

    def written(self) -> Cursor:
        """The cursor once the note is asked for."""
        return replace(self, noting=False)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything needed to act on a turn.

    Attributes:
        events: the coder's newest event on each turn of the session.
        blind: the coder wants no suggestions.
        queue, order: the way through the turns, and its items where it is shared.
    """

    store: AnnotationStore
    actor: User
    material: Material
    events: Mapping[UtteranceId, AnnotationEvent]
    blind: bool = False
    queue: Queue = SESSION
    order: Sequence[Item] = ()

    @property
    def transcript_id(self) -> str:
        return self.material.transcript.transcript_id


@dataclass(frozen=True, slots=True)
class Progress:
    """Turns of a session that the coder has coded, has skipped, and that are to be coded at all."""

    coded: int
    skipped: int
    turns: int


def open_desk(
    store: AnnotationStore,
    actor: User,
    material: Material,
    *,
    blind: bool = False,
    queue: Queue = SESSION,
    order: Sequence[Item] = (),
) -> Desk:
    """A desk with the coder's events as they are now."""
    events = store.events.current(material.transcript.transcript_id, actor.name)
    return Desk(store, actor, material, events, blind or queue.blind, queue, order)


def codable(material: Material) -> list[UtteranceId]:
    """The turns whose speaker is coded in some group of the codebook."""
    return [u.utterance_id for u in material.transcript.utterances if material.groups(u.speaker)]


def is_coded(event: AnnotationEvent | None) -> bool:
    return event is not None and event.labels is not None


def progress(desk: Desk) -> Progress:
    turns = codable(desk.material)
    events = [desk.events.get(turn) for turn in turns]
    skipped = sum(event is not None and event.labels is None and event.action == "skip" for event in events)
    return Progress(sum(map(is_coded, events)), skipped, len(turns))


def arrive(desk: Desk, turn: UtteranceId | Item, now: float, trail: tuple[Item, ...] = ()) -> Cursor:
    """A cursor on a turn, of this session or of another, that has just come into focus."""
    transcript_id, utterance_id = turn if isinstance(turn, tuple) else (desk.transcript_id, turn)
    events = desk.events
    if transcript_id != desk.transcript_id:
        events = desk.store.events.current(transcript_id, desk.actor.name)
    return Cursor(
        transcript_id=transcript_id,
        utterance_id=utterance_id,
        arrived=now,
        since=now,
        revealed=is_coded(events.get(utterance_id)),
        trail=trail,
    )


def begin(desk: Desk, now: float) -> Cursor:
    """A cursor where the coder left off: on the first open turn after the one coded last."""
    newest = max(desk.events.values(), key=lambda event: event.event_id, default=None)
    turns = codable(desk.material)
    if newest is None:
        return arrive(desk, turns[0] if turns else desk.material.transcript.utterances[0].utterance_id, now)
    found = next_open(desk, newest.utterance_id)
    return arrive(desk, newest.utterance_id if found is None else found, now)


def next_open(desk: Desk, after: UtteranceId) -> UtteranceId | None:
    """The next turn to code, going round once: first those never seen, then those skipped; None when all are coded."""
    turns = codable(desk.material)
    places = desk.material.places
    later = [turn for turn in turns if places[turn] > places[after]]
    around = [*later, *(turn for turn in turns if places[turn] < places[after])]
    left = [turn for turn in around if not is_coded(desk.events.get(turn))]
    unseen = (turn for turn in left if turn not in desk.events or desk.events[turn].action != "skip")
    return next(unseen, left[0] if left else None)


def neighbour(desk: Desk, utterance_id: UtteranceId, step: int) -> UtteranceId:
    """The turn before or after, or the same at either end."""
    turns = codable(desk.material)
    if utterance_id not in turns:
        return turns[0] if turns else utterance_id
    place = turns.index(utterance_id) + step
    return turns[min(max(place, 0), len(turns) - 1)]


def current(desk: Desk, cursor: Cursor) -> TurnView:
    """The turn in focus."""
    hidden = (desk.blind or always_blind(cursor.item)) and not cursor.revealed
    place = desk.material.places[cursor.utterance_id]
    return look(desk.material, desk.events.get(cursor.utterance_id), place, hidden=hidden)


def coding(desk: Desk, view: TurnView, labels: Labels, seconds: float) -> NewEvent:
    """The event that says ``labels`` of the turn in view."""
    given = {suggestion.label: suggestion.evidence for suggestion in view.suggestions if suggestion.given}
    said = {label for chosen in labels.values() for label in chosen}
    action: Action = "change"
    if not view.hidden and view.prediction is not None:
        action = "accept" if said == set(given) else "change" if said else "reject"
    return NewEvent(
        transcript_id=desk.transcript_id,
        utterance_id=view.utterance.utterance_id,
        action=action,
        labels=labels,
        mode="blind" if view.hidden or view.prediction is None else "assisted",
        reviewed_model=None if view.hidden or view.prediction is None else view.prediction.model,
        codebook=desk.material.codebook.ref,
        evidence={label: spans for label, spans in given.items() if label in said and spans},
        base_event=view.base_event,
        seconds=seconds,
    )


def press(desk: Desk, cursor: Cursor, view: TurnView, command: Press, now: float, value: str | None = None) -> Cursor:
    """What a key does, as the cursor afterwards. ``view`` is what the coder saw; ``value`` a label or a note."""
    if command in ("accept", "skip") and now - cursor.arrived < TOO_FAST_S:
        return cursor
    cursor = replace(cursor, notice=None)
    if command == "note" and value is None:
        return replace(cursor, noting=True)
    if command in ("previous", "next"):
        return _moved(desk, cursor, now, forward=command == "next")
    if command in ("entry_up", "entry_down"):
        return replace(cursor, entry=_other_entry(desk, view, cursor, 1 if command == "entry_down" else -1))
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
        desk = replace(desk, events={**desk.events, new.utterance_id: event})
    cursor = replace(cursor, since=now, conflict=None, entry=value if command == "toggle" else cursor.entry)
    return _onward(desk, cursor, now) if command in ("accept", "skip") else cursor


def _event(desk: Desk, view: TurnView, command: str, value: str, seconds: float) -> NewEvent | None:
    """What a command stores; None where it is stored already."""
    if command == "accept":
        said = view.event.labels if view.event else None
        if said is not None and {k: v for k, v in said.items() if v} == {k: v for k, v in view.chosen.items() if v}:
            return None
        return coding(desk, view, view.chosen, seconds)
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
        mode="blind" if view.hidden else "assisted",
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
        item = next_item(desk.store, desk.actor, desk.queue, desk.order, cursor.item)
        trail = (*cursor.trail, cursor.item)[-LONGEST_TRAIL:]
        return replace(cursor, finished=True, revealed=True) if item is None else arrive(desk, item, now, trail)
    turn = next_open(desk, cursor.utterance_id)
    return replace(cursor, finished=True, revealed=True) if turn is None else arrive(desk, turn, now, cursor.trail)


def _insist(desk: Desk, cursor: Cursor, view: TurnView, now: float) -> Cursor:
    """Save over what another window saved, after having seen it."""
    if cursor.conflict is None:
        return cursor
    desk.store.events.append(desk.actor, replace(cursor.conflict.mine, base_event=view.base_event))
    return replace(
        cursor, conflict=None, since=now, notice=Notice("Your version is saved; the other one stays in the history.")
    )


def undo(desk: Desk, cursor: Cursor, now: float) -> Cursor:
    """Take back the coder's last event that still stands, on this session or those the queue led through; go there."""
    store, name = desk.store, desk.actor.name
    sessions = {desk.transcript_id, *(transcript_id for transcript_id, _ in cursor.trail)}
    standing = [event for session in sessions if (event := last_standing(store.events.of_coder(session, name)))]
    last = max(standing, key=lambda event: event.event_id, default=None)
    if last is None:
        return replace(cursor, notice=Notice("There is nothing to undo here."))
    newest = store.events.current(last.transcript_id, name)[last.utterance_id]
    event = store.events.undo(desk.actor, last.transcript_id, last.utterance_id, newest.event_id)
    there = arrive(desk, (last.transcript_id, last.utterance_id), now, cursor.trail)
    return replace(there, revealed=is_coded(event), notice=Notice(f"Undone: {UNDONE.get(last.action, last.action)}."))


def last_standing(events: tuple[AnnotationEvent, ...]) -> AnnotationEvent | None:
    """The newest event that no undo has taken back."""
    standing: list[AnnotationEvent] = []
    for event in events:
        if event.action != "undo":
            standing.append(event)
            continue
        undone = max((n for n, e in enumerate(standing) if e.utterance_id == event.utterance_id), default=None)
        if undone is not None:
            del standing[undone]
    return standing[-1] if standing else None


def shown_entry(desk: Desk, view: TurnView, cursor: Cursor) -> str:
    """The label whose codebook entry stands beside the turn."""
    applicable = _applicable(desk, view)
    if cursor.entry in applicable:
        return cursor.entry
    first = [*view.labels, *(s.label for s in view.suggestions), *applicable]
    return first[0] if first else ""


def _other_entry(desk: Desk, view: TurnView, cursor: Cursor, step: int) -> str:
    applicable = _applicable(desk, view)
    shown = shown_entry(desk, view, cursor)
    return applicable[(applicable.index(shown) + step) % len(applicable)] if shown else ""


def _applicable(desk: Desk, view: TurnView) -> list[str]:
    return [label for group in view.groups for label in desk.material.codebook.labels_of(group.name)]
