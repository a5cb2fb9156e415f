"""From transcripts to the tensors of one forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ipt_nlp.model.windows import Piece, sentences, tokens

ROLE_IDS: Mapping[str, int] = {"therapist": 0, "client": 1, "other": 2}


@dataclass(frozen=True, slots=True)
class EncodedTurn:
    """Token ids of one turn.

    ``sentence_of`` says for each token, and for the separator after them, which sentence of the turn it is in.
    """

    role: int
    ids: np.ndarray[Any, np.dtype[np.int32]]
    sentence_of: np.ndarray[Any, np.dtype[np.int32]]
    spans: list[tuple[int, int]]


class TurnEncoder:
    """Tokenises turns and finds their sentences."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.start = tokenizer.token_to_id("[CLS]")
        self.separator = tokenizer.token_to_id("[SEP]")

    def encode(self, texts: Sequence[str], speakers: Sequence[str]) -> list[EncodedTurn]:
        """Encode ``texts``; offsets of sentences are code points of each text."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [self._turn(*args) for args in zip(texts, speakers, encodings, strict=True)]

    def _turn(self, text: str, speaker: str, encoding: Any) -> EncodedTurn:
        spans = sentences(text)
        if len(spans) == 1:
            sentence_of = np.zeros(len(encoding.ids) + 1, np.int32)
        else:
            starts = np.array([span[0] for span in spans[1:]])
            token_starts = np.array([offset[0] for offset in encoding.offsets], np.int64).reshape(-1)
            inside = np.searchsorted(starts, token_starts, side="right")
            sentence_of = np.append(inside, len(spans) - 1).astype(np.int32)
        return EncodedTurn(ROLE_IDS[speaker], np.array(encoding.ids, np.int32), sentence_of, spans)


def collate(
    windows: Sequence[tuple[Sequence[EncodedTurn], Sequence[Piece]]],
    slots: Sequence[Mapping[int, int]],
    turn_encoder: TurnEncoder,
) -> dict[str, torch.Tensor]:
    """Tensors for ``SessionTagger.pool``.

    Args:
        windows: for each, its transcript's turns and the pieces in it.
        slots: for each window, turn -> the number of the turn's first slot; a sentence's slot is
            that number plus its place in the turn.

    Returns:
        ``input_ids``, ``token_type_ids`` (roles) and ``slot`` (-1: not pooled), all [window, token], and
        ``attention_mask`` where something is padded: attention is faster without.
    """
    length = max(tokens(pieces) for _, pieces in windows)
    shape = (len(windows), length)
    ids, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    roles, slot = np.zeros(shape, np.int64), np.full(shape, -1, np.int64)
    for row, (turns, pieces) in enumerate(windows):
        ids[row, 0], at = turn_encoder.start, 1
        for piece in pieces:
            turn, end = turns[piece.turn], at + piece.stop - piece.start
            ids[row, at:end], ids[row, end] = turn.ids[piece.start : piece.stop], turn_encoder.separator
            roles[row, at : end + 1] = turn.role
            if piece.scored:
                inside = turn.sentence_of[piece.start : piece.stop + 1]
                slot[row, at : end + 1] = slots[row][piece.turn] + inside
            at = end + 1
        mask[row, :at] = 1
    arrays = {"input_ids": ids, "token_type_ids": roles, "slot": slot}
    if not mask.all():
        arrays["attention_mask"] = mask
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
