"""The public yardstick: AnnoMI's expert labels, five folds by source, with the code path of the shipped model.

Run: python scripts/bench_annomi.py AnnoMI-full.csv [--config benchmarks/annomi.toml] [--folds 5] [--out benchmarks]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.annomi import coded_by_experts
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.evaluation import observe
from ipt_nlp.learning.measures import Observed, label_figures, macro_figures
from ipt_nlp.learning.peers import linear, sentence_vectors, tfidf
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.learning.splits import folds
from ipt_nlp.learning.training import schedule, tagger_config, texts_and_speakers, training_transcript
from ipt_nlp.model.config import HeadGroup, head_groups
from ipt_nlp.model.engine import Engine
from ipt_nlp.model.scoring import Scorer
from ipt_nlp.model.training import train_tagger

ROOT = Path(__file__).resolve().parents[1]
Part = Sequence[CodedTranscript]
Scores = dict[str, list[Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--config", type=Path, default=ROOT / "benchmarks" / "annomi.toml")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks")
    options = parser.parse_args()
    recipe = Recipe.load(options.config)
    corpus = coded_by_experts(options.table)
    where = folds(corpus, options.folds, recipe.seed)
    heads = head_groups(Codebook.load("annomi"))
    methods = {"ipt-nlp": tagger, "TF-IDF + logistic regression": words, "frozen MiniLM + logistic regression": vectors}
    seen: dict[str, dict[str, list[Observed]]] = {name: {h.name: [] for h in heads} for name in methods}
    started = time.perf_counter()
    for fold in range(options.folds):
        train = [t for t, f in zip(corpus, where, strict=True) if f != fold]
        test = [t for t, f in zip(corpus, where, strict=True) if f == fold]
        for name, method in methods.items():
            scores = method(train, test, heads, recipe)
            for head in heads:
                seen[name][head.name].append(observe(head, test, scores[head.name], {}))
        print(f"fold {fold + 1} of {options.folds}, {(time.perf_counter() - started) / 60:.0f} min", flush=True)
        report(options.out, seen, recipe, f"{fold + 1} of {options.folds}")


def tagger(train: Part, test: Part, heads: Sequence[HeadGroup], recipe: Recipe) -> Scores:
    """The windowed tagger, trained on ``train`` as the shipped one was."""
    config = tagger_config(Codebook.load(recipe.codebook), recipe, "0")
    items = [training_transcript(t, config.heads, recipe) for t in train]
    with tempfile.TemporaryDirectory() as folder:
        trained, _ = train_tagger(items, config, schedule(recipe), Path(folder))
        trained.save_pretrained(folder)
        found = Scorer.load(Path(folder), "fold", Engine("float32")).score([texts_and_speakers(t) for t in test])
    return {head.name: [s.groups[head.name].turns for s in found] for head in heads}


def words(train: Part, test: Part, heads: Sequence[HeadGroup], _: Recipe) -> Scores:
    peer = linear("", tfidf(train), train)
    return {head.name: peer.scores(head, test) for head in heads}


def vectors(train: Part, test: Part, heads: Sequence[HeadGroup], _: Recipe) -> Scores:
    peer = linear("", sentence_vectors, train)
    return {head.name: peer.scores(head, test) for head in heads}


def report(out: Path, seen: dict[str, dict[str, list[Observed]]], recipe: Recipe, done: str) -> None:
    """Write the figures over the folds that are ``done``, and print them."""
    found: dict[str, Any] = {}
    for name, groups in seen.items():
        joined = {group: join(parts) for group, parts in groups.items()}
        found[name] = {
            group: {
                "macro": asdict(macro_figures(all_folds, all_folds.labels)),
                "labels": [asdict(f) for f in label_figures(all_folds)],
            }
            for group, all_folds in joined.items()
        }
        print(name, {group: (f["macro"]["f1"], f["macro"]["interval"]) for group, f in found[name].items()})
    now = datetime.now(UTC)
    figures = {
        "date": now.isoformat(timespec="seconds"),
        "folds": done,
        "recipe": recipe.model_dump(),
        "methods": found,
    }
    (out / f"annomi-{now:%Y-%m-%d}.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def join(parts: Sequence[Observed]) -> Observed:
    """The folds as one test set; transcripts keep apart."""
    offsets = np.cumsum([0, *(int(p.transcript.max()) + 1 for p in parts[:-1])])
    return Observed(
        parts[0].labels,
        np.concatenate([p.probabilities for p in parts]),
        np.concatenate([p.given for p in parts]),
        np.concatenate([p.gold for p in parts]),
        np.concatenate([p.transcript + offset for p, offset in zip(parts, offsets, strict=True)]),
    )


if __name__ == "__main__":
    main()
