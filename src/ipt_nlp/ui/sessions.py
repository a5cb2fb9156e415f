"""What the pages do, without Streamlit."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from spacy.language import Language

from ipt_nlp.annotation import Prediction
from ipt_nlp.codebook import Codebook
from ipt_nlp.pipeline import annotate
from ipt_nlp.readers import read_transcripts
from ipt_nlp.report.html import render
from ipt_nlp.transcript import Transcript

EXAMPLE = "session.txt"


@dataclass(frozen=True, slots=True)
class Tagged:
    """Annotated transcripts, and what the reader inferred about them."""

    sessions: Sequence[tuple[Transcript, Sequence[Prediction]]]
    notices: Sequence[str]

    def page(self) -> str:
        """The sessions as an HTML page."""
        return render(self.sessions, Codebook.load(self.sessions[0][1][0].codebook.split("@")[0]))


def tag_example(nlp: Language) -> Tagged:
    """The example session, tagged."""
    with as_file(files("ipt_nlp") / "examples" / EXAMPLE) as path:
        return _tag(nlp, path)


def tag_upload(nlp: Language, name: str, data: bytes) -> Tagged:
    """An uploaded file, tagged; nothing of it stays on disk.

    Raises:
        InputError: as ``read_transcripts`` does.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(data)
        return _tag(nlp, path)


def _tag(nlp: Language, path: Path) -> Tagged:
    notices: list[str] = []
    said = str(path.parent) + "/"
    transcripts = list(read_transcripts(path, notify=lambda line: notices.append(line.replace(said, ""))))
    return Tagged(list(annotate(nlp, transcripts)), notices)
