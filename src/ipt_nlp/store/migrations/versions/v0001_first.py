"""The first tables, and the triggers that keep the append-only ones as they were written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "transcripts", "utterances", "details", "models", "prediction_batches", "predictions", "annotations",
    "adjudications", "sign_offs", "audit",
)  # fmt: skip

POSTGRES_FUNCTION = """
CREATE FUNCTION ipt_nlp_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""


def upgrade() -> None:
    _sessions()
    _codings()
    _models()
    _work()
    _trail()
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(POSTGRES_FUNCTION)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ipt_nlp_append_only()"
        )


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first version")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _sessions() -> None:
    op.create_table(
        "transcripts",
        *_texts("transcript_id", "digest"),
        sa.Column("turns", sa.Integer(), nullable=False),
        *_texts("metadata", "created_by", "created_at"),
        sa.PrimaryKeyConstraint("transcript_id", name="pk_transcripts"),
        sa.UniqueConstraint("digest", name="uq_transcripts_digest"),
    )
    op.create_table(
        "utterances",
        *_texts("transcript_id", "utterance_id"),
        sa.Column("position", sa.Integer(), nullable=False),
        *_texts("speaker", "text"),
        sa.Column("start_s", sa.Double(), nullable=True),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["transcript_id"], ["transcripts.transcript_id"], name="fk_utterances_transcript_id"),
        sa.PrimaryKeyConstraint("transcript_id", "utterance_id", name="pk_utterances"),
        sa.UniqueConstraint("transcript_id", "position", name="uq_utterances_transcript_id_position"),
    )
    op.create_table(
        "details",
        sa.Column("detail_id", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("transcript_id", "date", "therapist", "client"),
        sa.Column("session_number", sa.Integer(), nullable=True),
        *_texts("phase", "created_by", "created_at"),
        sa.ForeignKeyConstraint(["transcript_id"], ["transcripts.transcript_id"], name="fk_details_transcript_id"),
        sa.PrimaryKeyConstraint("detail_id", name="pk_details"),
    )
    op.create_index("ix_details_transcript_id", "details", ["transcript_id"])
    op.create_table(
        "sign_offs",
        sa.Column("sign_off_id", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("transcript_id", "supervisor", "decision", "item", "reason", "model", "created_at"),
        sa.ForeignKeyConstraint(["transcript_id"], ["transcripts.transcript_id"], name="fk_sign_offs_transcript_id"),
        sa.PrimaryKeyConstraint("sign_off_id", name="pk_sign_offs"),
    )
    op.create_index("ix_sign_offs_transcript_id", "sign_offs", ["transcript_id"])


def _codings() -> None:
    op.create_table(
        "annotations",
        sa.Column("event_id", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("transcript_id", "utterance_id", "coder", "action"),
        sa.Column("labels", sa.Text(), nullable=True),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        *_texts("note", "mode"),
        sa.Column("reviewed_model", sa.Text(), nullable=True),
        *_texts("codebook", "evidence"),
        sa.Column("base_event", sa.Integer(), nullable=True),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["base_event"], ["annotations.event_id"], name="fk_annotations_base_event"),
        sa.ForeignKeyConstraint(["previous"], ["annotations.event_id"], name="fk_annotations_previous"),
        sa.ForeignKeyConstraint(
            ["transcript_id", "utterance_id"],
            ["utterances.transcript_id", "utterances.utterance_id"],
            name="fk_annotations_transcript_id_utterance_id",
        ),
        sa.PrimaryKeyConstraint("event_id", name="pk_annotations"),
        sa.UniqueConstraint(
            "transcript_id",
            "utterance_id",
            "coder",
            "ordinal",
            name="uq_annotations_transcript_id_utterance_id_coder_ordinal",
        ),
    )
    op.create_table(
        "adjudications",
        sa.Column("adjudication_id", sa.Integer(), autoincrement=False, nullable=False),
        *_texts(
            "transcript_id",
            "utterance_id",
            "adjudicator",
            "labels",
            "confidence",
            "reason",
            "note",
            "codebook",
            "events",
            "created_at",
        ),
        sa.ForeignKeyConstraint(
            ["transcript_id", "utterance_id"],
            ["utterances.transcript_id", "utterances.utterance_id"],
            name="fk_adjudications_transcript_id_utterance_id",
        ),
        sa.PrimaryKeyConstraint("adjudication_id", name="pk_adjudications"),
    )
    op.create_index("ix_adjudications_utterance", "adjudications", ["transcript_id", "utterance_id"])


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("model_event_id", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("ref", "action", "metrics", "codebook"),
        sa.Column("after_event", sa.Integer(), nullable=False),
        *_texts("created_by", "created_at"),
        sa.PrimaryKeyConstraint("model_event_id", name="pk_models"),
    )
    op.create_table(
        "prediction_batches",
        sa.Column("batch_id", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("transcript_id", "model", "codebook"),
        sa.Column("count", sa.Integer(), nullable=False),
        *_texts("digest", "created_by", "created_at"),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcripts.transcript_id"], name="fk_prediction_batches_transcript_id"
        ),
        sa.PrimaryKeyConstraint("batch_id", name="pk_prediction_batches"),
    )
    op.create_index("ix_prediction_batches_transcript_id", "prediction_batches", ["transcript_id"])
    op.create_table(
        "predictions",
        sa.Column("batch_id", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("transcript_id", "utterance_id", "scores", "labels", "evidence", "cues"),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["prediction_batches.batch_id"], name="fk_predictions_batch_id"),
        sa.ForeignKeyConstraint(
            ["transcript_id", "utterance_id"],
            ["utterances.transcript_id", "utterances.utterance_id"],
            name="fk_predictions_transcript_id_utterance_id",
        ),
        sa.PrimaryKeyConstraint("batch_id", "utterance_id", name="pk_predictions"),
    )
    op.create_index("ix_predictions_utterance", "predictions", ["transcript_id", "utterance_id", "batch_id"])


def _work() -> None:
    op.create_table(
        "users",
        *_texts("name", "role", "password_hash"),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )
    op.create_table(
        "queues",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("double", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("queue", name="pk_queues"),
    )
    op.create_table(
        "assignments",
        sa.Column("lease_id", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("queue", "transcript_id", "utterance_id", "holder", "state", "expires_at", "created_at"),
        sa.ForeignKeyConstraint(
            ["transcript_id", "utterance_id"],
            ["utterances.transcript_id", "utterances.utterance_id"],
            name="fk_assignments_transcript_id_utterance_id",
        ),
        sa.PrimaryKeyConstraint("lease_id", name="pk_assignments"),
    )
    op.create_index(
        "uq_assignments_open",
        "assignments",
        ["queue", "transcript_id", "utterance_id", "holder"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("kind", "state", "parameters"),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        *_texts("worker", "heartbeat_at", "result", "error", "created_by", "created_at", "finished_at"),
        sa.PrimaryKeyConstraint("job_id", name="pk_jobs"),
    )
    op.create_index(
        "uq_jobs_active_kind",
        "jobs",
        ["kind"],
        unique=True,
        sqlite_where=sa.text("state IN ('queued', 'running')"),
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )


def _trail() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("at", "actor", "what", "entity", "key", "ids", "digest", "previous", "hash"),
        sa.PrimaryKeyConstraint("seq", name="pk_audit"),
    )
    op.create_index("ix_audit_entity", "audit", ["entity", "key"])
