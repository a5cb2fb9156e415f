"""Names out, surrogates in, before anything is stored.

An engine finds what to replace in one text; ``deidentify`` applies it to a whole transcript. The first engine replaces
the names on a roster that a person gives.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ipt_nlp.transcript import Transcript, UtteranceId

# A capital at the beginning of a sentence says nothing; these are capitals anywhere.
_WORDS = """i im monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays
    saturdays sundays january february march april may june july august september october november december christmas
    easter god ok okay yes no oh mum mom dad mr mrs ms dr tv ipt"""
_NO_NAMES = frozenset(_WORDS.split())
_INSIDE_SENTENCE = re.compile(r"(?<=[a-z,;:] )[A-Z][\w’'-]*[a-z]")
_POSSESSIVE = re.compile(r"['’]s?$")


@dataclass(frozen=True, slots=True)
class Replacement:
    """Code points ``start`` to ``stop`` of a text are to read ``surrogate``."""

    start: int
    stop: int
    surrogate: str


class Engine(Protocol):
    """Finds what identifies a person; replacements are in order and do not overlap."""

    def __call__(self, text: str) -> list[Replacement]: ...


@dataclass(frozen=True, slots=True)
class ChangedTurn:
    """A turn in which something was replaced. ``replacements`` are of the text as it was."""

    utterance_id: UtteranceId
    before: str
    replacements: tuple[Replacement, ...]


@dataclass(frozen=True, slots=True)
class Deidentified:
    """A transcript without what the engine found, and the turns that it changed."""

    transcript: Transcript
    changed: tuple[ChangedTurn, ...]

    @property
    def count(self) -> int:
        return sum(len(turn.replacements) for turn in self.changed)


class NameRoster:
    """Replaces listed names as whole words, whatever their case; a possessive keeps its ending.

    Args:
        people: for each person the names they go by; all of one person's names get one surrogate.
    """

    def __init__(self, people: Sequence[Sequence[str]]) -> None:
        self._surrogates = {
            " ".join(name.casefold().split()): f"[NAME{number}]"
            for number, names in enumerate(people, 1)
            for name in names
        }
        # The longest first, so that "Anna Smith" is not left as "[NAME1] Smith".
        longest = sorted(self._surrogates, key=len, reverse=True)
        words = "|".join(r"\s+".join(re.escape(part) for part in name.split()) for name in longest)
        self._pattern = re.compile(rf"(?<![^\W_])(?:{words})(?![^\W_])", re.IGNORECASE) if words else None

    def __call__(self, text: str) -> list[Replacement]:
        if self._pattern is None:
            return []
        return [
            Replacement(match.start(), match.end(), self._surrogates[" ".join(match[0].casefold().split())])
            for match in self._pattern.finditer(text)
            if " ".join(match[0].casefold().split()) in self._surrogates
        ]


def parse_roster(typed: str) -> list[list[str]]:
    """One person a line; commas part the names that one person goes by."""
    people = [[name.strip() for name in line.split(",") if name.strip()] for line in typed.splitlines()]
    return [names for names in people if names]


def substitute(text: str, replacements: Sequence[Replacement]) -> str:
    """``text`` with ``replacements`` made."""
    for found in reversed(replacements):
        text = text[: found.start] + found.surrogate + text[found.stop :]
    return text


def deidentify(transcript: Transcript, engine: Engine) -> Deidentified:
    """Apply ``engine`` to the turns, the id and the metadata of ``transcript``."""
    turns, changed = [], []
    for utterance in transcript.utterances:
        found = engine(utterance.text)
        if found:
            changed.append(ChangedTurn(utterance.utterance_id, utterance.text, tuple(found)))
            utterance = replace(utterance, text=substitute(utterance.text, found))
        turns.append(utterance)
    name = transcript.transcript_id
    metadata = {key: substitute(value, engine(value)) for key, value in transcript.metadata.items()}
    return Deidentified(Transcript(substitute(name, engine(name)), tuple(turns), metadata), tuple(changed))


def likely_names(transcript: Transcript, most: int = 30) -> list[str]:
    """Words with a capital inside a sentence, the most frequent first: a hint for the roster, not a guarantee."""
    found = Counter(
        _POSSESSIVE.sub("", word) for u in transcript.utterances for word in _INSIDE_SENTENCE.findall(u.text)
    )
    plain = {word: n for word, n in found.items() if word.casefold().replace("'", "") not in _NO_NAMES}
    return sorted(plain, key=lambda word: (-plain[word], word))[:most]
