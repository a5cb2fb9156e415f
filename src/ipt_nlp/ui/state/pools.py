"""The turns of a store as queue strategies take them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer

from ipt_nlp.agreement.tables import Coding, codings
from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.queue import STRATEGIES, Pool
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.search import Hit, Query
from ipt_nlp.store.values import Item, Labels, User
from ipt_nlp.ui.state.agreement import differing
from ipt_nlp.ui.state.blind import confirmed, kept_back
from ipt_nlp.ui.state.desk import histories

SEED = 1
# As many as are looked up at a time; spreading near-duplicates apart takes longer the more there are.
MOST = 400
# Words hashed to a short vector tell near-duplicates well enough, and need no encoder.
FEATURES = 512


def ordered(
    store: AnnotationStore, actor: User, codebook: Codebook, strategy: str, thresholds: dict[str, float]
) -> Sequence[Item]:
    """The next turns for ``actor`` by a strategy of ``learning.queue``.

    Raises:
        RoleError: it goes by what others have coded, which the actor may not see.
    """
    pool = pool_of(store, codebook, thresholds)
    if strategy == "likely_mistakes":
        pool = to_look_at_again(store, actor, codebook, pool)
    elif strategy == "disagreements":
        pool = coded_differently(store, actor, pool)
    return [pool.keys[row] for row in STRATEGIES[strategy](pool, MOST, SEED)]


def pool_of(store: AnnotationStore, codebook: Codebook, thresholds: dict[str, float]) -> Pool:
    """Every turn of the store with the newest model's scores on it; turns that somebody has coded are not open."""
    hits = store.search.find(LOCAL, Query())
    labels = [label.name for label in codebook.labels]
    keys = tuple((hit.transcript_id, hit.utterance_id) for hit in hits)
    coded = store.search.coded_by()
    given = _given(keys, labels, store.search.said())
    done = np.array([key in coded for key in keys], bool)
    return Pool(
        keys=keys,
        probabilities=_probabilities(hits, labels, codebook),
        thresholds=np.array([thresholds.get(label, 0.5) for label in labels]),
        vectors=_vectors([hit.text for hit in hits]),
        positives=given.sum(axis=0).astype(np.int64),
        open=~done,
        coded=done,
        given=given,
        differing=np.zeros(len(keys), np.int64),
    )


def to_look_at_again(store: AnnotationStore, actor: User, codebook: Codebook, pool: Pool) -> Pool:
    """``pool`` with the codes of ``actor`` alone; open are their turns that show suggestions and are not confirmed.

    That the model doubts a code is a suggestion itself, so no turn that is coded blind may come.
    """
    said: dict[Item, Labels] = {}
    again: set[Item] = set()
    frozen = store.search.frozen()
    for item, events in histories(store, actor).items():
        if events[-1].labels is None:
            continue
        said[item] = events[-1].labels
        if kept_back(item, events, blind=True, frozen=item[0] in frozen) == "no" and not confirmed(events):
            again.add(item)
    return replace(
        pool,
        open=np.array([key in again for key in pool.keys], bool),
        coded=np.array([key in said for key in pool.keys], bool),
        given=_given(pool.keys, [label.name for label in codebook.labels], said.items()),
    )


def coded_differently(store: AnnotationStore, actor: User, pool: Pool) -> Pool:
    """``pool`` with the labels on which coders differ; open is what neither ``actor`` has coded nor anybody decided.

    Raises:
        RoleError: ``actor`` codes blind to others.
    """
    found = codings(store, actor)
    said: dict[Item, list[Coding]] = {}
    for given in found.coders.values():
        for item, coding in given.items():
            said.setdefault(item, []).append(coding)
    mine = found.coders.get(actor.name, {})
    count = {item: len(differing(given, None, found)) for item, given in said.items() if item not in found.decided}
    return replace(
        pool,
        open=np.array([key not in mine for key in pool.keys], bool),
        differing=np.array([count.get(key, 0) for key in pool.keys], np.int64),
    )


def _probabilities(hits: Sequence[Hit], labels: Sequence[str], codebook: Codebook) -> NDArray[np.float64]:
    """[turn, label]; nan where the label does not apply to the speaker or no model has scored it."""
    groups = {group.name: group for group in codebook.groups}
    speaker_of = {label.name: groups[label.group].speaker for label in codebook.labels}
    speakers = {hit.speaker for hit in hits}
    applies = {speaker: [speaker_of[label] in ("any", speaker) for label in labels] for speaker in speakers}
    scores = np.array([[hit.scores.get(label, np.nan) for label in labels] for hit in hits], np.float64)
    shape = (len(hits), len(labels))
    known = np.array([applies[hit.speaker] for hit in hits], bool).reshape(shape)
    return np.where(known, scores.reshape(shape), np.nan)


def _given(keys: Sequence[Item], labels: Sequence[str], said: Iterable[tuple[Item, Labels]]) -> NDArray[np.bool_]:
    """Which labels coders have given to each turn [turn, label]."""
    rows, columns = {key: n for n, key in enumerate(keys)}, {label: n for n, label in enumerate(labels)}
    given = np.zeros((len(keys), len(labels)), bool)
    for item, chosen in said:
        for label in (label for some in chosen.values() for label in some):
            if item in rows and label in columns:
                given[rows[item], columns[label]] = True
    return given


def _vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    hashed = HashingVectorizer(n_features=FEATURES, alternate_sign=False, dtype=np.float32).transform(texts)
    return np.asarray(hashed.toarray(), np.float32)
