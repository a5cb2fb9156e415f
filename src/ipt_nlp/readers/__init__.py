"""Transcripts from files: one module a format behind ``read_transcripts``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ipt_nlp.errors import InputError
from ipt_nlp.readers.captions import looks_like_srt, parse_captions
from ipt_nlp.readers.decode import READABLE, read_text
from ipt_nlp.readers.raw import RawTranscript, check_lengths
from ipt_nlp.readers.records import parse_json, parse_json_lines
from ipt_nlp.readers.roles import Inference, assign_roles, names_all, role_of_name
from ipt_nlp.readers.tabular import looks_tabular, parse_table
from ipt_nlp.readers.text import parse_text
from ipt_nlp.transcript import Role, Transcript, Utterance

Notify = Callable[[str], None]

SUFFIXES = (".txt", ".md", ".lrc", ".vtt", ".srt", ".csv", ".tsv", ".json", ".jsonl")


@dataclass(frozen=True, slots=True)
class Speaker:
    """A name in a file, its role or None where it cannot be told, and whether that is more than a guess."""

    name: str
    role: Role | None
    sure: bool


def read_transcripts(
    path: str | Path,
    *,
    speakers: Mapping[str, Role] | None = None,
    columns: Mapping[str, str] | None = None,
    notify: Notify | None = None,
) -> Iterator[Transcript]:
    """Read the transcripts of a file, or of all readable files in a folder, in the order of their names.

    Args:
        speakers: speaker name -> role, where the names do not tell; ``ALL`` stands for the rest.
        columns: field of ``tabular.COLUMN_NAMES`` -> the name a table has for it.
        notify: receives a line for everything that was inferred rather than read.

    Raises:
        InputError: a file that cannot be read; the message names file, line and remedy.
    """
    path = Path(path)
    files = list(_transcript_files(path)) if path.is_dir() else [path]
    if not files:
        raise InputError(path, "holds no transcript", f"Put {READABLE} files there")
    for file in files:
        for raw in _parse(read_text(file), file, columns or {}, speakerless=names_all(speakers or {})):
            yield _transcript(raw, file, speakers or {}, notify or (lambda _: None))


def read_speakers(path: str | Path, speakers: Mapping[str, Role] | None = None) -> dict[str, Speaker]:
    """The speakers that a file names, in the order in which they speak.

    Raises:
        InputError: a file that cannot be read.
    """
    file, given = Path(path), speakers or {}
    found: dict[str, Speaker] = {}
    for raw in _parse(read_text(file), file, {}, speakerless=True):
        names = dict.fromkeys(turn.speaker for turn in raw.turns if turn.speaker is not None)
        try:
            roles, inference = assign_roles(file, raw.turns, given)
        except InputError:
            roles, inference = {}, None
        for name in names:
            guessed = inference is not None and name in inference.roles
            role = roles.get(name, role_of_name(name))
            found.setdefault(name, Speaker(name, role, sure=role is not None and not guessed))
    return found


def _transcript_files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in SUFFIXES and file.is_file() and not file.name.startswith("."):
            yield file


def _parse(text: str, path: Path, columns: Mapping[str, str], *, speakerless: bool) -> list[RawTranscript]:
    """Content decides the format; the suffix only where content could be either."""
    text = text.lstrip("\ufeff")
    suffix = path.suffix.lower()
    first = text.lstrip()[:1]
    if text.startswith("WEBVTT") or suffix in (".vtt", ".srt") or looks_like_srt(text):
        return parse_captions(text, path)
    if suffix == ".jsonl" or (first == "{" and _one_object_a_line(text)):
        return parse_json_lines(text, path)
    if suffix == ".json" or (first == "{" and text.rstrip().endswith("}")):
        return parse_json(text, path)
    if suffix in (".csv", ".tsv") or columns or looks_tabular(text):
        return parse_table(text, path, columns)
    return parse_text(text, path, speakerless=speakerless)


def _one_object_a_line(text: str) -> bool:
    lines = text.strip().split("\n", 2)
    return len(lines) > 1 and all(line.rstrip().startswith("{") and line.rstrip().endswith("}") for line in lines[:2])


def _transcript(raw: RawTranscript, path: Path, speakers: Mapping[str, Role], notify: Notify) -> Transcript:
    if not raw.turns:
        raise InputError(path, "holds no turn", "Pass a transcript with turns in it", 1)
    check_lengths(path, raw.turns)
    roles, inference = assign_roles(path, raw.turns, speakers)
    if inference:
        notify(_inferred(path, raw.transcript_id, inference))
    elif raw.turns[0].speaker is None and not names_all(speakers):
        notify(f"{path}: names no speakers, so no techniques are tagged. Diarise it, or pass --speaker ALL=ROLE.")
    utterances = tuple(
        Utterance(
            turn.utterance_id if turn.utterance_id is not None else index,
            roles[turn.speaker],
            turn.text,
            turn.start_s,
            turn.end_s,
        )
        for index, turn in enumerate(raw.turns)
    )
    try:
        return Transcript(raw.transcript_id, utterances, raw.metadata)
    except ValueError as error:
        raise InputError(path, str(error), "Give each utterance of a transcript its own id") from None


def _inferred(path: Path, transcript_id: str, inference: Inference) -> str:
    said = ", ".join(f"{name!r} as {role}" for name, role in inference.roles.items())
    where = f"{path}" if transcript_id == path.stem else f"{path} ({transcript_id})"
    return f"{where}: took {said} from how they talk, confidence {inference.confidence:.2f}. --speaker says otherwise."
