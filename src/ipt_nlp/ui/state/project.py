"""Which store and which codebook the app works with, and the example to begin with."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import ipt_nlp
from ipt_nlp.codebook import OWN_CODEBOOK, Codebook, own_codebooks
from ipt_nlp.readers import read_transcripts
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.database import default_place
from ipt_nlp.store.values import SessionDetails
from ipt_nlp.transcript import Transcript

if TYPE_CHECKING:
    from spacy.language import Language

EXAMPLE = "session.txt"
EXAMPLE_NAME = "example"
EXAMPLE_DETAILS = SessionDetails(therapist="T01", client="C01", session_number=5, phase="middle")
BASE_CODEBOOK = "ipt"


def example_place() -> Path:
    """The example has a store of its own: what is tried out there never gets among real sessions."""
    return default_place().with_name("example.db")


def is_new(store: AnnotationStore) -> bool:
    """Whether nobody has put anything into the store yet."""
    return store.users.single_user() is not None and not store.search.transcript_ids()


def example_transcript() -> Transcript:
    with as_file(files("ipt_nlp") / "examples" / EXAMPLE) as path:
        return replace(next(read_transcripts(path)), transcript_id=EXAMPLE_NAME)


def fill_example(store: AnnotationStore, nlp: Language) -> None:
    """Put the example session into ``store``, tagged; one that is there already is left as it is."""
    transcript = example_transcript()
    added = store.transcripts.add(LOCAL, transcript, EXAMPLE_DETAILS)
    if not store.predictions.stamp(added.stored_as):
        _, made = next(ipt_nlp.annotate(nlp, [transcript]))
        store.predictions.save(LOCAL, made[0].model, made)


def codebook_name() -> str:
    """The name of the codebook in use: one's own where there is one."""
    return OWN_CODEBOOK if (own_codebooks() / f"{OWN_CODEBOOK}.toml").is_file() else BASE_CODEBOOK


def project_codebook() -> Codebook:
    return Codebook.load(codebook_name())


def codebook_stamp() -> str:
    """Changes whenever the codebook in use does."""
    path = own_codebooks() / f"{OWN_CODEBOOK}.toml"
    return f"{OWN_CODEBOOK}:{path.stat().st_mtime_ns}" if path.is_file() else BASE_CODEBOOK
