"""AnnoMI's expert labels as annotations under the ``annomi`` codebook (Wu et al. 2022, 2023)."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ipt_nlp.annotation import Annotation
from ipt_nlp.errors import InputError
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.model.config import HeadGroup
from ipt_nlp.readers import read_transcripts
from ipt_nlp.transcript import UtteranceId

SOURCE = "annomi"
CODER = "annomi-experts"
COLUMNS = {"therapist_behaviour": "main_therapist_behaviour", "client_talk": "client_talk_type"}
SUBTYPES = ("question_subtype", "reflection_subtype", "therapist_input_subtype")
# What the experts said in more detail: no labels of the codebook, but they teach the encoder.
DETAIL = HeadGroup(
    "therapist_detail",
    ("open", "closed", "simple", "complex", "information", "advice", "options", "negotiation"),
    "therapist",
    exclusive=False,
    auxiliary=True,
)


def expert_annotations(path: Path) -> dict[tuple[str, UtteranceId], Annotation]:
    """(transcript, utterance) -> the experts' plurality label of that utterance, from AnnoMI's own table.

    Raises:
        InputError: the table lacks AnnoMI's columns.
    """
    votes: dict[tuple[str, UtteranceId], dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in _rows(path):
        vote = votes[row["transcript_id"], int(row["utterance_id"])]
        for group, column in COLUMNS.items():
            if row[column]:
                vote[group][row[column]] += 1
        if row[COLUMNS["therapist_behaviour"]]:
            vote[DETAIL.name].update(row[column] for column in SUBTYPES if row[column])
    return {key: Annotation(key[0], key[1], CODER, _decided(groups), SOURCE) for key, groups in votes.items()}


def coded_by_experts(path: Path) -> list[CodedTranscript]:
    """AnnoMI's transcripts with the experts as their only coder, grouped by the video that they come from."""
    experts = expert_annotations(path)
    videos = {row["transcript_id"]: row["video_url"] for row in _rows(path)}
    coded = []
    for transcript in read_transcripts(path):
        keys = {u.utterance_id: (transcript.transcript_id, u.utterance_id) for u in transcript.utterances}
        annotations = {i: (experts[key],) for i, key in keys.items() if key in experts}
        coded.append(CodedTranscript(transcript, SOURCE, videos[transcript.transcript_id], annotations))
    return coded


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"transcript_id", "utterance_id", "video_url", *COLUMNS.values()} - set(reader.fieldnames or ())
        if missing:
            raise InputError(path, f"lacks {', '.join(sorted(missing))}", "Pass AnnoMI-full.csv as it is published", 1)
        for row in reader:
            yield row | {column: row.get(column) or "" for column in SUBTYPES}


def _decided(groups: dict[str, Counter[str]]) -> dict[str, tuple[str, ...]]:
    """The plurality label of each group; of the detail, what at least half of the annotators said."""
    behaviour = {g: votes for g, votes in groups.items() if g != DETAIL.name}
    decided: dict[str, tuple[str, ...]] = {g: (max(sorted(c), key=c.__getitem__),) for g, c in behaviour.items()}
    if DETAIL.name in groups:
        annotators = groups["therapist_behaviour"].total()
        decided[DETAIL.name] = tuple(x for x in DETAIL.labels if groups[DETAIL.name][x] * 2 >= annotators)
    return decided


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
