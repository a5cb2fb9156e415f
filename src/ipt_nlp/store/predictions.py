"""What models say of utterances, one batch for each transcript that a model has tagged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from ipt_nlp.annotation import Prediction
from ipt_nlp.errors import StoreError
from ipt_nlp.store import audit
from ipt_nlp.store.canonical import row_digest, storable, to_json, tuples, utterance_id_of, utterance_key
from ipt_nlp.store.database import Database, Transaction
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import batches, predictions
from ipt_nlp.store.transcripts import require_utterances
from ipt_nlp.store.values import User
from ipt_nlp.transcript import UtteranceId

FIELDS = ("utterance_id", "scores", "labels", "evidence", "cues", "needs_review")


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions; a newer one stands in place of an older one, which stays."""

    database: Database

    def save(self, actor: User, model: str, made: Sequence[Prediction]) -> int:
        """Store what ``model`` says of utterances of one or more transcripts. Returns how many predictions were new.

        A transcript of which the same model has said exactly the same in its newest batch is left as it is.

        Raises:
            StoreError: a prediction is another model's, or of an utterance that is not in the store.
        """
        other = next((p.model for p in made if p.model != model), None)
        if other is not None:
            raise StoreError(f"a prediction by {other!r} cannot be saved as one by {model!r}.")
        storable(model, "the ref of a model")
        with self.database.transaction() as t:
            authorise(t.connection, actor, "prediction.save")
            together = sorted(made, key=lambda p: (p.transcript_id, p.codebook))
            groups = groupby(together, key=lambda p: (p.transcript_id, p.codebook))
            return sum(_save(t, actor, model, codebook, id_, list(batch)) for (id_, codebook), batch in groups)

    def stamp(self, transcript_id: str) -> int:
        """A number that grows whenever a prediction is stored for the transcript; 0 while there is none."""
        query = select(func.max(batches.c.batch_id)).where(batches.c.transcript_id == transcript_id)
        with self.database.reading() as connection:
            return connection.scalar(query) or 0

    def newest(self, transcript_id: str) -> dict[UtteranceId, Prediction]:
        """Utterance -> its newest prediction, for the utterances that have one."""
        newest = (
            select(predictions.c.utterance_id, func.max(predictions.c.batch_id).label("batch_id"))
            .where(predictions.c.transcript_id == transcript_id)
            .group_by(predictions.c.utterance_id)
            .subquery()
        )
        query = (
            select(predictions, batches.c.model, batches.c.codebook)
            .join(batches, batches.c.batch_id == predictions.c.batch_id)
            .join(
                newest,
                (newest.c.utterance_id == predictions.c.utterance_id) & (newest.c.batch_id == predictions.c.batch_id),
            )
        )
        with self.database.reading() as connection:
            return {p.utterance_id: p for p in map(_prediction, connection.execute(query))}


def _save(t: Transaction, actor: User, model: str, codebook: str, transcript_id: str, made: list[Prediction]) -> int:
    rows = [_row(p) for p in made]
    require_utterances(t.connection, transcript_id, [p.utterance_id for p in made])
    digest = batch_digest(rows)
    newest = select(batches).where(batches.c.transcript_id == transcript_id).order_by(batches.c.batch_id.desc())
    last = t.connection.execute(newest.limit(1)).one_or_none()
    if last is not None and (last.model, last.codebook, last.digest) == (model, codebook, digest):
        return 0
    batch = {
        "transcript_id": transcript_id,
        "model": model,
        "codebook": codebook,
        "count": len(rows),
        "digest": digest,
        "created_by": actor.name,
        "created_at": t.now,
    }
    ids = {"transcript": transcript_id, "model": model, "count": len(rows)}
    number = audit.append(t, batches, batch, actor.name, "prediction.save", ids)["batch_id"]
    common = {"batch_id": number, "transcript_id": transcript_id}
    t.connection.execute(insert(predictions), [common | row for row in rows])
    return len(rows)


def batch_digest(rows: Sequence[dict[str, Any]]) -> str:
    """A digest of predictions as they are stored, whatever their order."""
    return row_digest({row["utterance_id"]: row for row in rows})


def stored_rows(connection: Connection, batch_id: int) -> list[dict[str, Any]]:
    """The predictions of a batch as ``batch_digest`` takes them."""
    query = select(*(predictions.c[name] for name in FIELDS)).where(predictions.c.batch_id == batch_id)
    return [dict(row._mapping) for row in connection.execute(query)]


def _row(prediction: Prediction) -> dict[str, Any]:
    return {
        "utterance_id": utterance_key(prediction.utterance_id),
        "scores": to_json(dict(prediction.scores)),
        "labels": to_json(dict(prediction.labels)),
        "evidence": to_json(dict(prediction.evidence)),
        "cues": to_json(prediction.cues),
        "needs_review": prediction.needs_review,
    }


def _prediction(row: Row[Any]) -> Prediction:
    return Prediction(
        transcript_id=row.transcript_id,
        utterance_id=utterance_id_of(row.utterance_id),
        scores=json.loads(row.scores),
        labels=tuples(row.labels),
        evidence=tuples(row.evidence),
        cues=tuple((label, start, end) for label, start, end in json.loads(row.cues)),
        needs_review=row.needs_review,
        model=row.model,
        codebook=row.codebook,
    )
