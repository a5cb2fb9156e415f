"""Training the tagger with ``transformers.Trainer``: windows are made in the data collator."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch import Tensor
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments, set_seed

from ipt_nlp.model.base import load_encoder, load_tokenizer
from ipt_nlp.model.batches import EncodedTurn, TurnEncoder, collate
from ipt_nlp.model.callbacks import Average, LossLog, Steps
from ipt_nlp.model.config import HeadGroup, TaggerConfig
from ipt_nlp.model.lowrank import as_adapters, whole_layers
from ipt_nlp.model.tagger import SessionTagger
from ipt_nlp.model.windows import Piece, pack, tokens

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TrainingTranscript:
    """One transcript to learn from.

    Attributes:
        targets: group -> [turn, label] in [0, 1]; between the two where coders differ, nan where a label was not yet in
            the codebook of the coders.
        weights: group -> [turn]; 0 where the group was not coded or does not apply.
    """

    texts: Sequence[str]
    speakers: Sequence[str]
    targets: Mapping[str, Array]
    weights: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to learn; ``context_tokens``: of a window; ``whole_layers``: see ``lowrank``."""

    epochs: int
    windows_per_step: int
    adapter_lr: float
    head_lr: float
    warmup: float
    weight_decay: float
    average_decay: float
    most_positive_weight: float
    context_tokens: int
    whole_layers: bool
    seed: int


class _Windows:
    """The packed windows of a corpus in bundles of like length, and the collator that turns bundles into a batch.

    A bundle holds one full window or several short ones, so that a step over single sentences learns from as many
    tokens as one over sessions.
    """

    def __init__(
        self, corpus: Sequence[TrainingTranscript], encoder: TurnEncoder, config: TaggerConfig, context_tokens: int
    ) -> None:
        self._corpus, self._encoder, self._heads = corpus, encoder, config.heads
        self._turns: list[list[EncodedTurn]] = [encoder.encode(t.texts, t.speakers) for t in corpus]
        windows = [
            (number, window)
            for number, turns in enumerate(self._turns)
            for window in pack([len(t.ids) for t in turns], config.window_tokens, context_tokens)
        ]
        self._bundles = bundle(windows, config.window_tokens)

    def dataset(self) -> Dataset:
        """One row a bundle: its number, and the length of its windows so that those of like length share a batch."""
        lengths = [max(tokens(pieces) for _, pieces in windows) for windows in self._bundles]
        return Dataset.from_dict({"bundle": list(range(len(lengths))), "length": lengths})

    def collate(self, rows: Sequence[Mapping[str, int]]) -> dict[str, Any]:
        """The batch of ``rows``, with one slot for each scored piece."""
        chosen = [window for row in rows for window in self._bundles[row["bundle"]]]
        slots: list[dict[int, int]] = []
        turns: list[tuple[TrainingTranscript, int]] = []
        for number, pieces in chosen:
            slots.append({p.turn: len(turns) + i for i, p in enumerate(p for p in pieces if p.scored)})
            turns.extend((self._corpus[number], p.turn) for p in pieces if p.scored)
        windows = [([_whole(t) for t in self._turns[number]], pieces) for number, pieces in chosen]
        batch: dict[str, Any] = dict(collate(windows, slots, self._encoder))
        batch["targets"] = {h.name: _stack([t.targets[h.name][i] for t, i in turns]) for h in self._heads}
        batch["weights"] = {h.name: _stack([t.weights[h.name][i] for t, i in turns]) for h in self._heads}
        return batch


def bundle(windows: Sequence[tuple[int, list[Piece]]], most: int) -> list[list[tuple[int, list[Piece]]]]:
    """Windows of like length together, as many as fit into ``most`` tokens when padded to the longest of them."""
    bundles: list[list[tuple[int, list[Piece]]]] = []
    for window in sorted(windows, key=lambda w: -tokens(w[1])):
        longest = tokens(bundles[-1][0][1]) if bundles else most
        if bundles and longest * (len(bundles[-1]) + 1) <= most:
            bundles[-1].append(window)
        else:
            bundles.append([window])
    return bundles


def _whole(turn: EncodedTurn) -> EncodedTurn:
    """The turn as one sentence: training pools turns."""
    return EncodedTurn(turn.role, turn.ids, np.zeros_like(turn.sentence_of), turn.spans)


def _stack(rows: Sequence[Any]) -> Tensor:
    return torch.from_numpy(np.stack(rows).astype(np.float32))


class _Trainer(Trainer):  # type: ignore[misc]  # transformers ships no complete types
    """Adapters and heads learn at their own rates."""

    def __init__(self, *args: Any, schedule: Schedule, **kwargs: Any) -> None:
        self._schedule = schedule
        super().__init__(*args, **kwargs)

    optimizer: torch.optim.Optimizer | None

    def create_optimizer(self, *_: Any, **__: Any) -> torch.optim.Optimizer:
        if self.optimizer is None:
            plan = self._schedule
            named = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad]
            heads = [p for n, p in named if n.startswith("heads.")]
            rest = [p for n, p in named if not n.startswith("heads.")]
            groups = [{"params": rest, "lr": plan.adapter_lr}, {"params": heads, "lr": plan.head_lr}]
            self.optimizer = torch.optim.AdamW(groups, weight_decay=plan.weight_decay, fused=True)
        return self.optimizer


def positive_weights(
    corpus: Sequence[TrainingTranscript], heads: Sequence[HeadGroup], most: float
) -> dict[str, Tensor]:
    """Group -> [label] weight of a positive: the square root of negatives over positives, between 1 and ``most``."""
    weights = {}
    for head in heads:
        coded = np.concatenate([t.weights[head.name] > 0 for t in corpus])
        targets = np.concatenate([t.targets[head.name] for t in corpus])[coded]
        positives, known = np.nansum(targets, axis=0), (~np.isnan(targets)).sum(axis=0)
        ratio = np.sqrt((known - positives) / np.maximum(positives, 1.0))
        weights[head.name] = torch.from_numpy(np.clip(ratio, 1.0, most).astype(np.float32))
    return weights


def train_tagger(
    corpus: Sequence[TrainingTranscript], config: TaggerConfig, schedule: Schedule, work: Path, *, resume: bool = False
) -> tuple[SessionTagger, list[tuple[int, float]]]:
    """Train a tagger on ``corpus``.

    Args:
        work: folder for checkpoints, one an epoch.
        resume: go on from the last checkpoint in ``work``.

    Returns:
        The tagger, in evaluation mode, and its learning curve as (step, mean loss since the last point).
    """
    set_seed(schedule.seed)
    whole = schedule.whole_layers and config.adapter_rank > 0
    tagger = whole_layers(config) if whole else SessionTagger(config, load_encoder(config.base, config.base_sha256))
    checkpoint = last_whole_checkpoint(work) if resume else None
    points = _fit(tagger, corpus, schedule, _arguments(schedule, work), [], checkpoint)
    return as_adapters(tagger, config) if whole else tagger, points


def train_on(
    tagger: SessionTagger,
    corpus: Sequence[TrainingTranscript],
    schedule: Schedule,
    work: Path,
    tell: Callable[[float], None],
) -> None:
    """Go on training ``tagger`` from what it knows, without checkpoints.

    Args:
        tell: called after each step with the share that is done; what it raises ends the training.
    """
    set_seed(schedule.seed)
    arguments = _arguments(schedule, work)
    arguments.set_save(strategy="no")
    arguments.disable_tqdm = True
    _fit(tagger, corpus, schedule, arguments, [Steps(tell)], None)


def _fit(
    tagger: SessionTagger,
    corpus: Sequence[TrainingTranscript],
    schedule: Schedule,
    arguments: TrainingArguments,
    callbacks: list[TrainerCallback],
    checkpoint: str | None,
) -> list[tuple[int, float]]:
    """Train ``tagger`` itself; returns its learning curve."""
    config = tagger.config
    tagger.positive_weights = positive_weights(corpus, config.heads, schedule.most_positive_weight)
    windows = _Windows(corpus, TurnEncoder(load_tokenizer(config.base)), config, schedule.context_tokens)
    log, average = LossLog(), Average(tagger, schedule.average_decay)
    trainer = _Trainer(
        model=tagger,
        args=arguments,
        train_dataset=windows.dataset(),
        data_collator=windows.collate,
        callbacks=[log, average, *callbacks],
        schedule=schedule,
    )
    trainer.remove_callback(PrinterCallback)  # standard output is for data
    trainer.train(resume_from_checkpoint=checkpoint)
    average.apply()
    tagger.eval()
    return log.points


def last_whole_checkpoint(work: Path) -> str | None:
    """The newest checkpoint that was written to its end: the average of the weights is the last file of each."""
    whole = [file.parent for file in work.glob(f"checkpoint-*/{Average.FILE}")]
    newest = max(whole, key=lambda folder: int(folder.name.split("-")[1]), default=None)
    return str(newest) if newest else None


def _arguments(schedule: Schedule, work: Path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(work),
        num_train_epochs=schedule.epochs,
        per_device_train_batch_size=schedule.windows_per_step,
        learning_rate=schedule.adapter_lr,
        warmup_steps=schedule.warmup,
        lr_scheduler_type="linear",
        train_sampling_strategy="group_by_length",
        length_column_name="length",
        remove_unused_columns=False,
        save_strategy="epoch",
        save_total_limit=1,
        logging_steps=50,
        seed=schedule.seed,
        report_to=[],
        disable_tqdm=not sys.stderr.isatty(),
        dataloader_pin_memory=False,
        bf16=torch.cuda.is_available(),
    )
