"""The turns of the held-out part on which the model is most surely wrong, with their context: to be read by a person.

Run: python scripts/worst_turns.py --text annomi=AnnoMI-full.csv [--count 50] [--model default]
What was found in them stands in models/ERRORS.md, in words: the text of AnnoMI stays out of the project.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ipt_nlp.learning.corpus import CodedTranscript, read_corpus
from ipt_nlp.learning.evaluation import score
from ipt_nlp.learning.targets import gold_targets
from ipt_nlp.model.scoring import Scorer, TranscriptScores
from ipt_nlp.models import find_model

ROOT = Path(__file__).resolve().parents[1]
CONTEXT = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--text", action="append", default=[], metavar="SOURCE=PATH")
    options = parser.parse_args()
    texts = {source: Path(path) for source, path in (pair.split("=", 1) for pair in options.text)}
    frozen = [t for t in read_corpus([ROOT / "annotations"], texts).transcripts if t.frozen]
    scorer = Scorer.load(find_model(options.model), options.model)
    scores = score(scorer, frozen)
    for number, (loss, at, row) in enumerate(worst(scorer, frozen, scores)[: options.count], 1):
        show(number, loss, frozen[at], row, scorer, scores[at])


def worst(
    scorer: Scorer, transcripts: Sequence[CodedTranscript], scores: Sequence[TranscriptScores]
) -> list[tuple[float, int, int]]:
    """(log loss summed over the labels, transcript, row of the turn), the largest loss first."""
    losses: dict[tuple[int, int], float] = {}
    for at, (coded, found) in enumerate(zip(transcripts, scores, strict=True)):
        for head in scorer.heads:
            gold, kept = gold_targets(coded, head)
            p = np.clip(found.groups[head.name].turns, 1e-4, 1 - 1e-4)
            loss = -(gold * np.log(p) + (1 - gold) * np.log(1 - p)).sum(axis=1)
            for row in np.flatnonzero(kept):
                losses[at, int(row)] = losses.get((at, int(row)), 0.0) + float(loss[row])
    return sorted(((loss, at, row) for (at, row), loss in losses.items()), reverse=True)


def show(number: int, loss: float, coded: CodedTranscript, row: int, scorer: Scorer, found: TranscriptScores) -> None:
    """Print one turn with what came before, the coder's labels and the model's."""
    utterances = coded.transcript.utterances
    print(f"\n--- {number}. {coded.source} {coded.transcript.transcript_id}, loss {loss:.1f}")
    for utterance in utterances[max(0, row - CONTEXT) : row + 1]:
        print(f"{utterance.speaker[0].upper()}: {utterance.text}")
    for head in scorer.heads:
        gold, kept = gold_targets(coded, head)
        if kept[row]:
            p = found.groups[head.name].turns[row]
            theirs = [label for label, x in zip(head.labels, gold[row], strict=True) if x]
            limits = [scorer.config.thresholds.get(label, 0.5) for label in head.labels]
            ours = [f"{label} {x:.2f}" for label, x, limit in zip(head.labels, p, limits, strict=True) if x >= limit]
            missed = [f"{label} {x:.2f}" for label, x in zip(head.labels, p, strict=True) if label in theirs]
            print(f"   {head.name}: coder {theirs or '-'}; model {ours or '-'}; its score of the coder's: {missed}")


if __name__ == "__main__":
    main()
