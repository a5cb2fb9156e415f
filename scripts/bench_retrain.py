"""How long a retraining takes, and what it takes in: 300 corrections by a coder with one rule of their own.

Sessions of the coded corpus go into a store of their own and are taken out of the base corpus. The coder codes as the
corpus does, but gives a question that the corpus calls exploration the label clarification.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from ipt_nlp.learning.corpus import CodedTranscript, read_corpus
from ipt_nlp.learning.corrections import corrections
from ipt_nlp.learning.lessons import RetrainPlan
from ipt_nlp.learning.targets import gold_targets
from ipt_nlp.learning.versions import folder_of
from ipt_nlp.learning.worker import retrain_here
from ipt_nlp.model.scoring import Scorer
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import NewEvent

ROOT = Path(__file__).resolve().parents[1]
TURNS, A_SESSION = 300, 30
FROM, TO = "exploration", "clarification"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks")
    parser.add_argument("--tokens", type=int, default=RetrainPlan().training_tokens, help="Tokens to train.")
    parser.add_argument("--epochs", type=int, default=RetrainPlan().epochs)
    asked = parser.parse_args()
    plan = RetrainPlan(epochs=asked.epochs, training_tokens=asked.tokens)
    base = read_corpus([ROOT / "annotations"]).transcripts
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IPT_NLP_HOME"] = folder
        store = AnnotationStore.open(Path(folder) / "store.db")
        coded = fill(store, base)
        started, used = time.monotonic(), time.process_time()
        job = retrain_here(store, LOCAL, {"plan": asdict(plan)}, Stages())
        seconds, used = round(time.monotonic() - started, 1), round(time.process_time() - used, 1)
        figures = {
            "seconds": seconds,
            "processor_seconds": used,
            "turns_coded": coded,
            "job": dict(job.result) or job.error,
        }
        if job.result:
            learned = job.result["learned"]
            figures["tokens_per_second"] = round(learned["tokens"] / learned["seconds"], 1)
            figures["f1_of_the_new_rule"] = {v.ref: rule_f1(store, v.ref) for v in store.models.list()}
        store.close()
    text = json.dumps({"date": f"{datetime.now(UTC):%Y-%m-%d}", "cores": os.cpu_count()} | figures, indent=1)
    (asked.out / f"retrain-{datetime.now(UTC):%Y-%m-%d}.json").write_text(text + "\n", "utf-8")
    print(text)


class Stages:
    """Prints when each stage began, in seconds and in processor seconds."""

    def __init__(self) -> None:
        self._started, self._stage = time.monotonic(), ""

    def __call__(self, _share: float, message: str) -> None:
        """Print the line where a new stage begins."""
        if message != self._stage:
            self._stage = message
            print(f"{message}: {time.monotonic() - self._started:.0f} s, {time.process_time():.0f} s of processors")


def fill(store: AnnotationStore, base: tuple[CodedTranscript, ...]) -> int:
    """Import simulated sessions and code their first turns until there are 300; returns how many there are."""
    coded = 0
    long = [t for t in base if t.source == "simulated" and not t.frozen and len(t.annotations) >= A_SESSION]
    for found in long[:: max(1, len(long) // 10)][:10]:
        store.transcripts.add(LOCAL, found.transcript)
        for utterance_id in list(found.annotations)[:A_SESSION]:
            labels = {
                g: tuple(TO if x == FROM else x for x in given) for g, given in first(found, utterance_id).items()
            }
            new = NewEvent(
                transcript_id=found.transcript.transcript_id,
                utterance_id=utterance_id,
                action="change",
                labels=labels,
                mode="assisted",
                codebook="ipt@1.1",
            )
            store.events.append(LOCAL, new)
            coded += 1
    return coded


def first(found: CodedTranscript, utterance_id: int | str) -> dict[str, tuple[str, ...]]:
    return dict(found.annotations[utterance_id][0].labels)


def rule_f1(store: AnnotationStore, ref: str) -> dict[str, float]:
    """Label -> F1 against the coder on the turns of the sessions that were learned from."""
    folder = folder_of(ref)
    scorer = Scorer.load(folder, folder.name)
    head = next(head for head in scorer.heads if head.name == "techniques")
    hits, given, positives = (dict.fromkeys((FROM, TO), 0) for _ in range(3))
    for found in corrections(store).learn:
        (scored,) = scorer.score(
            [([u.text for u in found.transcript.utterances], [u.speaker for u in found.transcript.utterances])]
        )
        gold, kept = gold_targets(found, head)
        for label in (FROM, TO):
            column = head.labels.index(label)
            ours = scored.groups[head.name].turns[kept, column] >= scorer.config.thresholds[label]
            theirs = gold[kept, column] > 0
            hits[label] += int((ours & theirs).sum())
            given[label] += int(ours.sum())
            positives[label] += int(theirs.sum())
    return {label: round(2 * hits[label] / max(1, given[label] + positives[label]), 3) for label in (FROM, TO)}


if __name__ == "__main__":
    main()
