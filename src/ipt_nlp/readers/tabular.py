"""CSV and TSV: one row an utterance, or one row a part of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ipt_nlp.errors import InputError, UsageError
from ipt_nlp.readers.raw import RawTranscript, RawTurn
from ipt_nlp.readers.times import seconds
from ipt_nlp.transcript import UtteranceId

COLUMN_NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "utterance_text", "utterance", "transcript", "content", "sentence", "turn", "words"),
    "speaker": ("speaker", "interlocutor", "role", "speaker_name", "participant", "who"),
    "transcript": (
        "transcript_id",
        "session_id",
        "transcript",
        "session",
        "conversation_id",
        "dialogue_id",
        "dialog_id",
    ),
    "utterance": ("utterance_id", "turn_id", "id", "index"),
    "start": ("start_s", "start", "start_time", "begin", "timestamp"),
    "end": ("end_s", "end", "end_time", "stop"),
}


@dataclass(frozen=True, slots=True)
class _Columns:
    at: Mapping[str, int]
    milliseconds: bool

    def get(self, row: Sequence[str], name: str) -> str | None:
        index = self.at.get(name)
        return row[index].strip() if index is not None and index < len(row) else None


def looks_tabular(text: str) -> bool:
    """Whether the first line is a header with a text column."""
    header = _split_header(text)
    return len(header) > 1 and any(name in header for name in COLUMN_NAMES["text"])


def parse_table(text: str, path: Path, columns: Mapping[str, str]) -> list[RawTranscript]:
    """The transcripts of a table with a header.

    A row without a speaker goes on with the speaker of the row before. Rows with the id of the row before are parts of
    one utterance; a part that repeats an earlier one (a file with a row for each annotator) is dropped.

    Args:
        columns: field (``text``, ``speaker``, …) -> column name, where the file uses other names.

    Raises:
        InputError: a column is missing, or a row does not fit.
    """
    delimiter = "\t" if "\t" in text.split("\n", 1)[0] else _sniff(text)
    rows = _rows(text, path, delimiter)
    _, header = next(rows)
    found = _find_columns([cell.strip() for cell in header], path, columns)
    transcripts: dict[str, list[RawTurn]] = {}
    for line, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= found.at["text"]:
            raise InputError(
                path, f"has {len(row)} columns, the header {len(header)}", "Quote cells with a delimiter in them", line
            )
        transcript_id = found.get(row, "transcript") or path.stem
        turns = transcripts.setdefault(transcript_id, [])
        turns.append(_with_speaker(_turn(row, found, path, line), turns, path))
    return [RawTranscript(name, tuple(_join_parts(turns, path))) for name, turns in transcripts.items()]


def _split_header(text: str) -> list[str]:
    first = text.split("\n", 1)[0].lower()
    return [cell.strip().strip('"').strip() for cell in re.split(r"[,;\t]", first)]


def _sniff(text: str) -> str:
    first = text.split("\n", 1)[0]
    return ";" if first.count(";") > first.count(",") else ","


def _rows(text: str, path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(path, f"is no valid table row: {error}", "Save it as CSV again", line) from None
        yield line, row


def _find_columns(header: Sequence[str], path: Path, given: Mapping[str, str]) -> _Columns:
    lower = [name.lower().replace(" ", "_") for name in header]
    at: dict[str, int] = {}
    for field, name in given.items():
        if field not in COLUMN_NAMES:
            raise UsageError(f"--column {field}={name}: no such field. Fields are {', '.join(COLUMN_NAMES)}.")
        if name not in header:
            raise InputError(path, f"has no column {name!r}; columns: {', '.join(header)}", "Pass another --column", 1)
        at[field] = header.index(name)
    for field, names in COLUMN_NAMES.items():
        match = next((lower.index(n) for n in names if n in lower and lower.index(n) not in at.values()), None)
        if field not in at and match is not None:
            at[field] = match
    if "text" not in at:
        raise InputError(path, f"has no text column; columns: {', '.join(header)}", "Pass --column text=NAME", 1)
    # Whisper writes three columns, times in milliseconds and no speaker.
    whisper = lower == ["start", "end", "text"]
    if "speaker" not in at and not whisper:
        raise InputError(path, f"has no speaker column; columns: {', '.join(header)}", "Pass --column speaker=NAME", 1)
    return _Columns(at, milliseconds=whisper)


def _turn(row: Sequence[str], columns: _Columns, path: Path, line: int) -> RawTurn:
    scale = 1000 if columns.milliseconds else 1
    start_s, end_s = (_time(columns.get(row, name), name, scale, path, line) for name in ("start", "end"))
    identifier = columns.get(row, "utterance")
    utterance_id = None if not identifier else int(identifier) if re.fullmatch(r"\d{1,15}", identifier) else identifier
    speaker = columns.get(row, "speaker") if "speaker" in columns.at else None
    return RawTurn(speaker, columns.get(row, "text") or "", line, start_s, end_s, utterance_id)


def _with_speaker(turn: RawTurn, before: Sequence[RawTurn], path: Path) -> RawTurn:
    """``turn`` with the speaker of the row before where its own cell is empty."""
    if turn.speaker != "":
        return turn
    if not before:
        raise InputError(path, "names no speaker", "Fill in the speaker", turn.line)
    return replace(turn, speaker=before[-1].speaker)


def _time(value: str | None, name: str, scale: int, path: Path, line: int) -> float | None:
    if not value:
        return None
    parsed = seconds(value)
    if parsed is None:
        raise InputError(path, f"the {name} time is no time", "Use seconds or hh:mm:ss", line)
    return parsed / scale


def _join_parts(turns: Sequence[RawTurn], path: Path) -> list[RawTurn]:
    joined: dict[UtteranceId | None, RawTurn] = {}
    parts: dict[UtteranceId | None, list[str]] = {}
    unnumbered: list[RawTurn] = []
    last: UtteranceId | None = None
    for turn in turns:
        key = turn.utterance_id
        if key is None:
            unnumbered.append(turn)
        elif key not in joined:
            joined[key], parts[key] = turn, [turn.text]
        elif turn.text not in parts[key]:
            if key != last:
                remedy = "Pass --column transcript=NAME if the table holds several sessions, or number the utterances"
                raise InputError(path, f"utterance id {key!r} is there twice with other words", remedy, turn.line)
            joined[key] = replace(joined[key], text=f"{joined[key].text} {turn.text}", end_s=turn.end_s)
            parts[key].append(turn.text)
        last = key
    return [*joined.values(), *unnumbered]
