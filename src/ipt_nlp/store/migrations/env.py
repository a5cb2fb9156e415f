"""Run by Alembic: migrations happen on the connection, and in the transaction, of the store that asks for them."""

from __future__ import annotations

from alembic import context

from ipt_nlp.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
