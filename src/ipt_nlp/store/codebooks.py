"""Versions of the project's codebook, each kept as it was when it was made."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import func, select

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import IptNlpError
from ipt_nlp.store import audit
from ipt_nlp.store.canonical import storable, to_json
from ipt_nlp.store.database import Database
from ipt_nlp.store.events import newest_events
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import adjudications, codebooks, events
from ipt_nlp.store.values import User


@dataclass(frozen=True, slots=True)
class CodebookVersion:
    """A codebook as it was then. ``created_by`` is empty where it was found in its file, and nobody made it here."""

    codebook: Codebook
    created_by: str
    created_at: str


@dataclass(frozen=True, slots=True)
class Codebooks:
    """What the codebook said under each of its refs; nothing here is changed or taken away."""

    database: Database

    def keep(self, actor: User, codebook: Codebook, *, found: bool = False) -> bool:
        """Add ``codebook`` as a version; returns False where the same content is kept under its ref already.

        Args:
            found: it was in its file, and is not what ``actor`` made.

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
            who = "" if found else actor.name
            row = {"ref": codebook.ref, "content": content, "created_by": who, "created_at": t.now}
            audit.append(t, codebooks, row, actor.name, "codebook.change", {"codebook": codebook.ref})
        return True

    def list(self) -> tuple[CodebookVersion, ...]:
        """All versions, oldest first."""
        query = select(codebooks).order_by(codebooks.c.version_id)
        with self.database.reading() as connection:
            return tuple(
                CodebookVersion(_codebook(row.content), row.created_by, row.created_at)
                for row in connection.execute(query)
            )

    def labels(self) -> dict[str, frozenset[str]]:
        """Ref -> the labels that every coding under it could give; of all that are kept or that codings name.

        Where a file was changed and its version was not, two contents are kept under one ref: a label counts where it
        is in both, as a turn that was coded before the change could not have it. A version that is not kept is read
        from its file. Where that has changed since, a label counts if it was given under it: whether the version had
        any other nobody can tell, and that a coder did not give what may not have been there says nothing.
        """
        found: dict[str, frozenset[str]] = {}
        given: dict[str, frozenset[str]] = {}
        with self.database.reading() as connection:
            for ref, content in connection.execute(select(codebooks.c.ref, codebooks.c.content)):
                found[ref] = found.get(ref, _names(content)) & _names(content)
            for column in (events.c, adjudications.c):
                unknown = select(column.codebook, column.labels).where(
                    column.labels.is_not(None), column.codebook.not_in(list(found))
                )
                for ref, labels in connection.execute(unknown.distinct()):
                    given[ref] = given.get(ref, frozenset()).union(*json.loads(labels).values())
        return found | {ref: _at_hand(ref) or labels for ref, labels in given.items()}

    def codings(self) -> dict[str, int]:
        """Ref -> number of codings that stand now and were made under it: one a coder and turn."""
        newest = newest_events().where(events.c.labels.is_not(None)).subquery()
        query = select(newest.c.codebook, func.count().label("turns")).group_by(newest.c.codebook)
        with self.database.reading() as connection:
            return {row.codebook: row.turns for row in connection.execute(query.order_by(newest.c.codebook))}


def _at_hand(ref: str) -> frozenset[str]:
    """The labels of the codebook of that name, if it has that version still; else none."""
    name = ref.partition("@")[0]
    if re.fullmatch(r"\w+", name):
        with suppress(IptNlpError):
            codebook = Codebook.load(name)
            return frozenset(codebook.by_name) if codebook.ref == ref else frozenset()
    return frozenset()


# What is kept never changes, and to read twenty versions takes half a second.
@lru_cache(maxsize=128)
def _codebook(content: str) -> Codebook:
    return Codebook.model_validate_json(content)


@lru_cache(maxsize=512)
def _names(content: str) -> frozenset[str]:
    """Read as JSON, so that a version that the program would not take any more still says what it had."""
    return frozenset(label["name"] for label in json.loads(content)["labels"])
