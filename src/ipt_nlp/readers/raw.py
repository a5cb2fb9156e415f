"""What every format is parsed into before roles are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ipt_nlp.errors import InputError
from ipt_nlp.transcript import UtteranceId

MAX_TURN_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class RawTurn:
    """A turn as the file has it. ``speaker`` is the name found there; None where the format has no place for one."""

    speaker: str | None
    text: str
    line: int
    start_s: float | None = None
    end_s: float | None = None
    utterance_id: UtteranceId | None = None


@dataclass(frozen=True, slots=True)
class RawTranscript:
    transcript_id: str
    turns: tuple[RawTurn, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)


def merge_cues(turns: Iterable[RawTurn]) -> list[RawTurn]:
    """Join consecutive turns of one named speaker: formats that split by time cut one turn into many cues."""
    merged: list[RawTurn] = []
    for turn in turns:
        last = merged[-1] if merged else None
        if last is not None and turn.speaker is not None and last.speaker == turn.speaker:
            merged[-1] = replace(last, text=f"{last.text} {turn.text}".strip(), end_s=turn.end_s)
        else:
            merged.append(turn)
    return merged


def check_lengths(path: Path, turns: Iterable[RawTurn]) -> None:
    """Refuse a turn that nobody can have spoken: the file has lost its line breaks or its speakers."""
    for turn in turns:
        if len(turn.text) > MAX_TURN_CHARACTERS:
            raise InputError(
                path,
                f"one turn has {len(turn.text):,} characters, the most is {MAX_TURN_CHARACTERS:,}",
                "Give each turn its own line or cue with its speaker",
                turn.line,
            )
