"""A new code after thirty corrections: codes taken out of the corpus and given back, one at a time.

Run: python scripts/bench_new_code.py [--work FOLDER] [--out benchmarks]
A champion is trained without six codes. A coder whose codebook has one of them codes thirty turns of sessions that the
champion has not learned from, in the order of the default queue. A retraining as the app does it gives the code its
head, which is measured on the frozen simulated talk, beside the code's cue phrases and the shipped model, which has
learned the code from the whole corpus. About an hour on one core; ``--work`` keeps the champion for another time.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, f1_score

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import CodedTranscript, read_corpus
from ipt_nlp.learning.corrections import Corrections
from ipt_nlp.learning.lessons import RetrainPlan
from ipt_nlp.learning.peers import cue_rules
from ipt_nlp.learning.queue import STRATEGIES, Key, Order, Pool
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.learning.replay import Replay, Turns, one_label, turns_of
from ipt_nlp.learning.retraining import base_parts, recipe_of, retrain
from ipt_nlp.learning.splits import Split
from ipt_nlp.learning.targets import gold_targets
from ipt_nlp.learning.training import texts_and_speakers, train
from ipt_nlp.model.config import head_groups
from ipt_nlp.model.scoring import Scorer
from ipt_nlp.models import find_model
from ipt_nlp.ui.state.own_codes import to_toml

ROOT = Path(__file__).resolve().parents[1]
GROUP = "techniques"
CODES = (
    "communication_skills",
    "interpersonal_inventory",
    "role_play",
    "symptom_review",
    "termination",
    "therapeutic_relationship",
)
BATCHES, PRESUMED, SEED = (10, 10, 10), 300, 13
Transcripts = Sequence[CodedTranscript]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=1, help="Of the champion.")
    parser.add_argument("--tokens", type=int, default=RetrainPlan().training_tokens, help="Of each retraining.")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plan = RetrainPlan(training_tokens=options.tokens, seed=SEED)
        rows = measured((options.work or Path(folder)).absolute(), options.epochs, plan)
    mean = {name: round(float(np.mean([row[name] for row in rows.values()])), 4) for name in next(iter(rows.values()))}
    found = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "corrections": sum(BATCHES), "tokens": options.tokens}
    found |= {"mean": mean, "codes": rows}
    (options.out / f"new-code-{found['date']}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(mean)


def measured(work: Path, epochs: int, plan: RetrainPlan) -> dict[str, dict[str, float]]:
    """Code -> its figures."""
    codebook = Codebook.load("ipt")
    whole = [t for t in read_corpus([ROOT / "annotations"]).transcripts if t.source == "simulated"]
    base = [only(t, set(codebook.by_name) - set(CODES)) for t in whole]
    champion = trained(work, base, without(codebook, CODES), epochs)
    parts = base_parts(base, recipe_of(champion))
    ids = {t.transcript.transcript_id for t in parts.calibration}
    sessions = [t for t in whole if t.transcript.transcript_id in ids]
    turns = turns_of(sessions, codebook)
    frozen = [t for t in whole if t.frozen]
    shipped = scores_of(find_model("default"), frozen)
    rows = {}
    for code in CODES:
        own = without(codebook, [other for other in CODES if other != code], name="own")
        chosen = coded_first(one_label(turns, code))
        coded = [corrected(t, chosen, own) for t in sessions]
        relearned(champion, Corrections(tuple(t for t in coded if t.annotations), ()), parts, own, plan, work / code)
        rows[code] = beside(code, codebook, frozen, shipped) | figures(code, frozen, scores_of(work / code, frozen))
        print(code, rows[code], flush=True)
    return rows


def trained(work: Path, base: Transcripts, codebook: Codebook, epochs: int) -> Path:
    """The champion in ``work``, trained there unless it has been."""
    folder, file = work / "champion", work / "base.toml"
    if not folder.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(to_toml(codebook), "utf-8")
        known = Recipe.load(ROOT / "models" / "default" / "config.toml")
        recipe = known.model_copy(update={"codebook": str(file), "epochs": epochs, "auxiliary_codebooks": ()})
        corpus = replace(read_corpus([ROOT / "annotations"]), transcripts=tuple(base))
        train(corpus, recipe, folder, {}, "1.0.0")
    return folder


def coded_first(turns: Turns) -> set[Key]:
    """The thirty turns that the default queue gives a coder who begins with the code's cue phrases."""
    chosen: set[Key] = set()

    def noted(pool: Pool, count: int, seed: int) -> Order:
        rows = STRATEGIES["mixed"](pool, count, seed)
        chosen.update(pool.keys[row] for row in rows)
        return rows

    Replay(turns, turns, turns).run(noted, BATCHES, SEED, presumed=PRESUMED)
    return chosen


def relearned(champion: Path, found: Corrections, parts: Split, own: Codebook, plan: RetrainPlan, out: Path) -> None:
    """Retrain into the folder ``out``, as the app does: without the sessions of the store in the base corpus."""
    coded = {t.transcript.transcript_id for t in found.learn}
    rest = tuple(t for t in parts.calibration if t.transcript.transcript_id not in coded)
    retrain(champion, found, replace(parts, calibration=rest), own, out, plan, lambda *_: None)


def corrected(coded: CodedTranscript, keys: set[Key], own: Codebook) -> CodedTranscript:
    """A session of which ``keys`` are coded, under the codebook of one's own."""
    kept = only(coded, set(own.by_name))
    name = coded.transcript.transcript_id
    annotations = {
        i: tuple(replace(a, codebook=own.ref) for a in found)
        for i, found in kept.annotations.items()
        if (name, i) in keys
    }
    return replace(kept, annotations=annotations)


def only(coded: CodedTranscript, labels: set[str]) -> CodedTranscript:
    """A transcript with no other labels than ``labels``."""
    annotations = {
        i: tuple(
            replace(a, labels={g: tuple(x for x in given if x in labels) for g, given in a.labels.items()})
            for a in found
        )
        for i, found in coded.annotations.items()
    }
    return replace(coded, annotations=annotations)


def without(codebook: Codebook, codes: Sequence[str], name: str = "ipt") -> Codebook:
    """``codebook`` less ``codes``, and less the rules and examples that name one of them."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: kept(x) for key, x in value.items()}
        return [kept(x) for x in value if not names(x)] if isinstance(value, list) else value

    def names(value: Any) -> bool:
        return value in codes or (isinstance(value, dict) and any(x in codes for x in value.values() if x is not None))

    content = kept(codebook.model_dump(mode="json"))
    return Codebook.model_validate(content | {"name": name})


def beside(code: str, codebook: Codebook, frozen: Transcripts, shipped: dict[str, Any]) -> dict[str, float]:
    """Figures of what a new code is compared with: its cue phrases, and a model that learned it from the corpus."""
    head = next(head for head in head_groups(codebook) if head.name == GROUP)
    found = np.concatenate(cue_rules(codebook).scores(head, frozen))[:, head.labels.index(code)]
    cues = figures(code, frozen, {code: (found, 0.5)})
    corpus = figures(code, frozen, shipped)
    return {"cue_rules_f1": cues["f1"]} | {f"whole_corpus_{name}": value for name, value in corpus.items()}


def scores_of(folder: Path, transcripts: Transcripts) -> dict[str, Any]:
    """Label -> scores of all turns, and the label's threshold."""
    scorer = Scorer.load(folder, folder.name)
    head = next(head for head in scorer.heads if head.name == GROUP)
    scored = scorer.score([texts_and_speakers(t) for t in transcripts])
    turns = np.concatenate([s.groups[GROUP].turns for s in scored])
    return {label: (turns[:, n], scorer.config.thresholds[label]) for n, label in enumerate(head.labels)}


def figures(code: str, transcripts: Transcripts, scores: dict[str, Any]) -> dict[str, float]:
    """F1 and average precision of one code on the coded turns of ``transcripts``."""
    head = next(head for head in head_groups(Codebook.load("ipt")) if head.name == GROUP)
    pairs = [gold_targets(t, head) for t in transcripts]
    kept = np.concatenate([coded for _, coded in pairs])
    gold = np.concatenate([target for target, _ in pairs])[kept, head.labels.index(code)]
    found, threshold = scores[code]
    given = found[kept]
    return {
        "uses": float(gold.sum()),
        "f1": round(float(f1_score(gold, given >= threshold)), 4),
        "average_precision": round(float(average_precision_score(gold, given)), 4),
    }


if __name__ == "__main__":
    main()
