"""A challenger: the champion's weights, trained on with what coders corrected and a sample of the base corpus."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import IptNlpError, UsageError
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.corrections import Corrections
from ipt_nlp.learning.own_codes import LabelsOf, fit_own_codes, own_labels
from ipt_nlp.learning.recalibration import recalibrate
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.learning.splits import Split, split
from ipt_nlp.learning.training import RECIPE, training_transcript
from ipt_nlp.model.base import load_tokenizer
from ipt_nlp.model.config import HeadGroup, TaggerConfig
from ipt_nlp.model.growth import grown, grown_heads, new_labels
from ipt_nlp.model.tagger import read_config
from ipt_nlp.model.training import Schedule, TrainingTranscript, train_on
from ipt_nlp.models import CODEBOOK
from ipt_nlp.transcript import Transcript

Report = Callable[[float, str], None]
# A label nobody has given yet is neither certain nor impossible.
PRIOR_RANGE = (0.01, 0.5)


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
class Retrained:
    """What a retraining went over. ``tokens``: of all epochs; ``fitted``: labels that were calibrated anew."""

    sessions: int
    turns: int
    replayed: int
    tokens: int
    seconds: float
    new_labels: tuple[str, ...]
    fitted: tuple[str, ...]


def base_parts(base: Sequence[CodedTranscript], recipe: Recipe) -> Split:
    """The base corpus as the champion's recipe cut it: what was held out of its training stays out of this one.

    A corpus too small to be cut is learned from whole, but for what is frozen.
    """
    try:
        return split(
            base, count=recipe.folds, test=recipe.test_folds, calibration=recipe.calibration_folds, seed=recipe.seed
        )
    except UsageError:
        return Split(tuple(t for t in base if not t.frozen), (), tuple(t for t in base if t.frozen))


def recipe_of(folder: Path) -> Recipe:
    """The recipe that the model in ``folder`` was first trained by; of one without it, what its configuration tells."""
    if (folder / RECIPE).is_file():
        return Recipe.load(folder / RECIPE)
    known = read_config(folder)
    context = known.context_tokens
    return Recipe(window_tokens=known.window_tokens, context_tokens=context, reading_context_tokens=context)


def retrain(
    champion: Path,
    found: Corrections,
    parts: Split,
    codebook: Codebook,
    out: Path,
    plan: RetrainPlan,
    report: Report,
) -> Retrained:
    """Write a challenger into ``out``; the same arguments give the same weights on one machine.

    Args:
        found: what coders said; only what may be learned from is.
        parts: of the base corpus: ``train`` is replayed from, ``calibration`` calibrated on.
        report: told the share that is done and what is going on; what it raises ends the work.

    Raises:
        UsageError: there is nothing to learn from.
    """
    known, recipe = read_config(champion), recipe_of(champion)
    lessons = _lessons(known, recipe, found, parts.train, codebook, plan)
    tagger = grown(champion, lessons.heads, lessons.odds, codebook.ref, _next(known))
    started, work = time.monotonic(), out / ".work"
    report(0.02, "training")
    schedule = _schedule(plan, recipe)
    train_on(tagger, lessons.items, schedule, work, lambda share: report(0.02 + 0.68 * share, "training"))
    seconds = round(time.monotonic() - started, 1)
    report(0.71, "calibrating")
    fitted = recalibrate(tagger, parts.calibration, work)
    fit_own_codes(tagger, lessons.own, lessons.items, codebook, work)
    tagger.save_pretrained(out)
    (out / RECIPE).write_text(recipe.to_toml(), "utf-8")
    _keep_codebook(codebook, out)
    shutil.rmtree(work, ignore_errors=True)
    return Retrained(
        len(found.learn), lessons.turns, lessons.replayed, lessons.tokens, seconds, tuple(lessons.odds), fitted
    )


@dataclass(frozen=True, slots=True)
class _Lessons:
    """What a challenger is trained on.

    Attributes:
        own: group -> labels that the base corpus was coded without.
        odds: of each new label.
        tokens: of all epochs.
    """

    heads: tuple[HeadGroup, ...]
    own: LabelsOf
    items: list[TrainingTranscript]
    odds: dict[str, float]
    turns: int
    replayed: int
    tokens: int


def _lessons(
    known: TaggerConfig,
    recipe: Recipe,
    found: Corrections,
    base: Sequence[CodedTranscript],
    codebook: Codebook,
    plan: RetrainPlan,
) -> _Lessons:
    corrected = [excerpt for coded in found.learn for excerpt in excerpts(coded, plan.around)]
    if not corrected:
        raise UsageError("no correction to learn from. Review some turns first.")
    heads = grown_heads(known.heads, codebook)
    own, fresh = own_labels(heads, recipe.codebook), new_labels(known.heads, heads)
    replayed, tokens = _replay(base, corrected, plan, _token_counter(known.base))
    codes = {**found.codes, codebook.ref: frozenset(codebook.by_name)}
    items = [_item(t, heads, own, codes, recipe, plan.correction_weight) for t in corrected]
    items += [_item(t, heads, own, codes, recipe, 1.0) for t in replayed]
    turns, again = (sum(len(t.annotations) for t in part) for part in (corrected, replayed))
    return _Lessons(heads, own, items, _odds(items, heads, fresh), turns, again, plan.epochs * tokens)


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
    coded: CodedTranscript,
    heads: Sequence[HeadGroup],
    own: LabelsOf,
    codes: Mapping[str, frozenset[str]],
    recipe: Recipe,
    weight: float,
) -> TrainingTranscript:
    """A transcript to learn from; a label of ``own`` is unknown where its coders' codebook did not have it yet.

    Args:
        codes: ref of a codebook -> its labels.
    """
    item = training_transcript(coded, heads, recipe)
    refs = [{a.codebook for a in coded.annotations.get(u.utterance_id, ())} for u in coded.transcript.utterances]
    for head in heads:
        for label in own.get(head.name, ()):
            having = {ref for ref, labels in codes.items() if label in labels}
            column = item.targets[head.name][:, head.labels.index(label)]
            column[[row for row, found in enumerate(refs) if not column[row] and not found & having]] = np.nan
    weights = {group: values * np.float32(weight) for group, values in item.weights.items()}
    return replace(item, weights=weights)


def _odds(items: Sequence[TrainingTranscript], heads: Sequence[HeadGroup], fresh: LabelsOf) -> dict[str, float]:
    """New label -> log odds of a coded turn having it."""
    odds = {}
    for head in heads:
        for label in fresh.get(head.name, ()):
            column = head.labels.index(label)
            seen = np.concatenate([t.targets[head.name][t.weights[head.name] > 0, column] for t in items])
            known = seen[~np.isnan(seen)]
            p = float(np.clip((known.sum() + 0.5) / (len(known) + 1), *PRIOR_RANGE))
            odds[label] = float(np.log(p / (1 - p)))
    return odds


def _schedule(plan: RetrainPlan, recipe: Recipe) -> Schedule:
    return Schedule(
        epochs=plan.epochs,
        windows_per_step=plan.windows_per_step,
        adapter_lr=plan.adapter_lr,
        head_lr=plan.head_lr,
        warmup=recipe.warmup,
        weight_decay=recipe.weight_decay,
        average_decay=plan.average_decay,
        most_positive_weight=recipe.most_positive_weight,
        context_tokens=recipe.context_tokens,
        whole_layers=False,
        seed=plan.seed,
    )


def _next(known: TaggerConfig) -> str:
    """The champion's version, its last number one higher."""
    head, _, last = known.version.rpartition(".")
    return f"{head}.{int(last) + 1}" if head and last.isdigit() else f"{known.version}.1"


def _keep_codebook(codebook: Codebook, out: Path) -> None:
    """Put the codebook beside the model unless it ships with the package."""
    with suppress(IptNlpError):
        if Codebook.load(codebook.name).digest() == codebook.digest():
            return
    (out / CODEBOOK).write_text(codebook.model_dump_json(), "utf-8")
