"""What the store takes and gives back: frozen values without a database behind them.

Times are ISO 8601 in UTC with microseconds, so that they sort as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ipt_nlp.annotation import Annotation, Mode, Offsets
from ipt_nlp.transcript import Transcript, UtteranceId

Role = Literal["annotator", "supervisor", "researcher", "admin"]
Action = Literal["accept", "change", "reject", "skip", "flag", "note", "undo"]
Reason = Literal["oversight", "context_missed", "manual_unclear", "wrong_label", "other"]
Confidence = Literal["low", "medium", "high"]
Decision = Literal["agree", "disagree", "sign_off", "withdraw"]
LeaseState = Literal["open", "released", "expired"]
JobState = Literal["queued", "running", "finished", "failed", "cancelled"]
ModelStatus = Literal["candidate", "champion", "retired"]
Outcome = Literal["added", "same", "differs"]
Labels = Mapping[str, tuple[str, ...]]
Item = tuple[str, UtteranceId]

ROLES: tuple[Role, ...] = get_args(Role)
CODING_ACTIONS: tuple[Action, ...] = ("accept", "change", "reject")


@dataclass(frozen=True, slots=True)
class User:
    """A person, as whom something is done. The role that counts is the one in the store, not the one here."""

    name: str
    role: Role
    disabled: bool = False
    created_at: str = ""


# Whoever can open the database needs no password to it: the owner of the machine, and the command line.
LOCAL = User("local", "admin")


@dataclass(frozen=True, slots=True)
class SignIn:
    """What became of a try to sign in.

    Attributes:
        user: who signed in; None where nobody did.
        wait_s: seconds until the next try on this name is listened to.
        refused: this one was not.
    """

    user: User | None
    wait_s: int = 0
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What a coder does to one utterance.

    Attributes:
        action: ``accept`` saves what was suggested, or, coded blind, says that the coder is done with the turn.
        labels: group -> labels for ``accept``, ``change`` and ``reject``; else None.
        flagged, note: None leaves them as they are.
        mode: ``blind`` when no suggestion was shown.
        reviewed_model: the model whose prediction was looked at, or None.
        base_event: this coder's newest event on the utterance when the change was made, or None for none.
        seconds: time spent on it.
    """

    transcript_id: str
    utterance_id: UtteranceId
    action: Action
    labels: Labels | None = None
    sure: bool = True
    flagged: bool | None = None
    note: str | None = None
    mode: Mode = "blind"
    reviewed_model: str | None = None
    codebook: str = ""
    evidence: Mapping[str, tuple[Offsets, ...]] = field(default_factory=dict)
    base_event: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationEvent:
    """One event as it is stored, and the whole of what its coder says of the utterance from then on.

    Attributes:
        labels: group -> labels, or None where the coder has coded nothing (or skipped, or undone it).
        ordinal: 1 for a coder's first event on the utterance, and so on without gaps.
        previous: the event that an undo brings back; for an undo, the one it brought back; None for none.
    """

    event_id: int
    transcript_id: str
    utterance_id: UtteranceId
    coder: str
    action: Action
    labels: Labels | None
    sure: bool
    flagged: bool
    note: str
    mode: Mode
    reviewed_model: str | None
    codebook: str
    evidence: Mapping[str, tuple[Offsets, ...]]
    base_event: int | None
    previous: int | None
    ordinal: int
    seconds: float
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDetails:
    """What is known of a session beside its turns. ``session_number`` counts from 1."""

    date: str = ""
    therapist: str = ""
    client: str = ""
    session_number: int | None = None
    phase: str = ""


@dataclass(frozen=True, slots=True)
class AddResult:
    """What became of an import.

    ``same``: the content was there already, as ``stored_as``. ``differs``: the id is taken by other content, and
    nothing was stored.
    """

    transcript_id: str
    outcome: Outcome
    stored_as: str


@dataclass(frozen=True, slots=True)
class TranscriptRow:
    """A line of the list of sessions. ``reviewed``, ``flagged``: utterances that some coder has coded, has flagged."""

    transcript_id: str
    details: SessionDetails
    turns: int
    reviewed: int
    flagged: int
    model: str | None
    added_at: str

    @property
    def reviewed_share(self) -> float:
        """From 0 to 1; 0 where there is no turn."""
        return self.reviewed / self.turns if self.turns else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptFilter:
    """Which sessions to list. ``search``: in id, therapist, client and phase, whatever the case."""

    search: str = ""
    reviewed_from: float = 0.0
    reviewed_to: float = 1.0
    model: str | None = None
    flagged: bool | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """An item of a queue, given to one coder until ``expires_at``."""

    lease_id: int
    queue: str
    transcript_id: str
    utterance_id: UtteranceId
    holder: str
    state: LeaseState
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAdjudication:
    """What was decided on an utterance, and why the coders differed. ``events``: the codings it was decided on."""

    transcript_id: str
    utterance_id: UtteranceId
    labels: Labels
    confidence: Confidence
    reason: Reason
    note: str = ""
    codebook: str = ""
    events: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Adjudication:
    """A decision as it is stored; the newest on an utterance counts."""

    adjudication_id: int
    adjudicator: str
    decision: NewAdjudication
    created_at: str


@dataclass(frozen=True, slots=True)
class SignOff:
    """What a supervisor says of a session's report. ``item``: the statement it is about, empty for the whole."""

    sign_off_id: int
    transcript_id: str
    supervisor: str
    decision: Decision
    item: str
    reason: str
    model: str
    created_at: str


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A model as it stands now, from its events."""

    ref: str
    status: ModelStatus
    metrics: Mapping[str, Any]
    codebook: str
    registered_by: str
    registered_at: str


@dataclass(frozen=True, slots=True)
class Job:
    """Work for another process. ``progress``: from 0 to 1; ``message`` and ``error`` never hold client text."""

    job_id: int
    kind: str
    state: JobState
    parameters: Mapping[str, Any]
    progress: float
    message: str
    cancel_requested: bool
    worker: str
    heartbeat_at: str
    result: Mapping[str, Any]
    error: str
    created_by: str
    created_at: str
    finished_at: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One write. ``hash`` covers everything here and ``previous``, the hash of the entry before."""

    seq: int
    at: str
    actor: str
    what: str
    entity: str
    key: str
    ids: Mapping[str, Any]
    digest: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the store that is not as it was written."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class ReviewedTranscript:
    """A transcript with what each coder says of its utterances now, and the adjudicated labels marked as such.

    The mode of adjudicated labels is ``blind`` where they were decided between codings of at least two people, all made
    without a suggestion; where one of the parties was a model, or is not known, it is ``assisted``.
    """

    transcript: Transcript
    details: SessionDetails
    annotations: tuple[Annotation, ...]
