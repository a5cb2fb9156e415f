"""Engines for both databases, and the one way to write."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError

from ipt_nlp.errors import StoreError
from ipt_nlp.store.canonical import timestamp

WAIT_S = 30
# Any number will do, as long as every writer of this package takes the same.
ADVISORY_LOCK = 0x1B7A11D
POOL_SIZE = 10
POLL_S = (0.001, 0.004)
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


def default_place() -> Path:
    """``store.db`` in ``$IPT_NLP_HOME``, or in ``~/.ipt-nlp``."""
    home = os.environ.get("IPT_NLP_HOME")
    return (Path(home) if home else Path.home() / ".ipt-nlp") / "store.db"


def resolve(url: str | Path | None) -> URL:
    """The URL of a store: as given, else ``$IPT_NLP_STORE``, else the default place. A path is a SQLite file.

    Raises:
        StoreError: no URL of a database that the store can use.
    """
    given = str(url or os.environ.get("IPT_NLP_STORE") or default_place())
    if "://" not in given:
        return URL.create("sqlite", database=str(Path(given).expanduser().absolute()))
    try:
        parsed = make_url(given)
    except ArgumentError:
        raise StoreError("the store's URL cannot be read. Write it as postgresql://USER@HOST/DATABASE.") from None
    backend = parsed.drivername.split("+")[0]
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return URL.create("sqlite", database=str(Path(str(parsed.database)).expanduser().absolute()))
    if backend not in ("postgresql", "postgres"):
        raise StoreError(f"a store cannot be kept in {backend!r}. Pass a SQLite file or postgresql://… .")
    if find_spec("psycopg") is None:
        raise StoreError("a store on PostgreSQL needs psycopg. Run: pip install 'ipt-nlp[postgres]'")
    return parsed.set(drivername="postgresql+psycopg")


def no_store(place: str) -> StoreError:
    return StoreError(f"there is no store at {place}. Check its name, or run: ipt-nlp import PATH")


def require_file(url: URL) -> None:
    """Refuse a SQLite file that is not there.

    Raises:
        StoreError: it is not there.
    """
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).is_file():
        raise no_store(str(url.database))


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open write. ``now``: the time of everything written in it."""

    connection: Connection
    now: str


@dataclass(frozen=True, slots=True)
class Database:
    """An engine, a clock, and the write that each thread has open.

    ``keeper``: a SQLite connection that is never used. The last connection to close writes everything from the log back
    into the file, which takes far longer than a write; while there is a keeper, none is the last.
    """

    engine: Engine
    clock: Clock
    keeper: sqlite3.Connection | None = None
    open: threading.local = field(default_factory=threading.local)
    turn: Any = field(default_factory=threading.Lock)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def name(self) -> str:
        """Where the store is, without a password."""
        return str(self.engine.url.database) if self.is_sqlite else self.engine.url.render_as_string()

    def size(self) -> int:
        """Bytes on disk: of a SQLite file with its journal, or of the whole PostgreSQL database."""
        if self.is_sqlite:
            files = (Path(self.name + end) for end in ("", "-wal"))
            return sum(file.stat().st_size for file in files if file.is_file())
        with self.reading() as connection:
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Everything written inside is stored together or not at all; inside another one, as a part of it.

        Writers take turns, on both databases, so that what was read in a transaction still holds when it writes.

        Raises:
            StoreError: the database refuses, or stays busy for half a minute.
        """
        outer: Transaction | None = getattr(self.open, "transaction", None)
        with refusals():
            if outer is not None:
                with outer.connection.begin_nested():
                    yield outer
                return
            with self._turn(), self._connect(ipt_write=True) as connection, connection.begin():
                self.open.transaction = Transaction(connection, timestamp(self.clock()))
                try:
                    yield self.open.transaction
                finally:
                    self.open.transaction = None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Threads of one process queue here, in memory: a wait for the database is polling, and unfair."""
        if not self.turn.acquire(timeout=WAIT_S):
            raise busy("another thread is writing")
        try:
            yield
        finally:
            self.turn.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the store throughout; in an open write, what that has written too."""
        outer: Transaction | None = getattr(self.open, "transaction", None)
        with refusals():
            if outer is not None:
                yield outer.connection
                return
            options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
            with self._connect(**options) as connection, connection.begin():
                yield connection

    def close(self) -> None:
        """Close the connections that are kept open."""
        self.engine.dispose()
        if self.keeper is not None:
            self.keeper.close()

    def _connect(self, **options: Any) -> Connection:
        return self.engine.connect().execution_options(**options)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what a database says into an error without its text: it could quote a transcript."""
    try:
        yield
    except OperationalError as error:
        kind = type(error.orig).__name__
        raise busy(kind) from None
    except DBAPIError as error:
        raise StoreError(f"the store refused a change ({type(error.orig).__name__}). Nothing was stored.") from None
    except SQLAlchemyError as error:
        raise StoreError(f"the store cannot be used ({type(error).__name__}).") from None


def busy(why: str) -> StoreError:
    return StoreError(f"the store is busy or cannot be reached ({why}). Try again in a moment.")


def connect(url: URL, clock: Clock) -> Database:
    """An engine on ``url``; a new SQLite file can be read by its owner alone."""
    if url.get_backend_name() == "sqlite":
        return Database(_sqlite(url), clock, _keeper(Path(str(url.database))))
    return Database(_postgres(url), clock)


def _sqlite(url: URL) -> Engine:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"the store {path} cannot be written to ({error.strerror}). Pass another place.") from None
    # One connection a transaction, in the thread that opened it; the driver checks that.
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args={"check_same_thread": True})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _keeper(path: Path) -> sqlite3.Connection:
    keeper = sqlite3.connect(path, timeout=WAIT_S, check_same_thread=False)
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            keeper.execute("PRAGMA journal_mode = WAL")
            # Only a connection that has read once counts as one to the log.
            keeper.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            # Several processes that open a new file at once are told so, whatever the timeout.
            if time.monotonic() > deadline or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                keeper.close()
                raise busy(type(error).__name__) from None
            time.sleep(random.uniform(*POLL_S))  # noqa: S311  # spreads the attempts, keeps no secret
        except sqlite3.DatabaseError:
            keeper.close()
            raise StoreError(f"{path} is no SQLite database. Pass another file.") from None
        else:
            return keeper


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for setting in (f"busy_timeout = {WAIT_S * 1000}", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get("ipt_write"):
        connection.exec_driver_sql("BEGIN")
        return
    driver: Any = connection.connection.dbapi_connection
    # SQLite's own wait for another process sleeps up to 100 ms at a time, far longer than a write takes.
    driver.execute("PRAGMA busy_timeout = 0")
    deadline = time.monotonic() + WAIT_S
    while not _takes_lock(driver):
        if time.monotonic() > deadline:
            raise busy("another process is writing")
        time.sleep(random.uniform(*POLL_S))  # noqa: S311  # spreads the attempts, keeps no secret
    driver.execute(f"PRAGMA busy_timeout = {WAIT_S * 1000}")


def _takes_lock(driver: Any) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return False
        raise busy(type(error).__name__) from None
    return True


def _postgres(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, pool_size=POOL_SIZE, max_overflow=POOL_SIZE)
    event.listen(engine, "connect", _prepare_postgres)
    event.listen(engine, "begin", _begin_postgres)
    return engine


def _prepare_postgres(connection: Any, _record: object) -> None:
    connection.execute(f"SET lock_timeout = '{WAIT_S}s'")
    connection.commit()


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get("ipt_write"):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
