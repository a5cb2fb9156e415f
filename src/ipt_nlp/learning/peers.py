"""What simpler methods make of the same split: the figures that the tagger has to beat.

Each linear peer reads a turn with the one before it, and those on sentence vectors the mean of the session so far, so
that it knows about as much as the tagger does; thresholds are set on the calibration part, as the tagger's are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import spacy
from numpy.typing import NDArray
from scipy import sparse

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.evaluation import observe
from ipt_nlp.learning.measures import MacroFigures, macro_figures
from ipt_nlp.learning.splits import Split
from ipt_nlp.learning.targets import gold_targets
from ipt_nlp.model.calibration import fit_threshold
from ipt_nlp.model.config import HeadGroup, head_groups
from ipt_nlp.model.embeddings import embed
from ipt_nlp.pipeline.cue_matcher import CueMatcher
from ipt_nlp.pipeline.docs import to_doc

Array = NDArray[np.float64]
Part = Sequence[CodedTranscript]
Features = Callable[[Part], Any]
Figures = dict[str, dict[str, MacroFigures]]

REGULARISATION = 10.0
SPEAKERS = ("therapist", "client", "other")


@dataclass(frozen=True, slots=True)
class Peer:
    """A method: group and transcripts -> one score array [turn, label] a transcript."""

    name: str
    scores: Callable[[HeadGroup, Part], list[Array]]


def compare(parts: Split, codebook: Codebook, more: Sequence[Peer] = ()) -> dict[str, Figures]:
    """Peer -> view -> macro figures on the test part, over all of it and source by source."""
    peers = [majority(parts.train), cue_rules(codebook), *more]
    peers += [linear("TF-IDF + logistic regression", tfidf(parts.train), parts.train)]
    peers += [linear("frozen MiniLM + logistic regression", sentence_vectors, parts.train)]
    return {peer.name: figures(peer, parts, codebook) for peer in peers}


def figures(peer: Peer, parts: Split, codebook: Codebook) -> Figures:
    """View -> macro figures of one peer."""
    views = {"all": parts.test} | {s: tuple(t for t in parts.test if t.source == s) for s in sources(parts.test)}
    found: Figures = {name: {} for name in views}
    for head in head_groups(codebook):
        thresholds = _thresholds(peer, head, parts.calibration)
        for name, transcripts in views.items():
            seen = observe(head, transcripts, peer.scores(head, transcripts), thresholds)
            if not len(seen.gold):
                continue
            found[name][head.name] = macro_figures(seen, head.labels)
            core = codebook.family_of(head.name, "core")
            if core:
                found[name][f"{head.name}: core"] = macro_figures(seen, core)
    return found


def sources(part: Part) -> list[str]:
    """The collections that the transcripts come from."""
    return sorted({t.source for t in part})


def majority(train: Part) -> Peer:
    """Each label for every turn or for none, whichever was right more often."""

    def scores(head: HeadGroup, part: Part) -> list[Array]:
        share = np.concatenate([target[kept] for target, kept in (gold_targets(t, head) for t in train)]).mean(axis=0)
        return [np.tile((share > 0.5).astype(float), (len(t.transcript.utterances), 1)) for t in part]

    return Peer("majority", scores)


def cue_rules(codebook: Codebook) -> Peer:
    """A label wherever one of its cue phrases is found."""
    nlp = spacy.blank("en")
    matcher = CueMatcher(nlp.vocab, codebook)

    def scores(head: HeadGroup, part: Part) -> list[Array]:
        rows = []
        for coded in part:
            # The turns are views on the document, so a name holds it.
            doc = to_doc(nlp, coded.transcript)
            found = [{span.label_ for span in matcher(turn)} for turn in doc.spans["utterances"]]
            rows.append(np.array([[float(label in f) for label in head.labels] for f in found]))
        return rows

    return Peer("cue rules", scores)


def linear(name: str, features: Features, train: Part) -> Peer:
    """Logistic regression, one a label, on ``features`` of a turn, of the turn before and of the session so far."""
    models: dict[str, list[Any]] = {}
    known: dict[int, Any] = {}

    def of(part: Part) -> list[Any]:
        missing = [t for t in part if id(t) not in known]
        if missing:
            matrix, start = features(missing), 0
            for coded in missing:
                stop = start + len(coded.transcript.utterances)
                known[id(coded)] = in_context(matrix[start:stop], [u.speaker for u in coded.transcript.utterances])
                start = stop
        return [known[id(t)] for t in part]

    def scores(head: HeadGroup, part: Part) -> list[Array]:
        if head.name not in models:
            models[head.name] = _fit(head, train, of(train))
        return [np.column_stack([_probability(m, x) for m in models[head.name]]) for x in of(part)]

    return Peer(name, scores)


def tfidf(train: Part) -> Features:
    """Words and pairs of words, weighed on the training part."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=3, sublinear_tf=True)
    vectorizer.fit(_texts(train))
    return lambda part: sparse.csr_matrix(vectorizer.transform(_texts(part)))


def sentence_vectors(part: Part) -> Any:
    """The base encoder's sentence vectors, as they come."""
    return embed(_texts(part)).astype(float)


def in_context(turns: Any, speakers: Sequence[str]) -> Any:
    """[turn, ...] -> the turn, the one before, who speaks, and of dense vectors the mean of the session so far."""
    count = turns.shape[0]
    before = sparse.diags_array([1.0], offsets=[-1], shape=(count, count)) @ turns
    roles = np.array([[float(s == role) for role in SPEAKERS] for s in speakers])
    if sparse.issparse(turns):
        return sparse.csr_matrix(sparse.hstack([turns, before, roles]))
    so_far = np.cumsum(turns, axis=0) / np.arange(1, count + 1)[:, None]
    return np.hstack([turns, before, so_far, roles])


def _fit(head: HeadGroup, train: Part, features: Sequence[Any]) -> list[Any]:
    from sklearn.linear_model import LogisticRegression

    gold = [gold_targets(t, head) for t in train]
    rows = [f[np.flatnonzero(kept)] for f, (_, kept) in zip(features, gold, strict=True)]
    # Each solver is the fast one of its kind of input.
    x, solver = (sparse.vstack(rows), "liblinear") if sparse.issparse(rows[0]) else (np.vstack(rows), "lbfgs")
    y = np.concatenate([target[kept] for target, kept in gold])
    return [
        LogisticRegression(C=REGULARISATION, max_iter=300, solver=solver).fit(x, column)
        if 0 < column.sum() < len(column)
        else float(column.mean() if len(column) else 0.0)
        for column in y.T
    ]


def _probability(model: Any, features: Any) -> Array:
    if isinstance(model, float):
        return np.full(features.shape[0], model)
    return np.asarray(model.predict_proba(features)[:, 1])


def _thresholds(peer: Peer, head: HeadGroup, calibration: Part) -> dict[str, float]:
    gold = [gold_targets(t, head) for t in calibration]
    p = np.concatenate([s[kept] for s, (_, kept) in zip(peer.scores(head, calibration), gold, strict=True)])
    y = np.concatenate([target[kept] for target, kept in gold])
    return {label: fit_threshold(p[:, column], y[:, column]) for column, label in enumerate(head.labels)}


def _texts(part: Part) -> list[str]:
    return [u.text for t in part for u in t.transcript.utterances]
