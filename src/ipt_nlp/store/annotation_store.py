"""The store as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ipt_nlp.store import backup, corpus, verify
from ipt_nlp.store import migrate as migrations
from ipt_nlp.store.audit import Audit
from ipt_nlp.store.backup import Backup
from ipt_nlp.store.codebooks import Codebooks
from ipt_nlp.store.database import Clock, Database, Transaction, connect, require_file, resolve, utc_now
from ipt_nlp.store.decisions import Adjudications, SignOffs
from ipt_nlp.store.events import Events
from ipt_nlp.store.glimpses import Glimpses
from ipt_nlp.store.jobs import Jobs
from ipt_nlp.store.leases import Leases
from ipt_nlp.store.models import Models
from ipt_nlp.store.predictions import Predictions
from ipt_nlp.store.search import Search
from ipt_nlp.store.sign_ins import SignIns
from ipt_nlp.store.transcripts import Transcripts
from ipt_nlp.store.users import Users
from ipt_nlp.store.values import Problem, ReviewedTranscript, User


@dataclass(frozen=True, slots=True)
class AnnotationStore:
    """Transcripts, what models and people say of them, and who did what; on SQLite or PostgreSQL.

    Open one a process and use it from any thread. Each call is a transaction of its own, unless it happens inside
    ``with store.transaction():``. Writes take the user as whom they are done, whose role is checked.
    """

    database: Database

    @classmethod
    def open(
        cls, url: str | Path | None = None, *, clock: Clock = utc_now, create: bool = True, migrate: bool = True
    ) -> AnnotationStore:
        """Open a store; create it where there is none, and migrate it where it is older.

        Args:
            url: a SQLite file, or ``postgresql://…``; by default ``$IPT_NLP_STORE``, else ``store.db`` in
                ``$IPT_NLP_HOME``, else in ``~/.ipt-nlp``.
            clock: what time it is, with a time zone.
            create: False for an error where there is no store.
            migrate: False leaves the schema as it is, for ``migrate()`` to say what it did.

        Raises:
            StoreError: it cannot be opened, is no store, or was made by a newer version.
        """
        place = resolve(url)
        if not create:
            require_file(place)
        store = cls(connect(place, clock))
        try:
            if not create:
                migrations.require(store.database)
            if migrate:
                store.migrate()
        except BaseException:
            store.close()
            raise
        return store

    @property
    def users(self) -> Users:
        return Users(self.database)

    @property
    def sign_ins(self) -> SignIns:
        return SignIns(self.database)

    @property
    def transcripts(self) -> Transcripts:
        return Transcripts(self.database)

    @property
    def predictions(self) -> Predictions:
        return Predictions(self.database)

    @property
    def events(self) -> Events:
        return Events(self.database)

    @property
    def glimpses(self) -> Glimpses:
        return Glimpses(self.database)

    @property
    def search(self) -> Search:
        return Search(self.database)

    @property
    def leases(self) -> Leases:
        return Leases(self.database)

    @property
    def adjudications(self) -> Adjudications:
        return Adjudications(self.database)

    @property
    def sign_offs(self) -> SignOffs:
        return SignOffs(self.database)

    @property
    def models(self) -> Models:
        return Models(self.database)

    @property
    def codebooks(self) -> Codebooks:
        return Codebooks(self.database)

    @property
    def jobs(self) -> Jobs:
        return Jobs(self.database)

    @property
    def audit(self) -> Audit:
        return Audit(self.database)

    def transaction(self) -> AbstractContextManager[Transaction]:
        """What is written inside is stored together or not at all. May be nested: the inner one can fail alone."""
        return self.database.transaction()

    def reviewed(self) -> Iterator[ReviewedTranscript]:
        """The reviewed corpus, transcript by transcript: each coder's labels, and the adjudicated ones."""
        return corpus.reviewed(self.database)

    def verify(self) -> list[Problem]:
        """What is not as it was written; empty for a sound store."""
        with self.database.reading() as connection:
            return verify.problems(connection)

    def backup(self, actor: User, path: Path | str) -> Backup:
        """Write a backup that any empty store can restore, on either database."""
        return backup.write(self.database, actor, Path(path))

    def restore(self, actor: User, path: Path | str) -> Backup:
        """Fill this empty store from a backup."""
        return backup.read(self.database, actor, Path(path))

    def migrate(self) -> tuple[str | None, str]:
        """Bring the schema up to date; the versions before (None: there was none) and after."""
        return migrations.migrate(self.database)

    def close(self) -> None:
        """Close connections that are kept open."""
        self.database.close()
