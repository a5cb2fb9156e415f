"""Finding utterances by what they say, what a model says of them, or what a coder does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select

from ipt_nlp.store.canonical import tuples, utterance_id_of
from ipt_nlp.store.database import Database
from ipt_nlp.store.events import newest_events
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import adjudications, batches, events, predictions, transcripts, utterances
from ipt_nlp.store.values import Item, Labels, User
from ipt_nlp.transcript import UtteranceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which utterances to find; what is left empty does not narrow the search.

    Attributes:
        words: a part of what is said, in any case.
        label: given by ``coder``, or by the newest model where ``coder`` is None.
        lowest, highest: the model's score for ``label``; without effect on a coder's codes.
    """

    words: str = ""
    label: str = ""
    coder: str | None = None
    lowest: float = 0.0
    highest: float = 1.0
    speaker: str = ""
    transcript_id: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """An utterance that was found. ``position`` counts from 0.

    Attributes:
        scores: empty for a coder's codes.
        coder: whose codes they are; empty for a model's.
        codebook: name and version of the codebook they were given under; empty where there are none.
    """

    transcript_id: str
    utterance_id: UtteranceId
    position: int
    speaker: str
    text: str
    labels: Mapping[str, tuple[str, ...]]
    scores: Mapping[str, float]
    coder: str = ""
    codebook: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """Searches over the whole store."""

    database: Database

    def find(self, actor: User, query: Query) -> tuple[Hit, ...]:
        """The utterances that meet ``query``, by transcript and in order.

        Raises:
            RoleError: ``actor`` is an annotator and asks for what another coder said.
        """
        with self.database.reading() as connection:
            if query.coder is not None and query.coder != actor.name:
                authorise(connection, actor, "event.read_others")
            rows = connection.execute(_by_coder(query) if query.coder is not None else _by_model(query))
            hits = (_hit(row) for row in rows)
            return tuple(hit for hit in hits if _fits(hit, query))

    def coded_by(self, coder: str | None = None) -> frozenset[Item]:
        """The utterances that a coder has labelled or skipped; that anybody has labelled, where none is named."""
        newest = newest_events(*(() if coder is None else (events.c.coder == coder,))).subquery()
        labelled, skipped = newest.c.labels.is_not(None), newest.c.action == "skip"
        done = select(newest.c.transcript_id, newest.c.utterance_id).where(
            labelled if coder is None else labelled | skipped
        )
        with self.database.reading() as connection:
            return frozenset((row.transcript_id, utterance_id_of(row.utterance_id)) for row in connection.execute(done))

    def said(self) -> list[tuple[Item, Labels]]:
        """Utterances with the labels that a coder gives them now, or that were decided there, in no order.

        They are for the app to count, and not to show to anybody.
        """
        coded = newest_events().where(events.c.labels.is_not(None))
        made = adjudications.c
        newest = select(func.max(made.adjudication_id)).group_by(made.transcript_id, made.utterance_id)
        wanted = (
            coded.with_only_columns(events.c.transcript_id, events.c.utterance_id, events.c.labels),
            select(made.transcript_id, made.utterance_id, made.labels).where(made.adjudication_id.in_(newest)),
        )
        with self.database.reading() as connection:
            rows = [row for query in wanted for row in connection.execute(query)]
        return [((name, utterance_id_of(key)), tuples(labels)) for name, key, labels in rows]

    def transcript_ids(self) -> tuple[str, ...]:
        """The ids of all transcripts, in order."""
        query = select(transcripts.c.transcript_id).order_by(transcripts.c.transcript_id)
        with self.database.reading() as connection:
            return tuple(connection.scalars(query))

    def frozen(self) -> frozenset[str]:
        """The ids of transcripts that are only ever measured on."""
        query = select(transcripts.c.transcript_id, transcripts.c.metadata)
        with self.database.reading() as connection:
            rows = connection.execute(query).all()
        return frozenset(name for name, known in rows if json.loads(known).get("frozen") == "true")

    def items(self) -> tuple[Item, ...]:
        """All utterances, by transcript and in order."""
        column = utterances.c
        query = select(column.transcript_id, column.utterance_id).order_by(column.transcript_id, column.position)
        with self.database.reading() as connection:
            return tuple((row.transcript_id, utterance_id_of(row.utterance_id)) for row in connection.execute(query))


def _narrowed(query: Select[Any], wanted: Query) -> Select[Any]:
    column = utterances.c
    if wanted.words:
        query = query.where(column.text.icontains(wanted.words, autoescape=True))
    if wanted.speaker:
        query = query.where(column.speaker == wanted.speaker)
    if wanted.transcript_id:
        query = query.where(column.transcript_id == wanted.transcript_id)
    return query.order_by(column.transcript_id, column.position)


def _by_model(wanted: Query) -> Select[Any]:
    made = predictions.c
    newest = (
        select(made.transcript_id, made.utterance_id, func.max(made.batch_id).label("batch_id"))
        .group_by(made.transcript_id, made.utterance_id)
        .subquery()
    )
    same = (newest.c.transcript_id == utterances.c.transcript_id) & (newest.c.utterance_id == utterances.c.utterance_id)
    batch = (made.batch_id == newest.c.batch_id) & (made.utterance_id == newest.c.utterance_id)
    query = select(utterances, made.labels, made.scores, made.cues, batches.c.codebook)
    with_made = utterances.outerjoin(newest, same).outerjoin(predictions, batch)
    query = query.select_from(with_made.outerjoin(batches, batches.c.batch_id == made.batch_id))
    if wanted.label:
        quoted = json.dumps(wanted.label)
        query = query.where(made.labels.contains(quoted, autoescape=True) | made.cues.contains(quoted, autoescape=True))
    return _narrowed(query, wanted)


def _by_coder(wanted: Query) -> Select[Any]:
    said = newest_events(events.c.coder == wanted.coder).subquery()
    same = (said.c.transcript_id == utterances.c.transcript_id) & (said.c.utterance_id == utterances.c.utterance_id)
    query = select(utterances, said.c.labels, said.c.coder, said.c.codebook)
    query = query.select_from(utterances.join(said, same)).where(said.c.labels.is_not(None))
    if wanted.label:
        query = query.where(said.c.labels.contains(json.dumps(wanted.label), autoescape=True))
    return _narrowed(query, wanted)


def _hit(row: Row[Any]) -> Hit:
    values = row._mapping
    scores = json.loads(values["scores"] or "{}") if "scores" in values else {}
    labels = tuples(values["labels"])
    if "cues" in values:
        # A code of one's own has no score before training; its cues stand for it.
        cued = tuple(dict.fromkeys(label for label, _, _ in json.loads(values["cues"] or "[]") if label not in scores))
        labels = {**labels, "cues": cued} if cued else labels
    return Hit(
        row.transcript_id,
        utterance_id_of(row.utterance_id),
        row.position,
        row.speaker,
        row.text,
        labels,
        scores,
        values.get("coder", ""),
        values["codebook"] or "",
    )


def _fits(hit: Hit, query: Query) -> bool:
    if not query.label:
        return True
    if not any(query.label in labels for labels in hit.labels.values()):
        return False
    score = hit.scores.get(query.label)
    return score is None or query.lowest <= score <= query.highest
