"""Transcripts as pure values; they know nothing of files, pipelines or databases."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Role = Literal["therapist", "client", "other"]
UtteranceId = int | str

ROLES: tuple[Role, ...] = get_args(Role)


def normalise_newlines(text: str) -> str:
    """``text`` with LF as its only line end; offsets into utterances count code points of this form."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True, slots=True)
class Utterance:
    """One speaker turn.

    Attributes:
        utterance_id: unique in its transcript.
        speaker: the role of who speaks.
        text: what is said; LF line ends; may be empty.
        start_s, end_s: seconds from the start of the recording, or None.
    """

    utterance_id: UtteranceId
    speaker: Role
    text: str
    start_s: float | None = None
    end_s: float | None = None

    def __post_init__(self) -> None:
        if self.speaker not in ROLES:
            raise ValueError(f"utterance {self.utterance_id!r}: speaker must be one of {', '.join(ROLES)}")
        if "\r" in self.text:
            object.__setattr__(self, "text", normalise_newlines(self.text))


@dataclass(frozen=True, slots=True)
class Transcript:
    """The turns of one session, in order.

    Raises:
        ValueError: two utterances share an id.
    """

    transcript_id: str
    utterances: tuple[Utterance, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "utterances", tuple(self.utterances))
        seen: set[UtteranceId] = set()
        for utterance in self.utterances:
            if utterance.utterance_id in seen:
                raise ValueError(f"transcript {self.transcript_id!r} has utterance {utterance.utterance_id!r} twice")
            seen.add(utterance.utterance_id)

    def digest(self) -> str:
        """A tagged SHA-256 of the utterances: the same content under another file name has the same digest."""
        rows = [[u.utterance_id, u.speaker, u.text, u.start_s, u.end_s] for u in self.utterances]
        canonical = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        return f"transcript-1:{hashlib.sha256(canonical.encode('utf-8', 'surrogatepass')).hexdigest()}"
