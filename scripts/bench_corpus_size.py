"""What more coded talk is worth: the recipe on growing shares of the simulated cases, tested on all talk held out.

Run: python scripts/bench_corpus_size.py --text annomi=AnnoMI-full.csv [--shares 0.25 0.5 1] [--epochs 4] [--quick]
``--quick`` asks it of logistic regression on frozen sentence vectors, in minutes, instead of the tagger, in hours.
Nothing here has learned from real talk: the figures on AnnoMI are what a new kind of clinic would see.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import CodedTranscript, Corpus, read_corpus
from ipt_nlp.learning.evaluation import evaluate
from ipt_nlp.learning.peers import Features, figures, linear, sentence_vectors
from ipt_nlp.learning.pictures import curves
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.learning.splits import narrowed, split
from ipt_nlp.learning.training import train
from ipt_nlp.model.engine import Engine
from ipt_nlp.model.scoring import Scorer

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("simulated", "sad")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=ROOT / "models" / "default" / "config.toml")
    parser.add_argument("--text", action="append", default=[], metavar="SOURCE=PATH")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.25, 0.5, 1.0])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks")
    options = parser.parse_args()
    texts = {source: Path(path) for source, path in (pair.split("=", 1) for pair in options.text)}
    corpus = read_corpus([ROOT / "annotations"], texts)
    recipe = Recipe.load(options.config).model_copy(
        update={"epochs": options.epochs, "learn_from": SOURCES, "auxiliary_codebooks": ()}
    )
    rows: list[dict[str, Any]] = []
    features = remembered() if options.quick else None
    for share in options.shares:
        smaller = recipe.model_copy(update={"learn_share": share})
        rows.append(quick(corpus, smaller, features) if features else measure(corpus, smaller, texts))
        write(options.out, rows, recipe, "peer" if features else "tagger")


def measure(corpus: Corpus, recipe: Recipe, texts: dict[str, Path]) -> dict[str, Any]:
    """Train on one share and measure on the frozen part."""
    with tempfile.TemporaryDirectory() as folder:
        trained = train(corpus, recipe, Path(folder) / "model", texts, "0")
        scorer = Scorer.load(trained.folder, "share", Engine("float32"))
        views = evaluate(scorer, trained.split.test, Codebook.load(recipe.codebook)).views
    turns = sum(len(t.annotations) for t in trained.split.train)
    found = {view.name: {name: asdict(m) for name, m in view.macro.items()} for view in views}
    print(recipe.learn_share, turns, {v: {n: m["frequent_f1"] for n, m in f.items()} for v, f in found.items()})
    return {"share": recipe.learn_share, "turns": turns, "views": found}


def quick(corpus: Corpus, recipe: Recipe, features: Features) -> dict[str, Any]:
    """The same of the linear peer on sentence vectors."""
    whole = split(
        corpus.transcripts,
        count=recipe.folds,
        test=recipe.test_folds,
        calibration=recipe.calibration_folds,
        seed=recipe.seed,
    )
    parts = narrowed(whole, recipe.learn_from, recipe.learn_share, recipe.seed)
    found = figures(linear("", features, parts.train), parts, Codebook.load(recipe.codebook))
    turns = sum(len(t.annotations) for t in parts.train)
    views = {view: {name: asdict(m) for name, m in macro.items()} for view, macro in found.items()}
    print(recipe.learn_share, turns, {v: {n: m["frequent_f1"] for n, m in f.items()} for v, f in views.items()})
    return {"share": recipe.learn_share, "turns": turns, "views": views}


def remembered() -> Features:
    """Sentence vectors that are computed once a transcript."""
    known: dict[int, Any] = {}

    def features(part: Sequence[CodedTranscript]) -> Any:
        missing = [t for t in part if id(t) not in known]
        if missing:
            stops = np.cumsum([len(t.transcript.utterances) for t in missing])[:-1]
            known.update(zip(map(id, missing), np.split(sentence_vectors(missing), stops), strict=True))
        return np.concatenate([known[id(t)] for t in part])

    return features


def write(out: Path, rows: list[dict[str, Any]], recipe: Recipe, method: str) -> None:
    """The figures so far, and a picture of them. ``method``: the tagger, or logistic regression on frozen vectors."""
    now = datetime.now(UTC)
    dated = {"date": now.isoformat(timespec="seconds"), "method": method, "recipe": recipe.model_dump(), "rows": rows}
    (out / f"corpus-size-{method}-{now:%Y-%m-%d}.json").write_text(json.dumps(dated, indent=1) + "\n", "utf-8")
    lines = {
        f"{title}, {talk}": [(row["turns"], row["views"][view][name]["frequent_f1"]) for row in rows]
        for title, name in (("core techniques", "techniques: core"), ("themes", "themes"))
        for talk, view in (("simulated talk", "simulated"), ("real talk", "annomi"))
    }
    curves(lines, "simulated turns learned from", "macro-F1", out / f"corpus-size-{method}.png")


if __name__ == "__main__":
    main()
