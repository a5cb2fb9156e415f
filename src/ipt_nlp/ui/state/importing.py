"""Files into the store: read, ask for what a file does not tell, take names out, store, tag."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipt_nlp
from ipt_nlp.deidentify import Deidentified, Engine, deidentify
from ipt_nlp.errors import InputError, IptNlpError
from ipt_nlp.readers import Speaker, read_speakers, read_transcripts
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import SessionDetails, User
from ipt_nlp.transcript import Role, Transcript

if TYPE_CHECKING:
    from spacy.language import Language

_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_NUMBER = re.compile(r"(?i)(?<![a-z])(?:session|sitzung|s)[ _-]?0*(\d{1,3})(?!\d)")


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A dropped file as it was read.

    Attributes:
        transcripts: empty while a speaker's role is not known.
        problem: why nothing could be read, without any text of the transcript; else empty.
    """

    name: str
    transcripts: tuple[Transcript, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    problem: str = ""

    @property
    def unclear(self) -> bool:
        """Whether somebody has to say who is who."""
        return any(speaker.role is None for speaker in self.speakers)

    @property
    def unsure(self) -> bool:
        """Whether somebody should look at who is who."""
        return any(not speaker.sure for speaker in self.speakers)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A transcript as it would be stored, from which file, and what is known of its session."""

    file: str
    deidentified: Deidentified
    details: SessionDetails

    @property
    def transcript(self) -> Transcript:
        return self.deidentified.transcript


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a transcript, for a person to read. ``stored``: it is in the store now, or was already."""

    name: str
    message: str
    stored: bool


def read_upload(name: str, data: bytes, roles: Mapping[str, Role]) -> ReadFile:
    """Read a dropped file; nothing of it stays on disk. ``roles``: who is who, as the person has said."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name).name or "file.txt")
        path.write_bytes(data)
        try:
            speakers = tuple(read_speakers(path, roles).values())
            if any(speaker.role is None for speaker in speakers):
                return ReadFile(name, (), speakers)
            return ReadFile(name, tuple(read_transcripts(path, speakers=roles)), speakers)
        except InputError as error:
            line = f"line {error.line}: " if error.line else ""
            return ReadFile(name, problem=f"{line}{error.problem}. {error.remedy.rstrip('.')}.")


def prepare(file: ReadFile, engine: Engine) -> list[Prepared]:
    """The transcripts of a file without what ``engine`` finds, and what their names and metadata say of them."""
    found = []
    for transcript in file.transcripts:
        changed = deidentify(transcript, engine)
        found.append(Prepared(file.name, changed, guess_details(changed.transcript)))
    return found


def guess_details(transcript: Transcript) -> SessionDetails:
    """Date and session number from the id, and what the metadata calls by the names of details."""
    known = {key.casefold(): value for key, value in transcript.metadata.items()}
    date = _DATE.search(transcript.transcript_id)
    number = _NUMBER.search(transcript.transcript_id)
    stated = known.get("session_number", "")
    return SessionDetails(
        date=known.get("date", date[0] if date else ""),
        therapist=known.get("therapist", ""),
        client=known.get("client", ""),
        session_number=int(stated) if stated.isdecimal() else int(number[1]) if number else None,
        phase=known.get("phase", ""),
    )


def described(prepared: Prepared, name: str, details: SessionDetails) -> Prepared:
    """``prepared`` under the id and with the details that a person has typed."""
    kept = prepared.deidentified
    renamed = replace(kept, transcript=replace(kept.transcript, transcript_id=name.strip()))
    return replace(prepared, deidentified=renamed, details=details)


def import_one(store: AnnotationStore, actor: User, nlp: Language, prepared: Prepared) -> Imported:
    """Store a transcript and what the model says of it. Doing it again changes nothing."""
    transcript = prepared.transcript
    name = transcript.transcript_id
    try:
        added = store.transcripts.add(actor, transcript, prepared.details)
        if added.outcome == "differs":
            return Imported(name, "not imported: another session has this id. Give this one another id.", stored=False)
        # An import that was cut short has stored the turns without tags; the next one makes that good.
        tagged = store.predictions.stamp(added.stored_as) > 0
        if not tagged:
            tag(store, actor, nlp, replace(transcript, transcript_id=added.stored_as))
    except IptNlpError as error:
        return Imported(name, f"not imported: {error}", stored=False)
    if added.outcome == "same" and tagged:
        return Imported(name, f"was there already, as {added.stored_as}. Nothing was changed.", stored=True)
    return Imported(name, f"imported and tagged, {len(transcript.utterances)} turns.", stored=True)


def tag(store: AnnotationStore, actor: User, nlp: Language, transcript: Transcript) -> int:
    """Store what the model says of a transcript; how many predictions were new."""
    made = next(ipt_nlp.annotate(nlp, [transcript]))[1]
    return store.predictions.save(actor, made[0].model, made)


def details_table(prepared: Sequence[Prepared]) -> dict[str, list[Any]]:
    """Columns for editing ids and details; a row for each transcript."""
    return {
        "File": [item.file for item in prepared],
        "Turns": [len(item.transcript.utterances) for item in prepared],
        "Session id": [item.transcript.transcript_id for item in prepared],
        "Date": [item.details.date for item in prepared],
        "Therapist": [item.details.therapist for item in prepared],
        "Client code": [item.details.client for item in prepared],
        "Number": [str(item.details.session_number or "") for item in prepared],
        "Phase": [item.details.phase for item in prepared],
    }


def details_of(edited: Mapping[str, Sequence[Any]], row: int) -> tuple[str, SessionDetails]:
    """The id and the details in a row of the edited table."""
    cell = {name: str(values[row] if values[row] is not None else "").strip() for name, values in edited.items()}
    number = cell["Number"]
    return cell["Session id"], SessionDetails(
        date=cell["Date"],
        therapist=cell["Therapist"],
        client=cell["Client code"],
        session_number=int(number) if number.isdecimal() else None,
        phase=cell["Phase"],
    )
