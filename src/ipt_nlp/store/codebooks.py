"""Versions of the project's codebook, each kept as it was when it was made."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from ipt_nlp.codebook import Codebook
from ipt_nlp.store import audit
from ipt_nlp.store.canonical import storable, to_json
from ipt_nlp.store.database import Database
from ipt_nlp.store.events import newest_events
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import codebooks, events
from ipt_nlp.store.values import User


@dataclass(frozen=True, slots=True)
class CodebookVersion:
    """A codebook as it was when somebody changed it."""

    codebook: Codebook
    created_by: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Codebooks:
    """What the codebook said under each of its refs; nothing here is changed or taken away."""

    database: Database

    def keep(self, actor: User, codebook: Codebook) -> bool:
        """Add ``codebook`` as a version; returns False where the same content is kept under its ref already.

        Raises:
            RoleError: ``actor`` may not change the codebook.
        """
        content = to_json(codebook.model_dump(mode="json", exclude_defaults=True))
        storable(content, f"codebook {codebook.ref}")
        with self.database.transaction() as t:
            authorise(t.connection, actor, "codebook.change")
            column = codebooks.c
            same = select(column.version_id).where(column.ref == codebook.ref, column.content == content)
            if t.connection.scalar(same) is not None:
                return False
            row = {"ref": codebook.ref, "content": content, "created_by": actor.name, "created_at": t.now}
            audit.append(t, codebooks, row, actor.name, "codebook.change", {"codebook": codebook.ref})
        return True

    def list(self) -> tuple[CodebookVersion, ...]:
        """All versions, oldest first."""
        query = select(codebooks).order_by(codebooks.c.version_id)
        with self.database.reading() as connection:
            return tuple(
                CodebookVersion(Codebook.model_validate_json(row.content), row.created_by, row.created_at)
                for row in connection.execute(query)
            )

    def labels(self) -> dict[str, frozenset[str]]:
        """Ref -> the labels that it had."""
        return {kept.codebook.ref: frozenset(kept.codebook.by_name) for kept in self.list()}

    def codings(self) -> dict[str, int]:
        """Ref -> number of codings that stand now and were made under it: one a coder and turn."""
        newest = newest_events().where(events.c.labels.is_not(None)).subquery()
        query = select(newest.c.codebook, func.count().label("turns")).group_by(newest.c.codebook)
        with self.database.reading() as connection:
            return {row.codebook: row.turns for row in connection.execute(query.order_by(newest.c.codebook))}
