"""Users, leases, the audit trail and backups, for those who administer a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from ipt_nlp.errors import StoreError
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.database import default_place
from ipt_nlp.store.values import AuditEntry, Lease, Role, User

BACKUPS = "backups"
SUFFIX = ".zip"
MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of something, for a person to read."""

    text: str
    done: bool = True


@dataclass(frozen=True, slots=True)
class Held:
    """The leases that one person holds in one queue."""

    holder: str
    queue: str
    leases: tuple[Lease, ...]

    @property
    def until(self) -> str:
        return max(lease.expires_at for lease in self.leases)


def tried(act: Callable[[], object], said: str) -> Outcome:
    """Do something; ``said`` is told where the store allows it, else why it does not."""
    try:
        act()
    except StoreError as error:
        return Outcome(sentence(str(error)), done=False)
    return Outcome(said)


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def add_user(store: AnnotationStore, actor: User, name: str, role: Role, password: str) -> Outcome:
    """Add a person. The first has to be an admin: from then on the app lets in nobody without a password."""
    name = name.strip()
    if role != "admin" and not store.users.list():
        return Outcome("The first user has to be an admin, since everybody signs in from then on.", done=False)
    return tried(lambda: store.users.add(actor, name, role, password), f"{name} is added as {role}.")


def change_role(store: AnnotationStore, actor: User, name: str, role: Role) -> Outcome:
    return tried(lambda: store.users.change_role(actor, name, role), f"{name} is {role} now.")


def set_disabled(store: AnnotationStore, actor: User, name: str, *, disabled: bool) -> Outcome:
    """Keep a person out, or let them in again."""
    if disabled and name == actor.name:
        return Outcome("You cannot disable yourself. Another admin can.", done=False)
    if disabled:
        return tried(lambda: store.users.disable(actor, name), f"{name} cannot sign in any more. What they did stays.")
    return tried(lambda: store.users.enable(actor, name), f"{name} can sign in again.")


def new_password(store: AnnotationStore, actor: User, name: str, password: str) -> Outcome:
    return tried(lambda: store.users.change_password(actor, name, password), f"{name} has a new password.")


def user_table(store: AnnotationStore) -> dict[str, list[Any]]:
    """Columns for the list of users, with how much each has coded."""
    users, events = store.users.list(), store.events.counts()
    return {
        "Name": [user.name for user in users],
        "Role": [user.role for user in users],
        "May sign in": [not user.disabled for user in users],
        "Codings": [events.get(user.name, 0) for user in users],
        "Since": [user.created_at[:10] for user in users],
    }


def held(store: AnnotationStore) -> tuple[Held, ...]:
    """The leases that hold now, by person and queue."""
    leases = sorted(store.leases.open(), key=lambda lease: (lease.holder, lease.queue))
    grouped = groupby(leases, key=lambda lease: (lease.holder, lease.queue))
    return tuple(Held(holder, queue, tuple(found)) for (holder, queue), found in grouped)


def held_table(rows: Sequence[Held]) -> dict[str, list[Any]]:
    """Columns for the list of leases."""
    return {
        "Coder": [row.holder for row in rows],
        "Queue": [row.queue for row in rows],
        "Turns": [len(row.leases) for row in rows],
        "Until (UTC)": [moment(row.until) for row in rows],
    }


def free(store: AnnotationStore, actor: User, row: Held) -> Outcome:
    """Take leases back, so that others get these turns."""
    numbers = [lease.lease_id for lease in row.leases]
    turns = "turn" if len(numbers) == 1 else "turns"
    said = f"{len(numbers)} {turns} of {row.holder} in “{row.queue}” are free again."
    return tried(lambda: store.leases.free(actor, numbers), said)


def trail_table(entries: Sequence[AuditEntry]) -> dict[str, list[Any]]:
    """Columns for the audit trail."""
    return {
        "No.": [entry.seq for entry in entries],
        "When (UTC)": [moment(entry.at) for entry in entries],
        "Who": [entry.actor for entry in entries],
        "What": [entry.what for entry in entries],
        "On": [", ".join(f"{name} {value}" for name, value in entry.ids.items()) for entry in entries],
        "Hash": [entry.hash[:12] for entry in entries],
    }


def verified(store: AnnotationStore) -> Outcome:
    """Whether everything in the store is as it was written."""
    problems = store.verify()
    if not problems:
        newest = store.audit.newest(1)
        entries = newest[0].seq if newest else 0
        return Outcome(
            f"Sound: all {entries:,} entries of the trail and everything they vouch for are as they were written. "
            f"Newest hash: {store.audit.head()}"
        )
    more = f" … and {len(problems) - MOST_PROBLEMS} more." if len(problems) > MOST_PROBLEMS else ""
    listed = " · ".join(str(problem) for problem in problems[:MOST_PROBLEMS])
    return Outcome(f"{len(problems)} problems: {listed}{more}", done=False)


def backup_folder(store: AnnotationStore) -> Path:
    """Beside a SQLite store; of a server's, in the person's own folder."""
    place = Path(store.database.name) if store.database.is_sqlite else default_place()
    return place.parent / BACKUPS


def backup_path(store: AnnotationStore, name: str) -> Path | None:
    """Where a backup of that name goes; None where it is no plain name, which could lead anywhere on the machine."""
    name = name.strip().removesuffix(SUFFIX)
    plain = name and name.isprintable() and not name.startswith(".") and not set(name) & set('/\\:*?"<>|')
    return backup_folder(store) / f"{name}{SUFFIX}" if plain else None


def back_up(store: AnnotationStore, actor: User, path: Path) -> Outcome:
    """Write a backup."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        made = store.backup(actor, path)
    except StoreError as error:
        return Outcome(sentence(str(error)), done=False)
    return Outcome(f"{made.rows:,} rows in {path} ({size(path.stat().st_size)}).")


def backups(store: AnnotationStore) -> list[Path]:
    """The backups that lie there, newest first."""
    found = backup_folder(store).glob(f"*{SUFFIX}")
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def size(count: int) -> str:
    """Bytes as a person reads them."""
    amount = float(count)
    for unit in ("bytes", "KB", "MB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GB"


def moment(at: str) -> str:
    return at[:19].replace("T", " ")
