"""Users, their roles and passwords."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, func, select

from ipt_nlp.errors import StoreError
from ipt_nlp.store import audit
from ipt_nlp.store.canonical import sha256, storable
from ipt_nlp.store.database import Database, Transaction
from ipt_nlp.store.permissions import authorise
from ipt_nlp.store.schema import users
from ipt_nlp.store.values import LOCAL, ROLES, Role, User

SHORTEST_PASSWORD = 10
LONGEST_NAME = 100
_HASHER = PasswordHasher()  # argon2id, with the parameters of RFC 9106 that argon2-cffi keeps up to date


@dataclass(frozen=True, slots=True)
class Users:
    """People who may work on this store."""

    database: Database

    def single_user(self) -> User | None:
        """The actor ``local`` while nobody has been added; it needs no password. None as soon as there are users."""
        with self.database.reading() as connection:
            return None if connection.scalar(select(func.count()).select_from(users)) else LOCAL

    def add(self, actor: User, name: str, role: Role, password: str) -> User:
        """Add a person.

        Raises:
            StoreError: the name is taken or no name, the role is none, or the password is too short.
        """
        _check_name(name)
        _check_role(role)
        hashed = _hash(password)
        with self.database.transaction() as t:
            authorise(t.connection, actor, "user.add")
            if _row(t.connection, name) is not None:
                raise StoreError(f"there is a user {name!r} already. Choose another name.")
            row = {"name": name, "role": role, "password_hash": hashed, "disabled": False, "created_at": t.now}
            audit.append(t, users, row, actor.name, "user.add", {"user": name, "role": role})
        return User(name, role, disabled=False, created_at=t.now)

    def verify(self, name: str, password: str) -> User | None:
        """The user, if the password is theirs and they are not disabled. Whoever guesses is slowed by ``sign_ins``."""
        with self.database.reading() as connection:
            # PostgreSQL takes no U+0000, and no user's name has it.
            row = _row(connection, name) if name.isprintable() else None
        if not _matches(row.password_hash if row is not None else _nobody(), password) or row is None or row.disabled:
            return None
        if _HASHER.check_needs_rehash(row.password_hash):
            self._store_hash(User(name, row.role), name, _HASHER.hash(password), "user.rehash")
        return _user(row)

    def change_password(self, actor: User, name: str, password: str) -> None:
        """Set a new password; people may change their own, admins anybody's."""
        self._store_hash(actor, name, _hash(password), "user.change_password")

    def password_stamp(self, name: str) -> str:
        """Another whenever the user has another password, and of no use to whoever has it; "" for no user."""
        with self.database.reading() as connection:
            row = _row(connection, name)
        return "" if row is None else sha256("password-1:" + row.password_hash)

    def change_role(self, actor: User, name: str, role: Role) -> User:
        """Give a person another role.

        Raises:
            StoreError: nobody would be left to administer the store.
        """
        _check_role(role)
        return self._change(actor, name, {"role": role}, "user.change_role")

    def disable(self, actor: User, name: str) -> User:
        """Keep a person out; what they did stays.

        Raises:
            StoreError: nobody would be left to administer the store.
        """
        return self._change(actor, name, {"disabled": True}, "user.disable")

    def enable(self, actor: User, name: str) -> User:
        """Let a person in again."""
        return self._change(actor, name, {"disabled": False}, "user.enable")

    def get(self, name: str) -> User | None:
        """A user as they are now: ask for each page, since a role may have changed."""
        with self.database.reading() as connection:
            row = _row(connection, name)
        return None if row is None else _user(row)

    def list(self) -> tuple[User, ...]:
        """All users by name, the disabled ones too."""
        with self.database.reading() as connection:
            found = [_user(row) for row in connection.execute(select(users))]
        return tuple(sorted(found, key=lambda user: user.name))

    def _change(self, actor: User, name: str, values: dict[str, Any], what: str) -> User:
        with self.database.transaction() as t:
            authorise(t.connection, actor, "user.change")
            before = _known(t, name)
            ids = {"user": name} | {key: value for key, value in values.items() if key == "role"}
            audit.change(t, users, name, values, actor.name, what, ids)
            admins = select(func.count()).where(users.c.role == "admin", users.c.disabled.is_(False))
            if before.role == "admin" and not before.disabled and t.connection.scalar(admins) == 0:
                raise StoreError(f"user {name!r} is the only admin. Make somebody else admin first.")
            return _user(_known(t, name))

    def _store_hash(self, actor: User, name: str, hashed: str, what: str) -> None:
        with self.database.transaction() as t:
            authorise(t.connection, actor, "user.change_own" if actor.name == name else "user.change")
            _known(t, name)
            audit.change(t, users, name, {"password_hash": hashed}, actor.name, what, {"user": name})


@cache
def _nobody() -> str:
    """Verified for a name that is not there, so that the time taken does not tell which names are."""
    return _HASHER.hash(LOCAL.name)


def _row(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(users).where(users.c.name == name)).one_or_none()


def _known(t: Transaction, name: str) -> Row[Any]:
    row = _row(t.connection, name)
    if row is None:
        raise StoreError(f"there is no user {name!r}.")
    return row


def _user(row: Row[Any]) -> User:
    return User(row.name, row.role, row.disabled, row.created_at)


def _check_name(name: str) -> None:
    storable(name, "the name of a user")
    # Workers sign the audit as "worker:NAME".
    if name != name.strip() or not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or ":" in name:
        raise StoreError(f"a user's name has 1 to {LONGEST_NAME} printable characters, no colon, and no space around.")
    if name == LOCAL.name:
        raise StoreError(f"the name {LOCAL.name!r} stands for the owner of this machine. Choose another.")


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise StoreError(f"{role!r} is no role. Use {', '.join(ROLES)}.")


def _hash(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise StoreError(f"a password has at least {SHORTEST_PASSWORD} characters. Choose a longer one.")
    return _HASHER.hash(password)


def _matches(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
