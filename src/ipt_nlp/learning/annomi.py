"""AnnoMI's expert labels as annotations under the ``annomi`` codebook (Wu et al. 2022, 2023)."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ipt_nlp.annotation import Annotation
from ipt_nlp.errors import InputError
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.transcript import UtteranceId

SOURCE = "annomi"
CODER = "annomi-experts"
COLUMNS = {"therapist_behaviour": "main_therapist_behaviour", "client_talk": "client_talk_type"}


def expert_annotations(path: Path) -> dict[tuple[str, UtteranceId], Annotation]:
    """(transcript, utterance) -> the experts' plurality label of that utterance, from AnnoMI's own table.

    Raises:
        InputError: the table lacks AnnoMI's columns.
    """
    votes: dict[tuple[str, UtteranceId], dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"transcript_id", "utterance_id", *COLUMNS.values()} - set(reader.fieldnames or ())
        if missing:
            raise InputError(path, f"lacks {', '.join(sorted(missing))}", "Pass AnnoMI-full.csv as it is published", 1)
        for row in reader:
            for group, column in COLUMNS.items():
                if row[column]:
                    votes[row["transcript_id"], int(row["utterance_id"])][group][row[column]] += 1
    return {
        key: Annotation(
            key[0], key[1], CODER, {g: (max(sorted(c), key=c.__getitem__),) for g, c in groups.items()}, SOURCE
        )
        for key, groups in votes.items()
    }


def with_expert_labels(corpus: Sequence[CodedTranscript], path: Path) -> list[CodedTranscript]:
    """``corpus`` with the experts as one more coder of its AnnoMI transcripts; their groups are not those of IPT."""
    experts = expert_annotations(path)
    return [replace(t, annotations=_joined(t, experts)) if t.source == SOURCE else t for t in corpus]


def _joined(
    coded: CodedTranscript, experts: dict[tuple[str, UtteranceId], Annotation]
) -> dict[UtteranceId, tuple[Annotation, ...]]:
    joined = dict(coded.annotations)
    for utterance in coded.transcript.utterances:
        found = experts.get((coded.transcript.transcript_id, utterance.utterance_id))
        if found:
            joined[utterance.utterance_id] = (*joined.get(utterance.utterance_id, ()), found)
    return joined
