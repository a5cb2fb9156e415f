"""The tables as they are now. ``migrations/`` holds how they came to be; a test compares the two."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

REVISION = "0004"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


# Ids are given by the one writer, without gaps, so that a missing row shows and a restored store goes on counting.
def _id(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


def _utterance() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["transcript_id", "utterance_id"], ["utterances.transcript_id", "utterances.utterance_id"]
    )


transcripts = Table(
    "transcripts",
    metadata,
    Column("transcript_id", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("turns", Integer, nullable=False),
    _text("metadata"),
    _text("created_by"),
    _text("created_at"),
)
utterances = Table(
    "utterances",
    metadata,
    Column("transcript_id", Text, ForeignKey("transcripts.transcript_id"), primary_key=True),
    Column("utterance_id", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    _text("speaker"),
    _text("text"),
    Column("start_s", Double),
    Column("end_s", Double),
    UniqueConstraint("transcript_id", "position"),
)
details = Table(
    "details",
    metadata,
    _id("detail_id"),
    Column("transcript_id", Text, ForeignKey("transcripts.transcript_id"), nullable=False, index=True),
    _text("date"),
    _text("therapist"),
    _text("client"),
    Column("session_number", Integer),
    _text("phase"),
    _text("created_by"),
    _text("created_at"),
)
models = Table(
    "models",
    metadata,
    _id("model_event_id"),
    _text("ref"),
    _text("action"),
    _text("metrics"),
    _text("codebook"),
    Column("after_event", Integer, nullable=False),
    _text("created_by"),
    _text("created_at"),
)
codebooks = Table(
    "codebooks",
    metadata,
    _id("version_id"),
    _text("ref"),
    _text("content"),
    _text("created_by"),
    _text("created_at"),
)
batches = Table(
    "prediction_batches",
    metadata,
    _id("batch_id"),
    Column("transcript_id", Text, ForeignKey("transcripts.transcript_id"), nullable=False, index=True),
    _text("model"),
    _text("codebook"),
    Column("count", Integer, nullable=False),
    _text("digest"),
    _text("created_by"),
    _text("created_at"),
)
predictions = Table(
    "predictions",
    metadata,
    Column("batch_id", Integer, ForeignKey("prediction_batches.batch_id"), primary_key=True, autoincrement=False),
    Column("transcript_id", Text, nullable=False),
    Column("utterance_id", Text, primary_key=True),
    _text("scores"),
    _text("labels"),
    _text("evidence"),
    _text("cues"),
    _flag("needs_review"),
    _utterance(),
    Index("ix_predictions_utterance", "transcript_id", "utterance_id", "batch_id"),
)
events = Table(
    "annotations",
    metadata,
    _id("event_id"),
    _text("transcript_id"),
    _text("utterance_id"),
    _text("coder"),
    _text("action"),
    _text("labels", nullable=True),
    _flag("sure"),
    _flag("flagged"),
    _text("note"),
    _text("mode"),
    _text("reviewed_model", nullable=True),
    _text("codebook"),
    _text("evidence"),
    Column("base_event", Integer, ForeignKey("annotations.event_id")),
    Column("previous", Integer, ForeignKey("annotations.event_id")),
    Column("ordinal", Integer, nullable=False),
    Column("seconds", Double, nullable=False),
    _text("created_at"),
    _utterance(),
    # A second event on the same base would take the same number: the database itself refuses a fork.
    UniqueConstraint("transcript_id", "utterance_id", "coder", "ordinal"),
)
glimpses = Table(
    "glimpses",
    metadata,
    _id("glimpse_id"),
    Column("coder", Text, nullable=False, index=True),
    _text("seen"),
    _text("created_at"),
)
adjudications = Table(
    "adjudications",
    metadata,
    _id("adjudication_id"),
    _text("transcript_id"),
    _text("utterance_id"),
    _text("adjudicator"),
    _text("labels"),
    _text("confidence"),
    _text("reason"),
    _text("note"),
    _text("codebook"),
    _text("events"),
    _text("created_at"),
    _utterance(),
    Index("ix_adjudications_utterance", "transcript_id", "utterance_id"),
)
sign_offs = Table(
    "sign_offs",
    metadata,
    _id("sign_off_id"),
    Column("transcript_id", Text, ForeignKey("transcripts.transcript_id"), nullable=False, index=True),
    _text("supervisor"),
    _text("decision"),
    _text("item"),
    _text("reason"),
    _text("model"),
    _text("created_at"),
)
users = Table(
    "users",
    metadata,
    Column("name", Text, primary_key=True),
    _text("role"),
    _text("password_hash"),
    _flag("disabled"),
    _text("created_at"),
)
sign_ins = Table(
    "sign_ins",
    metadata,
    _id("sign_in_id"),
    Column("name_digest", Text, nullable=False, index=True),
    _text("outcome"),
    _text("created_at"),
)
# Nothing writes to it any more; a store that holds rows of it, and their audit, stays sound.
queues = Table(
    "queues",
    metadata,
    Column("queue", Text, primary_key=True),
    _flag("double"),
)
assignments = Table(
    "assignments",
    metadata,
    _id("lease_id"),
    _text("queue"),
    _text("transcript_id"),
    _text("utterance_id"),
    _text("holder"),
    _text("state"),
    _text("expires_at"),
    _text("created_at"),
    _utterance(),
    Index(
        "uq_assignments_open",
        "queue",
        "transcript_id",
        "utterance_id",
        "holder",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)
jobs = Table(
    "jobs",
    metadata,
    _id("job_id"),
    _text("kind"),
    _text("state"),
    _text("parameters"),
    Column("progress", Double, nullable=False),
    _text("message"),
    _flag("cancel_requested"),
    _text("worker"),
    _text("heartbeat_at"),
    _text("result"),
    _text("error"),
    _text("created_by"),
    _text("created_at"),
    _text("finished_at"),
    Index(
        "uq_jobs_active_kind",
        "kind",
        unique=True,
        sqlite_where=text("state IN ('queued', 'running')"),
        postgresql_where=text("state IN ('queued', 'running')"),
    ),
)
audit = Table(
    "audit",
    metadata,
    _id("seq"),
    _text("at"),
    _text("actor"),
    _text("what"),
    _text("entity"),
    _text("key"),
    _text("ids"),
    _text("digest"),
    _text("previous"),
    _text("hash"),
    Index("ix_audit_entity", "entity", "key"),
)

# Triggers keep these from being changed or emptied. The others hold state, and the audit holds each change of it.
APPEND_ONLY = (
    transcripts, utterances, details, models, codebooks, batches, predictions, events, glimpses, adjudications,
    sign_offs, sign_ins, audit,
)  # fmt: skip
# A heartbeat is no change of state: these columns are outside the audited digest.
VOLATILE = {"jobs": frozenset({"progress", "message", "heartbeat_at"})}
