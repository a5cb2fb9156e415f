"""WebVTT and SubRip: timed cues, with the speaker as a voice tag or as ``Name:`` where the program wrote one."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from ipt_nlp.errors import InputError
from ipt_nlp.readers.raw import RawTranscript, RawTurn, merge_cues
from ipt_nlp.readers.roles import role_of_name
from ipt_nlp.readers.times import seconds

_ARROW = re.compile(r"^\s*(?P<start>[\d:.,]+)\s*-->\s*(?P<end>[\d:.,]+)(?:\s.*)?$")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+(?P<name>[^>]+)>")
_TAG = re.compile(r"</?(?:[vcibu]|ruby|rt|lang|font)(?:[.\s][^>]*)?>|<\d[\d:.]*>")
_NAMED = re.compile(r"^(?P<name>[^\W\d_][^:<>\n]{0,40}|SPEAKER_\d+|\d{1,2}):\s+(?P<text>.*)$", re.DOTALL)
_BLOCKS_WITHOUT_CUES = ("WEBVTT", "NOTE", "STYLE", "REGION")


def looks_like_srt(text: str) -> bool:
    """Whether the file opens with a numbered, timed cue."""
    head = [line for line in text.lstrip().split("\n", 3)[:2] if line.strip()]
    return len(head) == 2 and head[0].strip().isdigit() and bool(_ARROW.match(head[1]))


def parse_captions(text: str, path: Path) -> list[RawTranscript]:
    """The one transcript of a caption file; consecutive cues of one speaker are one turn.

    Raises:
        InputError: a time line is malformed, or there is no cue at all.
    """
    cues = list(_cues(text, path))
    if not cues:
        raise InputError(path, "holds no timed cue", "Export the captions again", 1)
    return [RawTranscript(path.stem, tuple(merge_cues(_named(cues))))]


def _cues(text: str, path: Path) -> Iterator[RawTurn]:
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        block_start = number
        block = []
        while number < len(lines) and lines[number].strip():
            block.append(lines[number])
            number += 1
        number += 1
        if block and not block[0].startswith(_BLOCKS_WITHOUT_CUES):
            yield from _block(block, block_start, path)


def _block(block: list[str], start: int, path: Path) -> Iterator[RawTurn]:
    """The cue of one block: an optional identifier, a time line, and its text."""
    timed = next((n for n, line in enumerate(block[:2]) if "-->" in line), None)
    if timed is None:
        raise InputError(path, "a cue has no time line", "Each cue needs 'start --> end' above its text", start + 1)
    match = _ARROW.match(block[timed])
    start_s, end_s = (seconds(match["start"]), seconds(match["end"])) if match else (None, None)
    if start_s is None or end_s is None:
        raise InputError(
            path, "the time line is malformed", "Write it as 00:00:01.000 --> 00:00:04.000", start + timed + 1
        )
    body = "\n".join(block[timed + 1 :])
    yield from _voices(body, start + timed + 2, start_s, end_s)


def _voices(body: str, line: int, start_s: float, end_s: float) -> Iterator[RawTurn]:
    """The cue's text by voice: a cue may hold several ``<v Name>`` runs."""
    voices = list(_VOICE.finditer(body))
    edges = [voice.start() for voice in voices] + [len(body)]
    if not voices or body[: edges[0]].strip():
        yield from _spoken(None, body[: edges[0]], line, start_s, end_s)
    for voice, edge in zip(voices, edges[1:], strict=True):
        yield from _spoken(voice["name"].strip(), body[voice.end() : edge], line, start_s, end_s)


def _spoken(name: str | None, text: str, line: int, start_s: float, end_s: float) -> Iterator[RawTurn]:
    plain = " ".join(html.unescape(_TAG.sub("", text)).split())
    if plain:
        yield RawTurn(name, plain, line, start_s, end_s)


def _named(cues: list[RawTurn]) -> list[RawTurn]:
    """Cues with the speaker their text begins with, where most cues begin with one; a cue without one goes on."""
    if any(cue.speaker for cue in cues):
        return _carry_on(cues)
    matches = [_NAMED.match(cue.text) for cue in cues]
    names = [match["name"] for match in matches if match]
    come_back = len(names) - len(set(names)) >= len(names) / 3
    if not matches[0] or not (come_back or all(role_of_name(name) for name in names)):
        return cues
    taken = [
        RawTurn(match["name"].strip(), match["text"], cue.line, cue.start_s, cue.end_s) if match else cue
        for cue, match in zip(cues, matches, strict=True)
    ]
    return _carry_on(taken)


def _carry_on(cues: list[RawTurn]) -> list[RawTurn]:
    carried: list[RawTurn] = []
    for cue in cues:
        speaker = cue.speaker or (carried[-1].speaker if carried else "Unknown")
        carried.append(RawTurn(speaker, cue.text, cue.line, cue.start_s, cue.end_s))
    return carried
