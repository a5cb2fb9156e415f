from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipt_nlp.model.windows import Piece, pack, sentences, tokens

LENGTHS = st.lists(st.integers(0, 120), max_size=60)


@given(LENGTHS, st.integers(8, 96), st.integers(0, 40))
def test_every_token_of_every_turn_is_scored_once(lengths: list[int], window: int, context: int) -> None:
    if window - 1 - context < 2:
        return
    windows = pack(lengths, window, context)
    scored = [p for pieces in windows for p in pieces if p.scored]
    tokens = Counter((p.turn, t) for p in scored for t in range(p.start, p.stop))
    assert tokens == Counter((turn, t) for turn, n in enumerate(lengths) for t in range(n))
    assert {p.turn for p in scored} == set(range(len(lengths)))
    assert scored == sorted(scored, key=lambda p: (p.turn, p.start))


@given(LENGTHS, st.integers(8, 96), st.integers(0, 40))
def test_windows_keep_their_size_and_context_comes_before(lengths: list[int], window: int, context: int) -> None:
    if window - 1 - context < 2:
        return
    for pieces in pack(lengths, window, context):
        assert tokens(pieces) <= window
        kinds = [p.scored for p in pieces]
        assert kinds == sorted(kinds)
        assert sum(p.stop - p.start + 1 for p in pieces if not p.scored) <= context
        places = [(p.turn, p.start) for p in pieces]
        assert places == sorted(places)


def test_context_is_the_end_of_what_came_before() -> None:
    first, second = pack([5, 5, 5], 14, 4)
    assert first == [Piece(0, 0, 5, True), Piece(1, 0, 5, True)]
    assert second == [Piece(1, 2, 5, False), Piece(2, 0, 5, True)]


def test_a_window_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves no room"):
        pack([3], 10, 9)


@given(st.text(max_size=200))
def test_sentences_cover_the_words_of_a_turn_in_order(text: str) -> None:
    spans = sentences(text)
    assert spans
    assert all(0 <= a <= b <= len(text) for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in pairwise(spans))
    assert "".join("".join(text[a:b] for a, b in spans).split()) == "".join(text.split())


def test_sentences_end_after_their_quotes() -> None:
    text = "He said “no.” And then? Nothing… so I left"
    assert [text[a:b] for a, b in sentences(text)] == ["He said “no.”", "And then?", "Nothing…", "so I left"]
