"""Where a coder is, and what lies before them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import AnnotationEvent, Item, NewEvent, User
from ipt_nlp.transcript import UtteranceId
from ipt_nlp.ui.state.blind import kept_back
from ipt_nlp.ui.state.queues import SESSION, Queue
from ipt_nlp.ui.state.turns import Material, TurnView, look

History = Mapping[UtteranceId, tuple[AnnotationEvent, ...]]


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
        entry: the label whose codebook entry is shown.
        trail: items of a shared queue that were in focus before this one.
        touched: the coder has coded the turn since it came into focus.
    """

    transcript_id: str
    utterance_id: UtteranceId
    arrived: float
    since: float
    entry: str = ""
    notice: Notice | None = None
    conflict: Conflict | None = None
    finished: bool = False
    noting: bool = False
    trail: tuple[Item, ...] = ()
    touched: bool = False

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
        history: all of the coder's events on each of its turns, oldest first.
        blind: the coder wants no suggestions.
        queue, order: the way through the turns, and its items where it is not one session.
    """

    store: AnnotationStore
    actor: User
    material: Material
    events: Mapping[UtteranceId, AnnotationEvent]
    history: History
    blind: bool = False
    queue: Queue = SESSION
    order: Sequence[Item] = ()

    @property
    def transcript_id(self) -> str:
        return self.material.transcript.transcript_id


@dataclass(frozen=True, slots=True)
class Known:
    """A coder's events on a session, as ``Desk`` has them, as far as they have been read: up to ``newest``."""

    key: tuple[str, str, str]
    events: Mapping[UtteranceId, AnnotationEvent]
    history: History
    newest: int

    def and_new(self, new: Sequence[AnnotationEvent]) -> Known:
        """With newer events, oldest first."""
        history = dict(self.history)
        for event in new:
            history[event.utterance_id] = (*history.get(event.utterance_id, ()), event)
        events = {**self.events, **{event.utterance_id: event for event in new}}
        return Known(self.key, events, history, new[-1].event_id) if new else self


@dataclass(frozen=True, slots=True)
class Progress:
    """Turns of a session that the coder has coded, has skipped, and that are to be coded at all."""

    coded: int
    skipped: int
    turns: int


def catch_up(store: AnnotationStore, actor: User, transcript_id: str, known: Known | None = None) -> Known:
    """The coder's events as they are now. Events are only ever added, so that those after ``known`` are all to read."""
    key = (store.database.name, transcript_id, actor.name)
    if known is None or known.key != key:
        known = Known(key, {}, {}, 0)
    return known.and_new(store.events.of_coder(transcript_id, actor.name, after=known.newest))


def histories(
    store: AnnotationStore, actor: User, transcripts: Collection[str] | None = None
) -> dict[Item, list[AnnotationEvent]]:
    """The coder's events on each turn that they have dealt with, oldest first; of some sessions if asked for."""
    found: dict[Item, list[AnnotationEvent]] = {}
    for event in store.events.by(actor.name, transcripts):
        found.setdefault((event.transcript_id, event.utterance_id), []).append(event)
    return found


def open_desk(
    store: AnnotationStore,
    actor: User,
    material: Material,
    *,
    blind: bool = False,
    queue: Queue = SESSION,
    order: Sequence[Item] = (),
    known: Known | None = None,
) -> Desk:
    """A desk with the coder's events, which are read anew where ``known`` does not hold them."""
    known = known or catch_up(store, actor, material.transcript.transcript_id)
    return Desk(store, actor, material, known.events, known.history, blind or queue.blind, queue, order)


def is_coded(event: AnnotationEvent | None) -> bool:
    return event is not None and event.labels is not None


def progress(desk: Desk) -> Progress:
    turns = desk.material.codable
    events = [desk.events.get(turn) for turn in turns]
    skipped = sum(event is not None and event.labels is None and event.action == "skip" for event in events)
    return Progress(sum(map(is_coded, events)), skipped, len(turns))


def arrive(desk: Desk, turn: UtteranceId | Item, now: float, trail: tuple[Item, ...] = ()) -> Cursor:
    """A cursor on a turn, of this session or of another, that has just come into focus."""
    transcript_id, utterance_id = turn if isinstance(turn, tuple) else (desk.transcript_id, turn)
    return Cursor(transcript_id=transcript_id, utterance_id=utterance_id, arrived=now, since=now, trail=trail)


def begin(desk: Desk, now: float) -> Cursor:
    """A cursor where the coder left off: on the first open turn after the one coded last."""
    newest = max(desk.events.values(), key=lambda event: event.event_id, default=None)
    turns = desk.material.codable
    if newest is None:
        return arrive(desk, turns[0] if turns else desk.material.transcript.utterances[0].utterance_id, now)
    found = next_open(desk, newest.utterance_id)
    return arrive(desk, newest.utterance_id if found is None else found, now)


def next_open(desk: Desk, after: UtteranceId) -> UtteranceId | None:
    """The next turn to code, going round once: first those never seen, then those skipped; None when all are coded."""
    turns = desk.material.codable
    places = desk.material.places
    later = [turn for turn in turns if places[turn] > places[after]]
    around = [*later, *(turn for turn in turns if places[turn] < places[after])]
    left = [turn for turn in around if not is_coded(desk.events.get(turn))]
    unseen = (turn for turn in left if turn not in desk.events or desk.events[turn].action != "skip")
    return next(unseen, left[0] if left else None)


def neighbour(desk: Desk, utterance_id: UtteranceId, step: int) -> UtteranceId:
    """The turn before or after, or the same at either end."""
    turns = desk.material.codable
    if utterance_id not in turns:
        return turns[0] if turns else utterance_id
    place = turns.index(utterance_id) + step
    return turns[min(max(place, 0), len(turns) - 1)]


def current(desk: Desk, cursor: Cursor) -> TurnView:
    """The turn in focus."""
    turn = cursor.utterance_id
    kept = kept_back(cursor.item, desk.history.get(turn, ()), blind=desk.blind, frozen=desk.material.frozen)
    return look(desk.material, desk.events.get(turn), desk.material.places[turn], kept=kept)


def shown_entry(desk: Desk, view: TurnView, cursor: Cursor) -> str:
    """The label whose codebook entry stands beside the turn."""
    labels = applicable(desk, view)
    if cursor.entry in labels:
        return cursor.entry
    first = [*(s.label for s in view.suggestions if s.label in view.labels), *view.labels, *labels]
    return first[0] if first else ""


def other_entry(desk: Desk, view: TurnView, cursor: Cursor, step: int) -> str:
    """The label before or after the one whose entry is shown."""
    labels = applicable(desk, view)
    shown = shown_entry(desk, view, cursor)
    return labels[(labels.index(shown) + step) % len(labels)] if shown else ""


def applicable(desk: Desk, view: TurnView) -> list[str]:
    return [label for group in view.groups for label in desk.material.codebook.labels_of(group.name)]
