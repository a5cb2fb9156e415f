"""A challenger: the champion's weights, trained on with what coders corrected and a sample of the base corpus."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ipt_nlp.codebook import Codebook, next_version
from ipt_nlp.errors import IptNlpError, UsageError
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.corrections import Corrections
from ipt_nlp.learning.lessons import RetrainPlan, lessons_of
from ipt_nlp.learning.own_codes import fit_own_codes
from ipt_nlp.learning.recalibration import recalibrate
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.learning.splits import Split, split
from ipt_nlp.learning.training import RECIPE
from ipt_nlp.model.growth import grown
from ipt_nlp.model.tagger import read_config
from ipt_nlp.model.training import Schedule, train_on
from ipt_nlp.models import CODEBOOK

Report = Callable[[float, str], None]


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
    return Recipe(
        codebook=known.codebook.partition("@")[0],
        window_tokens=known.window_tokens,
        context_tokens=context,
        reading_context_tokens=context,
    )


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
    lessons = lessons_of(known, recipe, found, parts.train, codebook, plan)
    tagger = grown(champion, lessons.heads, lessons.odds, codebook.ref, next_version(known.version))
    started, work = time.monotonic(), out / ".work"
    report(0.02, "training")
    schedule = _schedule(plan, recipe)
    train_on(tagger, lessons.items, schedule, work, lambda share: report(0.02 + 0.68 * share, "training"))
    seconds = round(time.monotonic() - started, 1)
    report(0.71, "calibrating")
    fitted = recalibrate(tagger, parts.calibration, lessons.codes, work)
    fit_own_codes(tagger, lessons.codes.own(lessons.heads), lessons.items, codebook, work)
    tagger.save_pretrained(out)
    (out / RECIPE).write_text(recipe.to_toml(), "utf-8")
    _keep_codebook(codebook, out)
    shutil.rmtree(work, ignore_errors=True)
    return Retrained(
        len(found.learn), lessons.turns, lessons.replayed, lessons.tokens, seconds, tuple(lessons.odds), fitted
    )


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


def _keep_codebook(codebook: Codebook, out: Path) -> None:
    """Put the codebook beside the model unless it ships with the package."""
    with suppress(IptNlpError):
        if Codebook.load(codebook.name).digest() == codebook.digest():
            return
    (out / CODEBOOK).write_text(codebook.model_dump_json(), "utf-8")
