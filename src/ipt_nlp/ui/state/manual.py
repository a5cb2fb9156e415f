"""The codebook as a manual, and codes of one's own.

A code of one's own goes into a codebook file of one's own: a copy of the shipped one to which codes are added. It is a
codebook like any other, so that everything that takes a codebook takes it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING

from ipt_nlp.annotation import Prediction
from ipt_nlp.codebook import Codebook, own_codebooks
from ipt_nlp.errors import CodebookError, UsageError
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.search import Hit, Query
from ipt_nlp.store.values import User
from ipt_nlp.transcript import Transcript
from ipt_nlp.ui.state.project import BASE_CODEBOOK, OWN_CODEBOOK
from ipt_nlp.ui.state.search import coders, found

if TYPE_CHECKING:
    from spacy.language import Language

EXAMPLES = 8


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code as a person has typed it; one cue phrase a line."""

    title: str
    group: str
    definition: str
    cues: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The title as a name: small letters, digits and underscores."""
        ascii_only = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode()
        return re.sub(r"[^a-z0-9]+", "_", ascii_only.lower()).strip("_")


def add_code(code: NewCode) -> Codebook:
    """Write ``code`` into one's own codebook; begin one where there is none.

    Raises:
        UsageError: something is missing, or the code is there already.
        CodebookError: a cue is no valid phrase.
    """
    if not code.title.strip() or not code.definition.strip():
        raise UsageError("A code needs a title and a definition.")
    path = own_codebooks() / f"{OWN_CODEBOOK}.toml"
    before = path.read_text("utf-8") if path.is_file() else _begun()
    known = Codebook.parse(before, path)
    name = code.name if code.name[:1].isalpha() else f"code_{code.name}"
    if name in known.by_name or code.title.strip() in {label.title for label in known.labels}:
        raise UsageError(f"There is a code {code.title.strip()!r} already. Choose another title.")
    text = _next_version(before, known.version) + _entry(code, name)
    try:
        codebook = Codebook.parse(text, path)
    except CodebookError as error:
        raise UsageError(f"The code cannot be used: {error.problem}.") from None
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(text, "utf-8")
    draft.replace(path)
    return codebook


def _begun() -> str:
    """The shipped codebook under the name of one's own."""
    shipped = (files("ipt_nlp") / "codebooks" / f"{BASE_CODEBOOK}.toml").read_text("utf-8")
    return re.sub(rf'(?m)^name = "{BASE_CODEBOOK}"$', f'name = "{OWN_CODEBOOK}"', shipped, count=1)


def _next_version(text: str, version: str) -> str:
    """1 becomes 1.1, and 1.1 becomes 1.2."""
    whole, _, part = version.partition(".")
    return re.sub(r'(?m)^version = ".*"$', f'version = "{whole}.{int(part or 0) + 1}"', text, count=1)


def _entry(code: NewCode, name: str) -> str:
    lines = {
        "group": code.group,
        "name": name,
        "title": code.title.strip(),
        "definition": code.definition.strip(),
        "source": "added in the review app",
        "cues": [cue.strip() for cue in code.cues if cue.strip()],
    }
    return "\n\n[[labels]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in lines.items())


def _toml(value: str | Sequence[str]) -> str:
    """A string or a list of strings; JSON writes them as TOML reads them, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def mark_cues(
    store: AnnotationStore, actor: User, nlp: Language, codebook: Codebook, step: Callable[[float], object]
) -> int:
    """Look for the cues of ``codebook`` in every stored session; the model's scores stay. Returns how many changed."""
    rows = store.transcripts.list()
    changed = 0
    for number, row in enumerate(rows):
        step(number / len(rows))
        transcript = store.transcripts.get(row.transcript_id)
        made = with_cues(nlp, transcript, store.predictions.newest(row.transcript_id), codebook)
        if made:
            changed += bool(store.predictions.save(actor, made[0].model, made))
    return changed


def with_cues(
    nlp: Language, transcript: Transcript, stored: dict[int | str, Prediction], codebook: Codebook
) -> list[Prediction]:
    """The stored predictions with the cues that ``nlp`` finds now."""
    # Here and not above: a page that tags nothing is to open without waiting for torch.
    from ipt_nlp.pipeline.docs import to_doc
    from ipt_nlp.pipeline.extensions import CUES, UTTERANCES

    doc = nlp.get_pipe("ipt_cues")(to_doc(nlp, transcript))
    found: list[Prediction] = []
    for span, utterance in zip(doc.spans[UTTERANCES], transcript.utterances, strict=True):
        prediction = stored.get(utterance.utterance_id)
        if prediction is None:
            continue
        inside = [cue for cue in doc.spans[CUES] if span.start <= cue.start < span.end]
        at = span.start_char
        cues = tuple((cue.label_, cue.start_char - at, cue.end_char - at) for cue in inside)
        found.append(replace(prediction, cues=cues, codebook=codebook.ref))
    return found


def examples(
    store: AnnotationStore, actor: User, label: str, most: int = EXAMPLES, *, blind: bool = False
) -> tuple[Hit, ...]:
    """Turns of the corpus with a code: those that coders gave it, then those the model is surest of.

    Args:
        blind: none that the actor has not coded and only the model gives the code.
    """
    coded = [hit for coder in coders(store, actor) for hit in found(store, actor, Query(label=label, coder=coder))]
    if len(coded) < most:
        guessed = found(store, actor, Query(label=label), blind=blind)
        coded += sorted(guessed, key=lambda hit: -hit.scores.get(label, 0.0))
    unique = {(hit.transcript_id, hit.utterance_id): hit for hit in reversed(coded)}
    return tuple(reversed(unique.values()))[:most]
