"""Presses as a browser sends them: each is handled once, in order, on the turn that it was meant for.

Streamlit keeps one waiting press of a button and drops the others. So the browser numbers the presses and sends those
again that it has not seen handled, and the server says how far it is. A press also says which drawing of the page the
coder had before them: whoever types ahead means the turn that their own keys lead to, but nobody saves a turn unseen.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from ipt_nlp.codebook import Codebook
from ipt_nlp.store.values import Item
from ipt_nlp.ui.keys import COMMANDS, label_keys
from ipt_nlp.ui.state.desk import Cursor, Desk, Notice, applicable, current
from ipt_nlp.ui.state.review import LONGEST_S, Press, press
from ipt_nlp.ui.state.turns import TurnView


@dataclass(slots=True)
class Board:
    """What a window and the server agree on.

    Attributes:
        name: another one after the server has lost the window; what was pressed before is not for this one.
        handled: the number of the newest press that has been handled.
        screen: the number of the newest drawing.
        taken_from: presses on drawings before this one are not taken any more.
        item, item_from: the turn drawn last, and its first drawing.
        desk, view: what was drawn last; no view once something has been pressed since.
    """

    name: str = field(default_factory=lambda: secrets.token_hex(8))
    handled: int = 0
    screen: int = 0
    taken_from: int = 0
    item: Item | None = None
    item_from: int = 0
    desk: Desk | None = None
    view: TurnView | None = None

    def draws(self, desk: Desk, cursor: Cursor, view: TurnView) -> None:
        """Another drawing begins."""
        self.screen += 1
        if cursor.item != self.item:
            self.item, self.item_from = cursor.item, self.screen
        self.desk, self.view = desk, view

    def hold(self) -> None:
        """Take nothing more that was pressed before the next drawing: the coder did not know what it would meet."""
        self.taken_from = self.screen + 1


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press with its number, the drawing that was seen, and when it was, by the server's clock."""

    number: int
    screen: int
    what: Press
    value: str | None
    at: float


def key_map(codebook: Codebook) -> dict[str, list[str]]:
    """Key -> what it does, for the browser."""
    commands = {key: [str(name)] for name, key in COMMANDS.items()}
    return commands | {key: ["toggle", label] for label, key in label_keys(codebook).items()}


def received(board: Board, sent: Any, now: float) -> list[Pressed]:
    """The presses among ``sent`` that have not been handled; what is none of ours is left out."""
    if not isinstance(sent, dict) or sent.get("board") != board.name:
        return []
    found = [_read(row, sent.get("now"), now) for row in sent.get("waiting") or ()]
    new = {each.number: each for each in found if each is not None and each.number > board.handled}
    return [new[number] for number in sorted(new)]


def _read(row: Any, sent_at: Any, now: float) -> Pressed | None:
    try:
        ago = min(max((float(sent_at) - float(row["at"])) / 1000, 0.0), LONGEST_S)
        number, screen, (what, *value) = int(row["number"]), int(row["screen"]), row["what"]
    except (KeyError, TypeError, ValueError):
        return None
    if what not in COMMANDS and (what != "toggle" or len(value) != 1):
        return None
    return Pressed(number, screen, cast("Press", what), str(value[0]) if value else None, now - ago)


def handle(board: Board, cursor: Cursor, presses: Sequence[Pressed], desk_at: Callable[[str], Desk]) -> Cursor:
    """The cursor after ``presses``; ``desk_at`` opens a session as it is now."""
    for each in presses:
        board.handled = each.number
        if each.screen >= board.taken_from:
            cursor = _one(board, cursor, each, desk_at)
    return cursor


def _one(board: Board, cursor: Cursor, each: Pressed, desk_at: Callable[[str], Desk]) -> Cursor:
    desk, view = board.desk, board.view
    if desk is None or view is None or cursor.item != board.item:
        desk = desk_at(cursor.transcript_id)
        view = current(desk, cursor)
    board.view = None
    if each.what == "toggle" and each.value not in applicable(desk, view):
        board.hold()
        return replace(
            cursor, notice=Notice(f"This code is not for what the {view.utterance.speaker} says.", "warning")
        )
    seen = cursor.item == board.item and each.screen >= board.item_from
    after = press(desk, cursor, view, each.what, each.at, each.value, seen=seen)
    refused = after.notice is not None and after.notice.kind == "warning"
    if refused or after.noting or after.conflict is not None:
        board.hold()
    return after
