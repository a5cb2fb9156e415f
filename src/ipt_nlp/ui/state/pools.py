"""The turns of a store as queue strategies take them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.queue import STRATEGIES, Pool
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.search import Hit, Query
from ipt_nlp.store.values import Item

SEED = 1
# As many as are looked up at a time; spreading near-duplicates apart takes longer the more there are.
MOST = 400
# Words hashed to a short vector tell near-duplicates well enough, and need no encoder.
FEATURES = 512


def ordered(store: AnnotationStore, codebook: Codebook, strategy: str, thresholds: dict[str, float]) -> Sequence[Item]:
    """The next turns by a strategy of ``learning.queue``."""
    pool = pool_of(store, codebook, thresholds)
    return [pool.keys[row] for row in STRATEGIES[strategy](pool, MOST, SEED)]


def pool_of(store: AnnotationStore, codebook: Codebook, thresholds: dict[str, float]) -> Pool:
    """Every turn of the store with the newest model's scores on it; turns that somebody has coded are not open."""
    hits = store.search.find(LOCAL, Query())
    labels = [label.name for label in codebook.labels]
    keys = tuple((hit.transcript_id, hit.utterance_id) for hit in hits)
    coded = store.search.coded_by()
    given, positives = _given(store, keys, labels)
    done = np.array([key in coded for key in keys], bool)
    return Pool(
        keys=keys,
        probabilities=_probabilities(hits, labels, codebook),
        thresholds=np.array([thresholds.get(label, 0.5) for label in labels]),
        vectors=_vectors([hit.text for hit in hits]),
        positives=positives,
        open=~done,
        coded=done,
        given=given,
        differing=np.zeros(len(keys), np.int64),
    )


def _probabilities(hits: Sequence[Hit], labels: Sequence[str], codebook: Codebook) -> NDArray[np.float64]:
    """[turn, label]; nan where the label does not apply to the speaker or no model has scored it."""
    groups = {group.name: group for group in codebook.groups}
    speaker_of = {label.name: groups[label.group].speaker for label in codebook.labels}
    found = np.full((len(hits), len(labels)), np.nan)
    for row, hit in enumerate(hits):
        for column, label in enumerate(labels):
            if speaker_of[label] in ("any", hit.speaker) and label in hit.scores:
                found[row, column] = hit.scores[label]
    return found


def _given(
    store: AnnotationStore, keys: Sequence[Item], labels: Sequence[str]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which labels coders have given to each turn, and how often each was given in all."""
    rows, columns = {key: n for n, key in enumerate(keys)}, {label: n for n, label in enumerate(labels)}
    given = np.zeros((len(keys), len(labels)), bool)
    for reviewed in store.reviewed():
        for annotation in reviewed.annotations:
            row = rows.get((annotation.transcript_id, annotation.utterance_id))
            for label in (label for chosen in annotation.labels.values() for label in chosen):
                if row is not None and label in columns:
                    given[row, columns[label]] = True
    return given, given.sum(axis=0).astype(np.int64)


def _vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    hashed = HashingVectorizer(n_features=FEATURES, alternate_sign=False, dtype=np.float32).transform(texts)
    return np.asarray(hashed.toarray(), np.float32)
