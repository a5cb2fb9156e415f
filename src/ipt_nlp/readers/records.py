"""JSON and JSON lines: our own schema, and the segments of Whisper and WhisperX."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ipt_nlp.errors import InputError
from ipt_nlp.readers.raw import RawTranscript, RawTurn, merge_cues

NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "utterance_text"),
    "speaker": ("speaker", "interlocutor"),
}


def parse_json_lines(text: str, path: Path) -> list[RawTranscript]:
    """Transcripts from one utterance a line, in the order in which each is first named."""
    records = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            records.append((number, _load(line, path, number)))
    return _ours(records, path)


def parse_json(text: str, path: Path) -> list[RawTranscript]:
    """Transcripts from one JSON value: a list of utterances, or an object with ``utterances`` or ``segments``."""
    value = _load(text, path, None)
    if isinstance(value, dict) and isinstance(value.get("segments"), list):
        return [RawTranscript(path.stem, tuple(_segments(value["segments"], path)))]
    if isinstance(value, dict) and isinstance(value.get("utterances"), list):
        name = value.get("transcript_id", path.stem)
        value = [{"transcript_id": name, **item} if isinstance(item, dict) else item for item in value["utterances"]]
    if not isinstance(value, list):
        remedy = "Pass a list of utterances, or an object with 'utterances' or Whisper's 'segments'"
        raise InputError(path, "holds no utterances", remedy, 1)
    return _ours([(number, item) for number, item in enumerate(value, 1)], path)


def _load(text: str, path: Path, line: int | None) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(path, f"is no valid JSON: {error.msg}", "Export it again", line or error.lineno) from None
    except RecursionError:
        raise InputError(path, "is nested too deeply", "Pass a list of utterances", line) from None


def _ours(records: list[tuple[int, Any]], path: Path) -> list[RawTranscript]:
    transcripts: dict[str, list[RawTurn]] = {}
    for number, record in records:
        if not isinstance(record, dict):
            raise InputError(path, "is no JSON object", "Write one object an utterance", number)
        name = record.get("transcript_id", path.stem)
        transcripts.setdefault(str(name), []).append(_turn(record, path, number))
    return [RawTranscript(name, tuple(turns)) for name, turns in transcripts.items()]


def _turn(record: Mapping[str, Any], path: Path, line: int) -> RawTurn:
    values = {field: next((record[n] for n in names if n in record), None) for field, names in NAMES.items()}
    for field, value in values.items():
        if not isinstance(value, str):
            problem = f"has no {field}" if value is None else f"has a {field} that is no string"
            raise InputError(path, problem, f"Give each utterance a {' or '.join(NAMES[field])} string", line)
    utterance_id = record.get("utterance_id")
    if utterance_id is not None and (isinstance(utterance_id, bool) or not isinstance(utterance_id, int | str)):
        raise InputError(path, "has an utterance_id that is neither number nor string", "Number the utterances", line)
    start_s, end_s = (_time(record, name, path, line) for name in ("start_s", "end_s"))
    return RawTurn(values["speaker"], values["text"] or "", line, start_s, end_s, utterance_id)


def _time(record: Mapping[str, Any], name: str, path: Path, line: int) -> float | None:
    value = record.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(path, f"has a {name} that is no number", "Give times in seconds", line)
    return float(value)


def _segments(segments: list[Any], path: Path) -> list[RawTurn]:
    """Whisper's segments, one turn a segment; WhisperX's speakers, one turn a run of segments."""
    turns = []
    for number, segment in enumerate(segments, 1):
        if not isinstance(segment, dict) or not isinstance(segment.get("text"), str):
            raise InputError(path, f"segment {number} has no text", "Export the transcript again")
        speaker = segment.get("speaker")
        if speaker is not None and not isinstance(speaker, str):
            raise InputError(path, f"segment {number} has a speaker that is no string", "Export the transcript again")
        start_s, end_s = (_time(segment, name, path, number) for name in ("start", "end"))
        turns.append(RawTurn(speaker, segment["text"].strip(), number, start_s, end_s))
    if any(turn.speaker for turn in turns):
        turns = [t if t.speaker else RawTurn("Unknown", t.text, t.line, t.start_s, t.end_s) for t in turns]
    return merge_cues(turns)
