"""From a coded corpus to a model folder: train, calibrate on held-out sources, measure on others, write the card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import UsageError
from ipt_nlp.learning.annomi import DETAIL, with_expert_labels
from ipt_nlp.learning.annomi import SOURCE as ANNOMI
from ipt_nlp.learning.codes import Codes
from ipt_nlp.learning.confidence import fit_acceptance, turn_confidence
from ipt_nlp.learning.corpus import CodedTranscript, Corpus
from ipt_nlp.learning.measures import labels_given
from ipt_nlp.learning.pictures import learning_curve
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.learning.splits import Split, narrowed, split
from ipt_nlp.learning.targets import gold_targets, soft_targets
from ipt_nlp.model.base import weights_sha256
from ipt_nlp.model.calibration import calibrate, fit_platt, fit_temperature, fit_threshold
from ipt_nlp.model.config import BASE_PACKAGE, BASE_SHA256, HeadGroup, TaggerConfig, head_groups
from ipt_nlp.model.engine import Engine
from ipt_nlp.model.scoring import Scorer
from ipt_nlp.model.tagger import SessionTagger
from ipt_nlp.model.training import Schedule, TrainingTranscript, train_tagger

RECIPE = "config.toml"
CURVE = "learning_curve.json"


@dataclass(frozen=True, slots=True)
class Trained:
    """What training leaves: the model folder, and the split that its figures are to be measured on."""

    folder: Path
    split: Split


def train(
    corpus: Corpus, recipe: Recipe, out: Path, texts: Mapping[str, Path], version: str, *, resume: bool = False
) -> Trained:
    """Train a model version into the folder ``out``; nothing there is touched before training has ended.

    Args:
        texts: source -> file with the text of its stand-off codes; AnnoMI's also holds the experts' labels, which
            train an auxiliary head where the recipe asks for one.
        resume: go on from the last checkpoint of an interrupted run.

    Raises:
        UsageError: the corpus holds no label of the recipe's codebook.
    """
    codebook = Codebook.load(recipe.codebook)
    transcripts: Sequence[CodedTranscript] = corpus.transcripts
    if "annomi" in recipe.auxiliary_codebooks and ANNOMI in texts:
        transcripts = with_expert_labels(transcripts, texts[ANNOMI])
    _check_labels(transcripts, codebook)
    parts = split(
        transcripts, count=recipe.folds, test=recipe.test_folds, calibration=recipe.calibration_folds, seed=recipe.seed
    )
    parts = narrowed(parts, recipe.learn_from, recipe.learn_share, recipe.seed)
    config = tagger_config(codebook, recipe, version)
    items = [training_transcript(t, config.heads, recipe) for t in parts.train]
    work = out.with_name(f".{out.name}.training")
    tagger, curve = train_tagger(items, config, schedule(recipe), work, resume=resume)
    calibrate_tagger(tagger, parts.calibration, work)
    out.mkdir(parents=True, exist_ok=True)
    tagger.save_pretrained(out)
    (out / RECIPE).write_text(recipe.to_toml(), "utf-8")
    learning_curve(curve, out / "learning_curve.png")
    (out / CURVE).write_text(json.dumps([{"step": s, "loss": x} for s, x in curve]) + "\n", "utf-8")
    shutil.rmtree(work, ignore_errors=True)
    return Trained(out, parts)


def tagger_config(codebook: Codebook, recipe: Recipe, version: str) -> TaggerConfig:
    """The untrained tagger that ``recipe`` asks for, one head a label group."""
    auxiliary = [head_groups(Codebook.load(name), auxiliary=True) for name in recipe.auxiliary_codebooks]
    detail = (DETAIL,) if ANNOMI in (*recipe.auxiliary_codebooks, codebook.name) else ()
    heads = (*head_groups(codebook), *(head for heads in auxiliary for head in heads), *detail)
    return TaggerConfig(
        base=recipe.base,
        base_sha256=BASE_SHA256 if recipe.base == BASE_PACKAGE else weights_sha256(recipe.base),
        groups=TaggerConfig.groups_from(heads),
        codebook=codebook.ref,
        version=version,
        window_tokens=recipe.window_tokens,
        context_tokens=recipe.reading_context_tokens,
        adapter_rank=recipe.adapter_rank,
        adapter_dropout=recipe.adapter_dropout,
        head_dropout=recipe.head_dropout,
    )


def calibrate_tagger(tagger: SessionTagger, held_out: Sequence[CodedTranscript], work: Path) -> None:
    """Fit calibration and thresholds of every predicted label on transcripts that training has not seen."""
    work.mkdir(parents=True, exist_ok=True)
    tagger.save_pretrained(work)
    scorer = Scorer.load(work, "calibration", Engine("float32"))
    logits = scorer.turn_logits([texts_and_speakers(t) for t in held_out])
    for head in scorer.heads:
        targets, scores = coded_turns(head, held_out, [x[head.name] for x in logits])
        parameters = _fit(head, scores, targets)
        probabilities = calibrate(scores, parameters, exclusive=head.exclusive)
        tagger.config.calibration[head.name] = {
            label: [round(float(value), 4) for value in pair]
            for label, pair in zip(head.labels, parameters, strict=True)
        }
        thresholds = [round(fit_threshold(p, t), 3) for p, t in zip(probabilities.T, targets.T, strict=True)]
        tagger.config.thresholds |= dict(zip(head.labels, thresholds, strict=True))
        given = labels_given(probabilities, np.array(thresholds), exclusive=head.exclusive)
        right = (given == (targets > 0)).all(axis=1)
        confidence = fit_acceptance(turn_confidence(probabilities, given), right)
        tagger.config.accept_from[head.name] = round(confidence, 4)


def texts_and_speakers(coded: CodedTranscript) -> tuple[list[str], list[str]]:
    """A transcript in the form in which ``Scorer.score`` takes it."""
    utterances = coded.transcript.utterances
    return [u.text for u in utterances], [u.speaker for u in utterances]


def coded_turns(
    head: HeadGroup, transcripts: Sequence[CodedTranscript], logits: Sequence[Any], codes: Codes | None = None
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Targets and logits [turn, label] of the turns that are coded in the head's group; see ``gold_targets``."""
    gold = [gold_targets(t, head, codes) for t in transcripts]
    targets = np.concatenate([target[coded] for target, coded in gold])
    scores = np.concatenate([x[coded] for x, (_, coded) in zip(logits, gold, strict=True)])
    return targets, scores


def _fit(head: HeadGroup, scores: np.ndarray[Any, Any], targets: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if head.exclusive:
        return np.array([[fit_temperature(scores, targets), 0.0]] * len(head.labels))
    return np.array([fit_platt(scores[:, i], targets[:, i]) for i in range(len(head.labels))])


def training_transcript(
    coded: CodedTranscript, heads: Sequence[HeadGroup], recipe: Recipe, codes: Codes | None = None
) -> TrainingTranscript:
    """A coded transcript as the tagger learns from it; ``codes`` as in ``soft_targets``."""
    texts, speakers = texts_and_speakers(coded)
    both = {h.name: soft_targets(coded, h, recipe.unsure_weight, None if h.auxiliary else codes) for h in heads}
    targets, weights = ({name: pair[i] for name, pair in both.items()} for i in (0, 1))
    return TrainingTranscript(texts, speakers, targets, weights)


def schedule(recipe: Recipe) -> Schedule:
    return Schedule(
        epochs=recipe.epochs,
        windows_per_step=recipe.windows_per_step,
        adapter_lr=recipe.adapter_lr,
        head_lr=recipe.head_lr,
        warmup=recipe.warmup,
        weight_decay=recipe.weight_decay,
        average_decay=recipe.average_decay,
        most_positive_weight=recipe.most_positive_weight,
        context_tokens=recipe.context_tokens,
        whole_layers=recipe.whole_layers,
        seed=recipe.seed,
    )


def _check_labels(transcripts: Sequence[CodedTranscript], codebook: Codebook) -> None:
    """Every label of the corpus must exist, and some must be there."""
    groups = {group.name for group in codebook.groups}
    given = {
        (g, label)
        for t in transcripts
        for a in t.annotations.values()
        for x in a
        for g, ls in x.labels.items()
        for label in ls
    }
    ours = {(group, label) for group, label in given if group in groups}
    if not ours:
        raise UsageError(
            f"the corpus has no label of codebook {codebook.ref}. Pass --codebook with the one it was coded by."
        )
    for group, label in sorted(ours):
        if label not in codebook.labels_of(group):
            raise UsageError(f"the corpus uses {label!r} in {group!r}, which codebook {codebook.ref} does not have.")
