"""The three components. Each takes the span key it works on as an argument and declares what it assigns."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import ModelError
from ipt_nlp.model.scoring import Scorer, TranscriptScores
from ipt_nlp.models import find_model
from ipt_nlp.pipeline.cue_matcher import CueMatcher
from ipt_nlp.pipeline.docs import set_utterances, texts_and_speakers
from ipt_nlp.pipeline.extensions import CUES, UTTERANCES
from ipt_nlp.pipeline.labels import given_labels, needs_review
from ipt_nlp.readers.raw import RawTurn
from ipt_nlp.readers.roles import role_of_name
from ipt_nlp.readers.text import parse_turns
from ipt_nlp.transcript import Utterance

DOCS_PER_BATCH = 16
VERSION = 1


class UtterancesComponent:
    """Finds the turns of raw text with speaker prefixes; a doc made by ``to_doc`` is left as it is."""

    def __init__(self, spans_key: str) -> None:
        self._spans_key = spans_key

    def __call__(self, doc: Doc) -> Doc:
        if self._spans_key in doc.spans:
            return doc
        utterances: list[Utterance] = []
        bounds: list[tuple[int, int]] = []
        for index, (turn, start, stop) in enumerate(_located(doc.text)):
            span = doc.char_span(start, stop, alignment_mode="expand")
            if span is not None:
                utterances.append(Utterance(index, role_of_name(turn.speaker or "") or "other", span.text))
                bounds.append((span.start, span.end))
        set_utterances(doc, utterances, bounds, self._spans_key)
        return doc


def batched(stream: Iterable[Doc], size: int) -> Iterator[list[Doc]]:
    """``stream`` in lists of at most ``size``."""
    docs = iter(stream)
    while batch := list(islice(docs, size)):
        yield batch


def _located(text: str) -> Iterator[tuple[RawTurn, int, int]]:
    """The turns of ``text`` with the offsets of their words, which may run over several lines."""
    turns = [turn for turn in parse_turns(text) if turn.text]
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
    ends = [*(line_starts[turn.line - 1] for turn in turns[1:]), len(text)]
    for turn, end in zip(turns, ends, strict=False):
        after_name = line_starts[turn.line - 1] + len(turn.speaker or "")
        start = text.find(turn.text.split(maxsplit=1)[0], after_name, end)
        yield turn, start, start + len(text[start:end].rstrip())


class CuesComponent:
    """Marks the codebook's cue phrases in turns whose speaker the label applies to.

    A new label with cue phrases is found from the moment it stands in the codebook, before any training.
    """

    def __init__(self, nlp: Language, codebook: Codebook, spans_key: str, cues_key: str) -> None:
        self._nlp, self._spans_key, self._cues_key = nlp, spans_key, cues_key
        self.use(codebook)

    def use(self, codebook: Codebook) -> None:
        """Look for the cues of ``codebook`` from now on."""
        self.codebook = codebook
        groups = {group.name: group for group in codebook.groups}
        self._group_of = {label.name: groups[label.group] for label in codebook.labels}
        self._matcher = CueMatcher(self._nlp.vocab, codebook)

    def __call__(self, doc: Doc) -> Doc:
        found: list[Span] = []
        for turn in doc.spans[self._spans_key]:
            if len(turn):
                speaker = turn._.speaker
                found.extend(cue for cue in self._matcher(turn) if self._group_of[cue.label_].applies_to(speaker))
        doc.spans[self._cues_key] = SpanGroup(doc, name=self._cues_key, spans=found)
        doc._.codebook = self.codebook.ref
        return doc

    def to_disk(self, path: str | Path, **_: Any) -> None:
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "codebook.json").write_text(self.codebook.model_dump_json(), "utf-8")

    def from_disk(self, path: str | Path, **_: Any) -> CuesComponent:
        self.use(Codebook.model_validate_json((Path(path) / "codebook.json").read_text("utf-8")))
        return self


class TaggerComponent:
    """Scores every turn and gives the labels over their threshold, with the sentences that carry them.

    Groups of the codebook that the model has no head for get no label; their cues are marked all the same.
    """

    def __init__(self, spans_key: str) -> None:
        self._spans_key = spans_key
        self._folder: Path | None = None
        self.scorer: Scorer | None = None

    def use(self, folder: Path) -> None:
        """Tag with the model in ``folder`` from now on; the folder's name is the model's."""
        self._folder = folder
        self.scorer = Scorer.load(folder, folder.name)

    def __call__(self, doc: Doc) -> Doc:
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = DOCS_PER_BATCH) -> Iterator[Doc]:
        """Tag docs in batches that share forward passes; no window holds turns of two docs."""
        if self.scorer is None:
            raise ModelError("the tagger has no model. Load the pipeline with ipt_nlp.load or spacy.load.")
        for docs in batched(stream, min(batch_size, DOCS_PER_BATCH)):
            scores = self.scorer.score([texts_and_speakers(doc, self._spans_key) for doc in docs])
            for doc, scored in zip(docs, scores, strict=True):
                self._assign(doc, scored)
                yield doc

    def _assign(self, doc: Doc, scored: TranscriptScores) -> None:
        assert self.scorer is not None
        config = self.scorer.config
        heads = self.scorer.heads
        doc._.model = self.scorer.ref
        first_sentence = 0
        for turn, (span, sentences) in enumerate(zip(doc.spans[self._spans_key], scored.spans, strict=True)):
            rows = slice(first_sentence, first_sentence + len(sentences))
            first_sentence += len(sentences)
            # A turn without words has no function; its vector is that of its separator alone.
            speaker = span._.speaker if span.text.strip() else None
            given = given_labels(heads, config.thresholds, scored, turn, rows, speaker)
            span._.scores, span._.labels, span._.evidence_offsets = given
            span._.needs_review = needs_review(heads, given[0], config.thresholds, config.review_band, speaker)

    def to_disk(self, path: str | Path, **_: Any) -> None:
        if self._folder is None:
            raise ModelError("the tagger has no model to save. Load the pipeline with ipt_nlp.load or spacy.load.")
        shutil.copytree(self._folder, Path(path) / self._folder.name, dirs_exist_ok=True)

    def from_disk(self, path: str | Path, **_: Any) -> TaggerComponent:
        folders = [folder for folder in Path(path).iterdir() if folder.is_dir()]
        if len(folders) != 1:
            raise ModelError(f"{path}: holds no tagger. Save the pipeline again.")
        self.use(folders[0])
        return self


def _check_version(component: str, version: int) -> None:
    """A pipeline saved by a newer release must not be read as if it were ours."""
    if version > VERSION:
        raise ModelError(f"the pipeline holds {component} of version {version}, this is {VERSION}. Upgrade ipt-nlp.")


@Language.factory("ipt_utterances", assigns=["doc.spans"], default_config={"version": VERSION, "spans_key": UTTERANCES})
def make_utterances(nlp: Language, name: str, version: int, spans_key: str) -> UtterancesComponent:
    """Factory of ``ipt_utterances``."""
    _check_version("ipt_utterances", version)
    return UtterancesComponent(spans_key)


@Language.factory(
    "ipt_cues",
    assigns=["doc.spans"],
    requires=["doc.spans"],
    default_config={"version": VERSION, "codebook": "ipt", "spans_key": UTTERANCES, "cues_key": CUES},
)
def make_cues(nlp: Language, name: str, version: int, codebook: str, spans_key: str, cues_key: str) -> CuesComponent:
    """Factory of ``ipt_cues``; ``codebook`` is a name or a path."""
    _check_version("ipt_cues", version)
    return CuesComponent(nlp, Codebook.load(codebook), spans_key, cues_key)


@Language.factory(
    "ipt_tagger",
    assigns=["span._.scores", "span._.labels", "span._.evidence", "span._.techniques", "span._.themes"],
    requires=["doc.spans"],
    default_config={"version": VERSION, "model": "", "spans_key": UTTERANCES},
)
def make_tagger(nlp: Language, name: str, version: int, model: str, spans_key: str) -> TaggerComponent:
    """Factory of ``ipt_tagger``; ``model`` is a name or a path, empty for one that is loaded from disk."""
    _check_version("ipt_tagger", version)
    tagger = TaggerComponent(spans_key)
    if model:
        tagger.use(find_model(model))
    return tagger
