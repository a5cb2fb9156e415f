"""What a challenger is trained on: what coders corrected, and a sample of the base corpus."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import UsageError
from ipt_nlp.learning.codes import Codes, LabelsOf, base_labels
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.corrections import Corrections
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.learning.training import training_transcript
from ipt_nlp.model.base import load_tokenizer
from ipt_nlp.model.config import HeadGroup, TaggerConfig
from ipt_nlp.model.growth import grown_heads, new_labels
from ipt_nlp.model.training import TrainingTranscript
from ipt_nlp.transcript import Transcript

# A label is neither certain nor impossible, however seldom or often it has been given.
PRIOR_RANGE = (0.01, 0.5)
# With fewer there is nothing to learn a label by: it stays with its cue phrases.
FEWEST_USES = 2


@dataclass(frozen=True, slots=True)
class RetrainPlan:
    """How much to train, and how fast. The defaults end within six minutes where 1,500 tokens a second are trained.

    Attributes:
        training_tokens: tokens that all epochs together go over; more only where the corrections alone are more.
        least_replay: tokens of the base corpus to one token of corrected sessions, at least.
        around: turns of context kept on each side of a corrected turn.
        correction_weight: what a corrected turn weighs against one of the base corpus.
    """

    epochs: int = 4
    training_tokens: int = 280_000
    least_replay: float = 0.5
    around: int = 8
    windows_per_step: int = 2
    adapter_lr: float = 2e-4
    head_lr: float = 6e-4
    average_decay: float = 0.99
    correction_weight: float = 2.0
    seed: int = 13

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """A plan with some of its values given.

        Raises:
            UsageError: there is no such value.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise UsageError(f"a plan has no {', '.join(unknown)}. It has {', '.join(known)}.")
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Lessons:
    """What a challenger is trained on.

    Attributes:
        codes: which labels the coders of the store and of the base corpus could give.
        odds: of each new label.
        tokens: of all epochs.
    """

    heads: tuple[HeadGroup, ...]
    codes: Codes
    items: list[TrainingTranscript]
    odds: dict[str, float]
    turns: int
    replayed: int
    tokens: int


def codes_of(known: TaggerConfig, recipe: Recipe, found: Corrections, codebook: Codebook) -> Codes:
    """Which labels the coders of the store and of the base corpus could give.

    What the base corpus was coded by is known whole, however little of it the store has seen.
    """
    base = Path(recipe.codebook).stem
    versions = {ref: labels for ref, labels in found.codes.items() if ref.partition("@")[0] != base}
    versions[codebook.ref] = frozenset(codebook.by_name)
    return Codes(versions, base_labels(recipe.codebook, known.heads))


def lessons_of(
    known: TaggerConfig,
    recipe: Recipe,
    found: Corrections,
    base: Sequence[CodedTranscript],
    codebook: Codebook,
    plan: RetrainPlan,
) -> Lessons:
    """What a model with the configuration ``known`` is trained on.

    Raises:
        UsageError: there is nothing to learn from.
    """
    corrected = [excerpt for coded in found.learn for excerpt in excerpts(coded, plan.around)]
    if not corrected:
        raise UsageError("no correction to learn from. Review some turns first.")
    heads = grown_heads(known.heads, codebook, _used(found.learn))
    codes = codes_of(known, recipe, found, codebook)
    replayed, tokens = _replay(base, corrected, plan, _token_counter(known.base))
    items = [_item(t, heads, codes, recipe, plan.correction_weight) for t in corrected]
    items += [_item(t, heads, codes, recipe, 1.0) for t in replayed]
    turns, again = (sum(len(t.annotations) for t in part) for part in (corrected, replayed))
    odds = _odds(items, heads, new_labels(known.heads, heads))
    return Lessons(heads, codes, items, odds, turns, again, plan.epochs * tokens)


def _used(learn: Sequence[CodedTranscript]) -> frozenset[str]:
    """The labels with enough uses to be learned by."""
    uses = Counter(
        label
        for coded in learn
        for annotations in coded.annotations.values()
        for label in {x for a in annotations for given in a.labels.values() for x in given}
    )
    return frozenset(label for label, count in uses.items() if count >= FEWEST_USES)


def excerpts(coded: CodedTranscript, around: int) -> Iterator[CodedTranscript]:
    """The stretches of a transcript that lie within ``around`` turns of a coded one: the rest teaches nothing."""
    utterances = coded.transcript.utterances
    near = np.zeros(len(utterances), np.bool_)
    for row, utterance in enumerate(utterances):
        if utterance.utterance_id in coded.annotations:
            near[max(0, row - around) : row + around + 1] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]]).astype(int)))
    for start, stop in edges.reshape(-1, 2):
        part = utterances[start:stop]
        annotations = {
            u.utterance_id: coded.annotations[u.utterance_id] for u in part if u.utterance_id in coded.annotations
        }
        yield replace(coded, transcript=Transcript(coded.transcript.transcript_id, part), annotations=annotations)


def _replay(
    base: Sequence[CodedTranscript],
    corrected: Sequence[CodedTranscript],
    plan: RetrainPlan,
    count: Callable[[CodedTranscript], int],
) -> tuple[list[CodedTranscript], int]:
    """A sample of ``base`` in whole transcripts, and the tokens of an epoch over it and what was corrected."""
    spent = sum(map(count, corrected))
    wanted = max(round(spent * plan.least_replay), plan.training_tokens // plan.epochs - spent)
    order = [t for t in base if t.annotations]
    random.Random(plan.seed).shuffle(order)  # noqa: S311  # a sample, no secret
    sample: list[CodedTranscript] = []
    used = 0
    for coded in order:
        if used >= wanted:
            break
        sample.append(coded)
        used += count(coded)
    return sample, spent + used


def _token_counter(base: str) -> Callable[[CodedTranscript], int]:
    tokenizer = load_tokenizer(base)

    def count(coded: CodedTranscript) -> int:
        texts = [u.text for u in coded.transcript.utterances]
        return sum(len(e.ids) + 1 for e in tokenizer.encode_batch(texts, add_special_tokens=False))

    return count


def _item(
    coded: CodedTranscript, heads: Sequence[HeadGroup], codes: Codes, recipe: Recipe, weight: float
) -> TrainingTranscript:
    item = training_transcript(coded, heads, recipe, codes)
    return replace(item, weights={group: values * np.float32(weight) for group, values in item.weights.items()})


def _odds(items: Sequence[TrainingTranscript], heads: Sequence[HeadGroup], fresh: LabelsOf) -> dict[str, float]:
    """New label -> log odds of a coded turn having it; one coded before there was the label counts as without it."""
    odds = {}
    for head in heads:
        for label in fresh.get(head.name, ()):
            column = head.labels.index(label)
            seen = np.concatenate([t.targets[head.name][t.weights[head.name] > 0, column] for t in items])
            p = float(np.clip((np.nansum(seen) + 0.5) / (len(seen) + 1), *PRIOR_RANGE))
            odds[label] = float(np.log(p / (1 - p)))
    return odds
