"""Whether simulated talk reads like talk: variety within and overlap between cases, beside real talk.

Run: python scripts/check_corpus.py [--text annomi=PATH]. Prints a table by author or source, and ends with exit code 1
where two cases share so many runs of eight words that one must be a copy of the other.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from ipt_nlp.learning.corpus import CodedTranscript, read_corpus

ROOT = Path(__file__).resolve().parents[1]
RUN = 8
MOST_SHARED = 0.15
FEWEST_RUNS = 20
SAMPLE_WORDS = 5000
BACKCHANNEL_WORDS = 2


@dataclass(frozen=True, slots=True)
class Talk:
    """How the talk of one author or source reads.

    Attributes:
        variety: distinct words in its first 5,000 words, as a share.
        median_words, long_words: words of a turn: the median, and the 90th percentile.
        backchannels: share of turns of at most two words.
        same_speaker: share of turns by the speaker of the turn before.
        unpunctuated: share of turns of five or more words without any capital or full stop, as recognisers write them.
    """

    name: str
    cases: int
    turns: int
    variety: float
    median_words: float
    long_words: float
    backchannels: float
    same_speaker: float
    unpunctuated: float


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)?", text.lower())


def describe(name: str, cases: Sequence[CodedTranscript]) -> Talk:
    """Figures over the turns of ``cases``."""
    utterances = [u for case in cases for u in case.transcript.utterances]
    lengths = [len(words(u.text)) for u in utterances]
    sample = [word for u in utterances for word in words(u.text)][:SAMPLE_WORDS]
    pairs = [
        pair for case in cases for pair in zip(case.transcript.utterances, case.transcript.utterances[1:], strict=False)
    ]
    spoken = [u.text for u, n in zip(utterances, lengths, strict=True) if n >= 5]
    return Talk(
        name=name,
        cases=len(cases),
        turns=len(utterances),
        variety=len(set(sample)) / max(len(sample), 1),
        median_words=statistics.median(lengths),
        long_words=sorted(lengths)[int(0.9 * (len(lengths) - 1))],
        backchannels=share(n <= BACKCHANNEL_WORDS for n in lengths),
        same_speaker=share(a.speaker == b.speaker for a, b in pairs),
        unpunctuated=share(not re.search(r"[A-Z.?!]", text) for text in spoken),
    )


def share(values: Iterable[bool]) -> float:
    known = list(values)
    return sum(known) / len(known) if known else 0.0


def near_duplicates(cases: Sequence[CodedTranscript]) -> list[tuple[str, str, float]]:
    """Pairs of cases that share more than 15 % of the runs of eight words of the shorter one."""
    runs = {case.transcript.transcript_id: runs_of(case) for case in cases}
    holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name, found in runs.items():
        for run in found:
            holders[run].append(name)
    shared: dict[tuple[str, str], int] = defaultdict(int)
    for names in holders.values():
        for pair in combinations(sorted(names), 2):
            shared[pair] += 1
    rated = [(a, b, n / max(min(len(runs[a]), len(runs[b])), FEWEST_RUNS)) for (a, b), n in shared.items()]
    return sorted((row for row in rated if row[2] > MOST_SHARED), key=lambda row: -row[2])


def runs_of(case: CodedTranscript) -> set[tuple[str, ...]]:
    """The runs of eight words within turns of a case."""
    found = set()
    for utterance in case.transcript.utterances:
        spoken = words(utterance.text)
        found |= {tuple(spoken[n : n + RUN]) for n in range(len(spoken) - RUN + 1)}
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotations", type=Path, default=ROOT / "annotations")
    parser.add_argument("--text", metavar="SOURCE=PATH", action="append", default=[])
    options = parser.parse_args()
    texts = {source: Path(path) for source, path in (pair.split("=", 1) for pair in options.text)}
    corpus = read_corpus([options.annotations], texts).transcripts
    groups: dict[str, list[CodedTranscript]] = defaultdict(list)
    for case in corpus:
        groups[case.group if case.source == "simulated" else case.source].append(case)
    print(f"{'':18}{'cases':>6}{'turns':>7}{'variety':>9}{'median':>8}{'p90':>5}{'short':>7}{'same':>6}{'noisy':>7}")
    for name in sorted(groups, key=lambda n: (n.startswith("simulated"), len(n), n)):
        t = describe(name, groups[name])
        print(
            f"{name:18}{t.cases:6}{t.turns:7}{t.variety:9.2f}{t.median_words:8.0f}{t.long_words:5.0f}"
            f"{t.backchannels:7.0%}{t.same_speaker:6.0%}{t.unpunctuated:7.0%}"
        )
    copies = near_duplicates([case for case in corpus if case.source == "simulated"])
    for first, second, part in copies:
        print(f"near-duplicates: {first} and {second} share {part:.0%} of their runs of {RUN} words")
    return 1 if copies else 0


if __name__ == "__main__":
    sys.exit(main())
