"""Backups that either database can restore: a zip of JSON lines, a file a table, with a manifest of digests."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from sqlalchemy import Connection, Table, func, insert, select

from ipt_nlp.errors import StoreError
from ipt_nlp.store import audit, schema
from ipt_nlp.store.canonical import to_json
from ipt_nlp.store.database import Database
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.values import User
from ipt_nlp.store.verify import problems

FORMAT = "ipt-nlp-backup-1"
MANIFEST = "manifest.json"
CHUNK = 500
TABLES = tuple(schema.metadata.sorted_tables)


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds. ``head``: the hash of the newest audit entry in it."""

    path: Path
    rows: int
    head: str


def write(database: Database, actor: User, path: Path) -> Backup:
    """Write everything, as it is at one moment, to a new file that only its owner can read.

    It holds client text and password hashes: keep it as safe as the store.

    Raises:
        RoleError: ``actor`` may not take the store away.
        StoreError: the file exists already, or cannot be written.
    """
    with database.reading() as connection:
        authorise(connection, actor, "store.backup")
    part = path.with_name(path.name + ".part")
    if path.exists():
        raise StoreError(f"{path} exists already. Choose another name for the backup.")
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file, database.reading() as connection:
            with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                made = _write(connection, archive, path)
            os.fsync(file.fileno())
        part.rename(path)
    except OSError as error:
        raise StoreError(f"the backup {path} cannot be written ({error.strerror}). Choose another place.") from None
    finally:
        part.unlink(missing_ok=True)
    return made


def _write(connection: Connection, archive: ZipFile, path: Path) -> Backup:
    tables: dict[str, dict[str, Any]] = {}
    for table in TABLES:
        digest, rows = hashlib.sha256(), 0
        with archive.open(_member(table), "w", force_zip64=True) as member:
            query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=CHUNK)
            for row in connection.execute(query):
                line = (to_json(dict(row._mapping)) + "\n").encode("ascii")
                member.write(line)
                digest.update(line)
                rows += 1
        tables[table.name] = {"rows": rows, "sha256": digest.hexdigest()}
    head = connection.scalar(select(schema.audit.c.hash).order_by(schema.audit.c.seq.desc()).limit(1)) or audit.START
    manifest = {"format": FORMAT, "revision": schema.REVISION, "head": head, "tables": tables}
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    return Backup(path, sum(table["rows"] for table in tables.values()), head)


def read(database: Database, actor: User, path: Path) -> Backup:
    """Fill an empty store from a backup, all of it or nothing, and verify what came out.

    Raises:
        RoleError: ``actor`` may not fill it.
        StoreError: the store is not empty, or the file is no sound backup of this version.
    """
    try:
        with ZipFile(path) as archive, database.transaction() as t:
            authorise(t.connection, actor, "store.restore")
            manifest = _manifest(archive, path)
            _require_empty(t.connection, database.name)
            rows = sum(_fill(t.connection, archive, table, manifest, path) for table in TABLES)
            found = problems(t.connection)
            if found:
                raise StoreError(f"{path} holds a store that is not sound, first: {found[0]}. Nothing was restored.")
            return Backup(path, rows, manifest["head"])
    except OSError as error:
        raise StoreError(f"the backup {path} cannot be read ({error.strerror}). Check its name.") from None
    except (BadZipFile, KeyError, TypeError, ValueError, EOFError):
        raise _damaged(path) from None


def _manifest(archive: ZipFile, path: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    if manifest["format"] != FORMAT or manifest["revision"] != schema.REVISION:
        raise StoreError(
            f"{path} was made by another version of ipt-nlp (store version {manifest['revision']}, this one reads "
            f"{schema.REVISION}). Restore it with that version and migrate the store."
        )
    return manifest


def _require_empty(connection: Connection, name: str) -> None:
    for table in TABLES:
        if connection.scalar(select(func.count()).select_from(table)):
            raise StoreError(f"{name} is not empty. Restore into a new store: pass --store.")


def _fill(connection: Connection, archive: ZipFile, table: Table, manifest: dict[str, Any], path: Path) -> int:
    digest, count = hashlib.sha256(), 0
    for chunk in _chunks(archive, table):
        for line in chunk:
            digest.update(line)
        rows = [json.loads(line) for line in chunk]
        if any(set(row) != set(table.columns.keys()) for row in rows):
            raise _damaged(path)
        connection.execute(insert(table), rows)
        count += len(rows)
    if {"rows": count, "sha256": digest.hexdigest()} != manifest["tables"][table.name]:
        raise _damaged(path)
    return count


def _chunks(archive: ZipFile, table: Table) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    with archive.open(_member(table)) as lines:
        for line in lines:
            chunk.append(line)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
    if chunk:
        yield chunk


def _member(table: Table) -> str:
    return f"{table.name}.jsonl"


def _damaged(path: Path) -> StoreError:
    return StoreError(f"{path} is damaged or no backup of a store. Nothing was restored.")
