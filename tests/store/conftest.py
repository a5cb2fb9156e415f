"""One store on each database: a SQLite file, and a schema of its own on the PostgreSQL server of the tests."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import Role, User
from ipt_nlp.transcript import Transcript, Utterance

SERVER = "IPT_NLP_TEST_POSTGRES"
PASSWORD = "correct horse battery"  # noqa: S105
WITHOUT_SERVER = pytest.mark.skipif(
    SERVER not in os.environ, reason=f"needs a PostgreSQL server: set {SERVER} to its URL, as .ci/run does"
)
BACKENDS = ["sqlite", pytest.param("postgres", marks=WITHOUT_SERVER)]


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = field(default_factory=lambda: datetime(2026, 1, 5, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def new_url(backend: str, folder: Path) -> str:
    """A place where there is no store yet."""
    if backend == "sqlite":
        return str(folder / f"{uuid.uuid4().hex}.db")
    name = f"ipt_{uuid.uuid4().hex}"
    url = make_url(os.environ[SERVER]).set(drivername="postgresql+psycopg")
    run(url.render_as_string(hide_password=False), f"CREATE SCHEMA {name}")
    return url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)


def run(url: str, *statements: str) -> None:
    """Run SQL behind the store's back."""
    engine = create_engine(url if "://" in url else f"sqlite:///{url}")
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def drop(url: str) -> None:
    """Take a test's schema off the server."""
    if "://" in url:
        name = str(make_url(url).query["options"]).partition("=")[2]
        run(url, f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(backend: str, tmp_path: Path) -> Iterator[str]:
    place = new_url(backend, tmp_path)
    yield place
    drop(place)


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[AnnotationStore]:
    opened = AnnotationStore.open(url, clock=clock)
    yield opened
    opened.close()


def session(name: str = "s01", turns: int = 4) -> Transcript:
    said = [
        Utterance(n, ("therapist", "client")[n % 2], f"{name} says {n}", n * 3.0, n * 3.0 + 2) for n in range(turns)
    ]
    return Transcript(name, tuple(said))


@pytest.fixture
def s01(store: AnnotationStore) -> Transcript:
    transcript = session()
    assert store.transcripts.add(LOCAL, transcript).outcome == "added"
    return transcript


def person(store: AnnotationStore, name: str, role: Role = "annotator") -> User:
    return store.users.add(LOCAL, name, role, PASSWORD)


@pytest.fixture
def ann(store: AnnotationStore) -> User:
    return person(store, "ann")


@pytest.fixture
def ben(store: AnnotationStore) -> User:
    return person(store, "ben")


@pytest.fixture
def sue(store: AnnotationStore) -> User:
    return person(store, "sue", "supervisor")


@pytest.fixture
def full(store: AnnotationStore) -> AnnotationStore:
    """A store with something in each table."""
    from tests.store.full import fill

    fill(store)
    return store
