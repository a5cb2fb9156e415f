"""Which role may do what: data, checked in the store for each write."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ipt_nlp.errors import RoleError
from ipt_nlp.store.schema import users
from ipt_nlp.store.values import LOCAL, ROLES, Role, User

_EVERYBODY = ROLES
_LEADING: tuple[Role, ...] = ("supervisor", "researcher", "admin")
_RESEARCH: tuple[Role, ...] = ("researcher", "admin")

PERMISSIONS: dict[str, tuple[Role, ...]] = {
    "user.add": ("admin",),
    "user.change": ("admin",),
    "user.change_own": _EVERYBODY,
    "transcript.add": _LEADING,
    "transcript.describe": _LEADING,
    "prediction.save": _LEADING,
    "event.append": _EVERYBODY,
    "event.read_others": _LEADING,
    "glimpse.append": _EVERYBODY,
    "lease.take": _EVERYBODY,
    "lease.free": ("admin",),
    "adjudication.append": _LEADING,
    "sign_off.append": ("supervisor", "admin"),
    "model.change": _RESEARCH,
    "codebook.change": _LEADING,
    "job.create": _RESEARCH,
    "job.cancel": _RESEARCH,
    "store.backup": ("admin",),
    "store.restore": ("admin",),
}


def authorise(connection: Connection, actor: User, what: str) -> None:
    """Check that ``actor`` may do ``what``, by the role that the store has for them now.

    Raises:
        RoleError: they may not, are disabled, or are no user; the message names the roles that may.
    """
    allowed = PERMISSIONS[what]
    role = LOCAL.role if actor == LOCAL else _stored_role(connection, actor)
    if role not in allowed:
        raise RoleError(f"{actor.name!r} is {_article(role)} and may not do {what}. It is for: {', '.join(allowed)}.")


def _stored_role(connection: Connection, actor: User) -> str:
    row = connection.execute(select(users.c.role, users.c.disabled).where(users.c.name == actor.name)).one_or_none()
    if row is None:
        raise RoleError(f"{actor.name!r} is no user of this store. An admin can add them.")
    if row.disabled:
        raise RoleError(f"user {actor.name!r} is disabled. An admin can enable them.")
    return str(row.role)


def _article(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"
