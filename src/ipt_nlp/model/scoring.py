"""Scoring: a model folder in, calibrated probabilities and evidence out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ipt_nlp.model.base import base_folder, load_tokenizer
from ipt_nlp.model.batches import EncodedTurn, TurnEncoder, collate
from ipt_nlp.model.calibration import calibrate
from ipt_nlp.model.config import HeadGroup
from ipt_nlp.model.engine import Engine, choose_engine
from ipt_nlp.model.tagger import SessionTagger, model_ref, read_config
from ipt_nlp.model.windows import Piece, pack, tokens

Array = NDArray[np.float64]
DECIMALS = 4


@dataclass(frozen=True, slots=True)
class GroupScores:
    """Calibrated probabilities of one group: [turn, label] and, in the order of the turns, [sentence, label]."""

    turns: Array
    sentences: Array


@dataclass(frozen=True, slots=True)
class TranscriptScores:
    """Scores of one transcript; ``spans`` has each turn's sentences as code point offsets."""

    groups: Mapping[str, GroupScores]
    spans: Sequence[Sequence[tuple[int, int]]]


class Scorer:
    """A loaded model version. ``ref`` is its name, version and digest."""

    def __init__(self, tagger: SessionTagger, ref: str, engine: Engine | None = None) -> None:
        self.config = tagger.config
        self.ref = ref
        self.engine = engine or choose_engine()
        self._tagger = self.engine.prepare(tagger.merge().eval())
        self._turn_encoder = TurnEncoder(load_tokenizer(self.config.base))

    @classmethod
    def load(cls, folder: Path, name: str, engine: Engine | None = None) -> Scorer:
        """Load a model folder.

        Raises:
            ModelError: the folder is incomplete or damaged, or its base weights are not at hand.
        """
        config = read_config(folder)
        base_folder(config.base)
        tagger = SessionTagger.from_pretrained(folder)
        return cls(tagger, model_ref(folder, name, config.version), engine)

    @property
    def heads(self) -> tuple[HeadGroup, ...]:
        """The groups this model predicts; auxiliary ones are left out."""
        return tuple(head for head in self.config.heads if not head.auxiliary)

    def score(self, transcripts: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[TranscriptScores]:
        """Scores of ``transcripts``, each given as its turns' texts and its turns' speakers.

        Windows of all transcripts share batches, but no window holds turns of two transcripts.
        """
        return [self._calibrated(logits, turns) for logits, turns in self._logits(transcripts)]

    def turn_logits(self, transcripts: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[dict[str, Array]]:
        """Group -> raw logits [turn, label] of each transcript, auxiliary groups too: what calibration is fitted on."""
        return [{name: turns for name, (turns, _) in logits.items()} for logits, _ in self._logits(transcripts)]

    def turn_vectors(self, transcripts: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[Array]:
        """What the heads read of each transcript's turns [turn, hidden]."""
        return [by_turn.double().numpy() for by_turn, _, _ in self._vectors(transcripts)]

    def _logits(
        self, transcripts: Sequence[tuple[Sequence[str], Sequence[str]]]
    ) -> Iterator[tuple[dict[str, tuple[Array, Array]], list[EncodedTurn]]]:
        for by_turn, by_sentence, turns in self._vectors(transcripts):
            with torch.inference_mode():
                whole, parts = self._tagger.logits(by_turn), self._tagger.logits(by_sentence)
            yield {name: (whole[name].double().numpy(), parts[name].double().numpy()) for name in whole}, turns

    def _vectors(
        self, transcripts: Sequence[tuple[Sequence[str], Sequence[str]]]
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor, list[EncodedTurn]]]:
        """Of each transcript, mean token vectors by turn and by sentence."""
        encoded = [self._turn_encoder.encode(texts, speakers) for texts, speakers in transcripts]
        first_slots, total = _first_slots(encoded)
        with torch.inference_mode():
            sums, counts = self._sentence_sums(encoded, first_slots, total)
            for turns, slots in zip(encoded, first_slots, strict=True):
                start = slots[0] if turns else 0
                stop = start + sum(len(turn.spans) for turn in turns)
                owner = torch.tensor([n for n, turn in enumerate(turns) for _ in turn.spans], dtype=torch.long)
                part, size = sums[start:stop], counts[start:stop]
                whole = part.new_zeros(len(turns), part.shape[1]).index_add_(0, owner, part)
                tokens = size.new_zeros(len(turns)).index_add_(0, owner, size)
                yield whole / tokens.clamp(min=1)[:, None], part / size.clamp(min=1)[:, None], turns

    def _sentence_sums(
        self, encoded: Sequence[Sequence[EncodedTurn]], first_slots: Sequence[Mapping[int, int]], total: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Sums and counts of token vectors for each sentence of all transcripts."""
        windows = [
            (number, pieces)
            for number, turns in enumerate(encoded)
            for pieces in pack([len(t.ids) for t in turns], self.config.window_tokens, self.config.context_tokens)
        ]
        sums = torch.zeros(total, self._tagger.encoder.config.hidden_size)
        counts = torch.zeros(total)
        for batch in _batches(windows, self.engine.windows_per_batch(self.config.window_tokens)):
            tensors = collate(
                [(encoded[n], p) for n, p in batch], [first_slots[n] for n, _ in batch], self._turn_encoder
            )
            slot = tensors.pop("slot")
            used, local = torch.unique(slot, return_inverse=True)
            offset = int(used[0] < 0)
            with self.engine.precision():
                part, size = self._tagger.pool(local - offset, len(used) - offset, **tensors)
            sums.index_add_(0, used[offset:], part)
            counts.index_add_(0, used[offset:], size)
        return sums, counts

    def _calibrated(self, logits: Mapping[str, tuple[Array, Array]], turns: Sequence[EncodedTurn]) -> TranscriptScores:
        groups = {}
        for head in self.heads:
            known = self.config.calibration.get(head.name, {})
            parameters = np.array([known.get(label, (1.0, 0.0)) for label in head.labels])
            by_turn, by_sentence = (calibrate(x, parameters, exclusive=head.exclusive) for x in logits[head.name])
            groups[head.name] = GroupScores(by_turn.round(DECIMALS), by_sentence.round(DECIMALS))
        return TranscriptScores(groups, [turn.spans for turn in turns])


def _first_slots(encoded: Sequence[Sequence[EncodedTurn]]) -> tuple[list[dict[int, int]], int]:
    slots, total = [], 0
    for turns in encoded:
        row = {}
        for number, turn in enumerate(turns):
            row[number] = total
            total += len(turn.spans)
        slots.append(row)
    return slots, total


def _batches(windows: Sequence[tuple[int, list[Piece]]], size: int) -> Iterator[list[tuple[int, list[Piece]]]]:
    """Windows of like length together, so that little is padded."""
    order = sorted(windows, key=lambda window: -tokens(window[1]))
    for start in range(0, len(order), size):
        yield order[start : start + size]
