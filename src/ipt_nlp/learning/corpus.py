"""The coded corpus: JSON lines, one coded utterance each, text beside the codes or joined from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipt_nlp.annotation import Annotation
from ipt_nlp.errors import InputError, UsageError
from ipt_nlp.readers import read_transcripts
from ipt_nlp.transcript import Role, Transcript, Utterance, UtteranceId

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CodedTranscript:
    """A transcript with what coders said of it.

    Attributes:
        source: the collection it comes from (``annomi``, ``simulated``, ``review``).
        group: what must never be split between training and test: a video, an author.
        frozen: kept for evaluation; never trained or calibrated on.
        annotations: utterance id -> its annotations, one a coder; an utterance that is absent is context only.
    """

    transcript: Transcript
    source: str
    group: str
    annotations: Mapping[UtteranceId, tuple[Annotation, ...]]
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Corpus:
    """Coded transcripts, and per source the number of stand-off codes whose text was not at hand."""

    transcripts: tuple[CodedTranscript, ...]
    without_text: Mapping[str, int]


@dataclass(slots=True)
class _Collected:
    group: str
    frozen: bool
    utterances: dict[UtteranceId, Utterance]
    annotations: dict[UtteranceId, list[Annotation]]


def read_corpus(paths: Iterable[Path], texts: Mapping[str, Path] | None = None) -> Corpus:
    """Read coded utterances from JSONL files, or from all of them in a folder.

    Args:
        paths: files or folders. The first coder met for an utterance is its first coder throughout.
        texts: source -> transcript file or folder that holds the text of its stand-off codes.

    Raises:
        InputError: a line that is no coded utterance.
        UsageError: nothing to read.
    """
    collected: dict[Key, _Collected] = {}
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise UsageError("no coded corpus there. Pass --annotations with a JSONL file or a folder of them.")
    for file in files:
        for number, row in _rows(file):
            _collect(collected, row, file, number)
    outside = {source: _texts(path) for source, path in (texts or {}).items()}
    transcripts: list[CodedTranscript] = []
    without_text: dict[str, int] = {}
    for (source, transcript_id), found in collected.items():
        known = outside.get(source, {}).get(transcript_id)
        transcript = known or Transcript(transcript_id, tuple(found.utterances.values()))
        kept = {u.utterance_id for u in transcript.utterances}
        missing = sum(utterance_id not in kept for utterance_id in found.annotations)
        if missing:
            without_text[source] = without_text.get(source, 0) + missing
        if kept:
            annotations = {i: standing(a) for i, a in found.annotations.items() if i in kept}
            transcripts.append(CodedTranscript(transcript, source, found.group, annotations, found.frozen))
    return Corpus(tuple(transcripts), without_text)


def standing(annotations: Sequence[Annotation]) -> tuple[Annotation, ...]:
    """What counts: the adjudicated labels where there are any, else what each coder said."""
    adjudicated = tuple(a for a in annotations if a.adjudicated)
    return adjudicated or tuple(annotations)


def read_annotations(paths: Iterable[Path]) -> Iterator[Annotation]:
    """The annotations alone, whether or not their text is at hand."""
    for path in paths:
        for file in _files(path):
            for _, row in _rows(file):
                if "labels" in row:
                    yield _annotation(row, str(row["transcript_id"]), row.get("source", "review"))


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.jsonl")) if path.is_dir() else [path]


def _rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = file.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(file, "cannot be read as UTF-8 text", "Pass a coded corpus as JSON lines") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            raise InputError(file, "is no JSON", "Write one JSON object a line", number) from None
        if not isinstance(row, dict):
            raise InputError(file, "is no JSON object", "Write one JSON object a line", number)
        yield number, row


def _collect(collected: dict[Key, _Collected], row: dict[str, Any], file: Path, number: int) -> None:
    try:
        transcript_id, utterance_id, source = (
            str(row["transcript_id"]),
            row["utterance_id"],
            row.get("source", "review"),
        )
        group = str(row.get("group", f"{source}:{transcript_id}"))
        found = collected.setdefault((source, transcript_id), _Collected(group, bool(row.get("frozen")), {}, {}))
        if "text" in row:
            found.utterances[utterance_id] = Utterance(
                utterance_id, _role(row), row["text"], row.get("start_s"), row.get("end_s")
            )
        if "labels" in row:
            annotation = _annotation(row, transcript_id, source)
            earlier = found.annotations.setdefault(utterance_id, [])
            earlier[:] = [a for a in earlier if a.coder != annotation.coder] + [annotation]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"has no field {error}" if isinstance(error, KeyError) else "has a field of the wrong type"
        raise InputError(file, problem, "See annotations/README.md for the fields", number) from None


def _role(row: Mapping[str, Any]) -> Role:
    role: Role = row["speaker"]
    return role


def _annotation(row: Mapping[str, Any], transcript_id: str, source: str) -> Annotation:
    return Annotation(
        transcript_id=transcript_id,
        utterance_id=row["utterance_id"],
        coder=row["coder"],
        labels={group: tuple(labels) for group, labels in row["labels"].items()},
        source=source,
        sure=bool(row.get("sure", True)),
        mode=row.get("mode", "blind"),
        coded_at=row.get("coded_at", ""),
        adjudicated=bool(row.get("adjudicated", False)),
    )


def _texts(path: Path) -> dict[str, Transcript]:
    return {transcript.transcript_id: transcript for transcript in read_transcripts(path)}
