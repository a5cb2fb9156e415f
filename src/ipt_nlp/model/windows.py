"""Session windows: consecutive turns packed for one forward pass, each token scored exactly once.

Sequential sentence classification after Cohan et al. (2019): a turn is read with its neighbours, and no token is
encoded once per turn that needs it as context.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SENTENCE_END = re.compile(r"[.!?…][\"'’”)\]]*(\s+)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Tokens ``start:stop`` of one turn; ``scored`` is False where they are only context."""

    turn: int
    start: int
    stop: int
    scored: bool


def tokens(pieces: Sequence[Piece]) -> int:
    """Tokens of a window, its start and separators counted."""
    return 1 + sum(p.stop - p.start + 1 for p in pieces)


def _chunks(lengths: Sequence[int], limit: int) -> Iterator[Piece]:
    """The turns as pieces of at most ``limit`` tokens; an empty turn is one empty piece."""
    for turn, length in enumerate(lengths):
        for start in range(0, max(length, 1), limit):
            yield Piece(turn, start, min(start + limit, length), scored=True)


def _left_context(before: Sequence[Piece], budget: int) -> list[Piece]:
    """The last ``budget`` tokens of ``before``, separators counted, as unscored pieces."""
    context: list[Piece] = []
    for piece in reversed(before):
        room = budget - 1
        if room < 1:
            break
        start = max(piece.start, piece.stop - room)
        context.append(Piece(piece.turn, start, piece.stop, scored=False))
        budget -= piece.stop - start + 1
    return context[::-1]


def pack(lengths: Sequence[int], window_tokens: int, context_tokens: int) -> list[list[Piece]]:
    """Pack the turns of one transcript into windows.

    Args:
        lengths: tokens of each turn, in order.
        window_tokens: most tokens of a window, with its start token and a separator after each piece.
        context_tokens: most tokens of left context, separators counted, in all windows but the first.

    Returns:
        Windows in order; every token of every turn is in exactly one scored piece, and so is every empty turn.
    """
    room = window_tokens - 1 - context_tokens
    if room < 2 or context_tokens < 0:
        raise ValueError(f"window_tokens={window_tokens} leaves no room beside context_tokens={context_tokens}")
    pieces = list(_chunks(lengths, room - 1))
    windows: list[list[Piece]] = []
    window: list[Piece] = []
    used = 1
    for index, piece in enumerate(pieces):
        cost = piece.stop - piece.start + 1
        if used + cost > window_tokens and window:
            windows.append(window)
            window = _left_context(pieces[max(0, index - context_tokens) : index], context_tokens)
            used = tokens(window)
        window.append(piece)
        used += cost
    return [*windows, window] if window else windows


def sentences(text: str) -> list[tuple[int, int]]:
    """Code point spans of the sentences of a turn, without the blanks between them; at least one span."""
    spans, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        spans.append((start, match.start(1)))
        start = match.end(1)
    spans.append((start, len(text)))
    trimmed = [_trim(text, *span) for span in spans]
    return [span for span in trimmed if span[0] < span[1]] or [(0, len(text))]


def _trim(text: str, start: int, stop: int) -> tuple[int, int]:
    part = text[start:stop]
    return start + len(part) - len(part.lstrip()), stop - (len(part) - len(part.rstrip()))
