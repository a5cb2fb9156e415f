"""Turns on which a coder has had suggestions in view."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = "glimpses"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("glimpse_id", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("coder", "seen", "created_at")),
        sa.PrimaryKeyConstraint("glimpse_id", name="pk_glimpses"),
    )
    op.create_index("ix_glimpses_coder", TABLE, ["coder"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION ipt_nlp_append_only()"
    )


def downgrade() -> None:
    op.drop_table(TABLE)
