"""``ipt-nlp import`` and ``ipt-nlp store``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from ipt_nlp.commands import console
from ipt_nlp.commands.annotate import roles
from ipt_nlp.errors import StoreError
from ipt_nlp.readers import read_transcripts
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.backup import Backup
from ipt_nlp.store.values import AddResult, Problem

OUTCOMES = {
    "added": "added",
    "same": "there already",
    "differs": "not stored: the id is taken by other content",
}


def import_files(
    paths: Sequence[Path], url: str | None, speakers: Mapping[str, str], columns: Mapping[str, str], *, as_json: bool
) -> list[AddResult]:
    """Read all transcripts, then store them.

    Everything is read first, so that a bad file stops the import before anything is stored.

    Raises:
        StoreError: an id is taken by other content; the other transcripts are stored.
    """
    known = roles(speakers)
    transcripts = [
        transcript
        for path in paths
        for transcript in read_transcripts(path, speakers=known, columns=columns, notify=console.notice)
    ]
    with _opened(url) as store:
        results = [store.transcripts.add(LOCAL, transcript) for transcript in transcripts]
        place = store.database.name
    if as_json:
        console.print_json({"store": place, "transcripts": [asdict(result) for result in results]})
    else:
        _print_results(results, place)
    taken = [result.transcript_id for result in results if result.outcome == "differs"]
    if taken:
        raise StoreError(f"{', '.join(map(repr, taken))}: stored with other content. Give the new one another name.")
    return results


def verify_store(url: str | None, *, as_json: bool) -> list[Problem]:
    """Derive every digest of the store again.

    Raises:
        StoreError: something is not as it was written.
    """
    with _opened(url, create=False) as store:
        problems, head, place = store.verify(), store.audit.head(), store.database.name
    if as_json:
        console.print_json({"store": place, "audit_head": head, "problems": [asdict(problem) for problem in problems]})
    else:
        for problem in problems:
            console.say(str(problem))
    if problems:
        raise StoreError(f"{place} is not sound: {len(problems)} problem{'s' if len(problems) != 1 else ''}.")
    if not as_json:
        console.say(f"{place} is sound. Newest audit entry: {head}")
    return problems


def backup_store(path: Path, url: str | None, *, as_json: bool) -> Backup:
    """Write a backup."""
    with _opened(url, create=False) as store:
        made = store.backup(LOCAL, path)
    _print_backup(made, "Written", as_json=as_json)
    return made


def restore_store(path: Path, url: str | None, *, as_json: bool) -> Backup:
    """Fill an empty store from a backup."""
    with _opened(url) as store:
        restored = store.restore(LOCAL, path)
    _print_backup(restored, "Restored", as_json=as_json)
    return restored


def migrate_store(url: str | None, *, as_json: bool) -> tuple[str | None, str]:
    """Bring a store up to date, or create it."""
    with _opened(url, migrate=False) as store:
        before, after = store.migrate()
        place = store.database.name
    if as_json:
        console.print_json({"store": place, "before": before, "after": after})
    elif before == after:
        console.say(f"{place} is up to date (version {after}).")
    else:
        console.say(f"{place}: {f'from version {before}' if before else 'new,'} to version {after}.")
    return before, after


@contextmanager
def _opened(url: str | None, *, create: bool = True, migrate: bool = True) -> Iterator[AnnotationStore]:
    store = AnnotationStore.open(url, create=create, migrate=migrate)
    try:
        yield store
    finally:
        store.close()


def _print_results(results: Sequence[AddResult], place: str) -> None:
    rows = []
    for result in results:
        also = f" as {result.stored_as}" if result.stored_as != result.transcript_id else ""
        rows.append([result.transcript_id, OUTCOMES[result.outcome] + also])
    console.table("Transcripts", ["", ""], rows)
    added = sum(result.outcome == "added" for result in results)
    console.say(f"{added:,} of {len(results):,} added to {place}.")


def _print_backup(made: Backup, done: str, *, as_json: bool) -> None:
    if as_json:
        console.print_json(asdict(made) | {"path": str(made.path)})
    else:
        console.say(f"{done}: {made.path} ({made.rows:,} rows). Newest audit entry: {made.head}")
