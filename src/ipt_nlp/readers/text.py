"""Plain text: ``Speaker: text`` lines, with or without time stamps, and the name-and-time headings of Otter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ipt_nlp.errors import InputError
from ipt_nlp.readers.raw import RawTranscript, RawTurn
from ipt_nlp.readers.roles import role_of_name
from ipt_nlp.readers.times import seconds

_TIME = r"\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?"
_STAMP = re.compile(rf"\s*[\[(]({_TIME})(?:\s*-->?\s*({_TIME}))?[\])]\s*")
_NAME = r"[^\W\d_][\w.'’\-]*(?: [\w.'’\-()]+){0,3}|\d{1,2}"
_PREFIX = re.compile(
    rf"\s*(?:\*\*|__)?(?P<name>{_NAME})(?:\*\*|__)?\s*(?:[\[(](?P<stamp>{_TIME})[\])])?\s*:(?:\*\*|__)?(?!//)\s*"
)
_HEADING = re.compile(rf"\s*(?:\*\*)?(?P<name>{_NAME})(?:\*\*)?\s+[\[(]?(?P<stamp>{_TIME})[\])]?\s*$")
# A name that opens a single line is more likely a word before a colon ("One thing: …") than a speaker.
_FEWEST_TURNS = 2


def parse_text(text: str, path: Path, *, speakerless: bool = False) -> list[RawTranscript]:
    """The one transcript of a plain text file.

    Text before the first speaker goes into the metadata as ``preamble``. A file with time stamps but no speakers
    (as Whisper writes it) has one turn a stamp, speaker None.

    Args:
        speakerless: take each line as a turn where there are neither speakers nor time stamps.

    Raises:
        InputError: there are neither, and ``speakerless`` is not said.
    """
    lines = text.split("\n")
    names = _speaker_names(lines)
    if names:
        preamble, turns = _turns(lines, names)
        metadata = {"preamble": preamble} if preamble else {}
        return [RawTranscript(path.stem, tuple(turns), metadata)]
    stamped = list(_stamped(lines))
    if stamped:
        return [RawTranscript(path.stem, tuple(stamped))]
    if speakerless:
        spoken = [RawTurn(None, line.strip(), number) for number, line in enumerate(lines, 1) if line.strip()]
        return [RawTranscript(path.stem, tuple(spoken))]
    remedy = "Write each turn as 'T: …' or 'C: …', or pass --speaker ALL=other to take each line as a turn"
    raise InputError(path, "no line begins with a speaker", remedy, 1)


def parse_turns(text: str) -> list[RawTurn]:
    """The turns of text with speaker prefixes, and no turns where it has none."""
    lines = text.split("\n")
    names = _speaker_names(lines)
    return _turns(lines, names)[1] if names else []


def _speaker_names(lines: list[str]) -> set[str]:
    """Names that open lines as speakers do: role words, or names that come back, or that stand on heading lines."""
    counts: dict[str, int] = {}
    headed: set[str] = set()
    for line in lines:
        if heading := _HEADING.match(line):
            headed.add(heading["name"])
        elif prefix := _PREFIX.match(_unstamped(line)):
            counts[prefix["name"]] = counts.get(prefix["name"], 0) + 1
    if headed:
        return headed
    return {name for name, count in counts.items() if count >= _FEWEST_TURNS or role_of_name(name)}


def _unstamped(line: str) -> str:
    match = _STAMP.match(line)
    return line[match.end() :] if match else line


def _turns(lines: list[str], names: set[str]) -> tuple[str, list[RawTurn]]:
    preamble: list[str] = []
    turns: list[RawTurn] = []
    held: tuple[str, int, float | None, list[str]] | None = None
    for number, line in enumerate(lines, 1):
        opened = _open(line, names)
        if opened is not None:
            if held is not None:
                turns.append(_close(*held))
            name, start_s, rest = opened
            held = (name, number, start_s, [rest])
        elif held is not None:
            held[3].append(line.strip())
        elif line.strip():
            preamble.append(line.strip())
    if held is not None:
        turns.append(_close(*held))
    return "\n".join(preamble), turns


def _open(line: str, names: set[str]) -> tuple[str, float | None, str] | None:
    """Name, time and first words where ``line`` opens a turn."""
    heading = _HEADING.match(line)
    if heading and heading["name"] in names:
        return heading["name"], seconds(heading["stamp"]), ""
    stamp = _STAMP.match(line)
    body = line[stamp.end() :] if stamp else line
    prefix = _PREFIX.match(body)
    if prefix is None or prefix["name"] not in names:
        return None
    start = prefix["stamp"] or (stamp[1] if stamp else None)
    rest = body[prefix.end() :]
    inner = _STAMP.match(rest) if start is None else None
    if inner:
        start, rest = inner[1], rest[inner.end() :]
    return prefix["name"], seconds(start) if start else None, rest.strip()


def _close(name: str, line: int, start_s: float | None, words: list[str]) -> RawTurn:
    return RawTurn(name, " ".join(part for part in words if part), line, start_s)


def _stamped(lines: list[str]) -> Iterator[RawTurn]:
    for number, line in enumerate(lines, 1):
        match = _STAMP.match(line)
        if match and line[match.end() :].strip():
            end = seconds(match[2]) if match[2] else None
            yield RawTurn(None, line[match.end() :].strip(), number, seconds(match[1]), end)
