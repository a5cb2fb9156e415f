"""Bring a database to the present schema, inside one transaction."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy import Connection, inspect, text

from ipt_nlp.errors import StoreError
from ipt_nlp.store.database import Database, no_store
from ipt_nlp.store.glimpses import carry_over
from ipt_nlp.store.schema import REVISION


def version(connection: Connection) -> str | None:
    """The revision of the schema that is there, or None for none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def require(database: Database) -> None:
    """Refuse a database without a store in it.

    Raises:
        StoreError: there is none.
    """
    with database.reading() as connection:
        if version(connection) is None:
            raise no_store(database.name)


def migrate(database: Database) -> tuple[str | None, str]:
    """Upgrade the schema if it is older. Returns the revisions before and after.

    Raises:
        StoreError: the database is of a newer version, or is no store.
    """
    with database.reading() as connection:
        before = version(connection)
    if before == REVISION:
        return before, before
    with database.transaction() as t:
        before = version(t.connection)
        if before is None and (others := inspect(t.connection).get_table_names()):
            raise StoreError(f"{database.name} holds {len(others)} tables of something else. Pass another database.")
        if before != REVISION:
            _upgrade(t.connection, before, database.name)
            carry_over(database)
    return before, REVISION


def _upgrade(connection: Connection, before: str | None, place: str) -> None:
    # Alembic is slow to import, and a store that is up to date does not need it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "ipt_nlp.store:migrations")
    config.set_main_option("path_separator", "os")
    import_module("ipt_nlp.store.migrations")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if before is not None and before not in known:
        raise StoreError(
            f"{place} was made by a newer ipt-nlp (its version is {before}, this one knows up to {REVISION}). "
            "Run: pip install --upgrade ipt-nlp"
        )
    command.upgrade(config, "head")
