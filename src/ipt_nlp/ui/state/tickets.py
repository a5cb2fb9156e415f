"""Who stays signed in: a browser keeps a random ticket, and the app what it can tell it by."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from threading import Lock
from urllib.parse import urlsplit

from ipt_nlp.store import AnnotationStore

STAY_S = 12 * 3600


@dataclass(frozen=True, slots=True)
class _Kept:
    digest: bytes
    name: str
    password_stamp: str
    until: float


@dataclass(slots=True)
class Tickets:
    """The tickets that hold, in memory: whoever starts the app again ends them all.

    A ticket is 256 random bits, of which only a hash is kept. It holds for ``STAY_S`` seconds from signing in, until
    it is dropped, or until its user's password is another. ``clock`` gives seconds.
    """

    clock: Callable[[], float] = time.monotonic
    _kept: list[_Kept] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def issue(self, store: AnnotationStore, name: str) -> str:
        """A new ticket for a user who has just shown who they are."""
        ticket = secrets.token_urlsafe(32)
        kept = _Kept(_digest(ticket), name, store.users.password_stamp(name), self.clock() + STAY_S)
        with self._lock:
            self._kept = [*self._holding(), kept]
        return ticket

    def holder(self, store: AnnotationStore, ticket: str) -> str | None:
        """Whose ticket it is; None where it does not hold.

        Where its user has been disabled, their tickets end for good, and not until somebody enables them again.
        """
        digest = _digest(ticket)
        found = [kept for kept in self._holding() if compare_digest(kept.digest, digest)]
        same = [kept for kept in found if compare_digest(kept.password_stamp, store.users.password_stamp(kept.name))]
        if not same:
            return None
        user = store.users.get(same[0].name)
        if user is None or user.disabled:
            with self._lock:
                self._kept = [kept for kept in self._holding() if kept.name != same[0].name]
            return None
        return user.name

    def drop(self, ticket: str) -> None:
        """End a ticket, in whichever windows it is used."""
        digest = _digest(ticket)
        with self._lock:
            self._kept = [kept for kept in self._holding() if not compare_digest(kept.digest, digest)]

    def _holding(self) -> list[_Kept]:
        now = self.clock()
        return [kept for kept in self._kept if kept.until > now]


def same_origin(origin: str, host: str) -> bool:
    """Whether a window shows a page of this app, by what its browser said when it connected.

    Another app on this machine is of the same site and gets its cookies; Streamlit lets its pages connect.
    """
    return bool(host) and urlsplit(origin).netloc == host


def _digest(ticket: str) -> bytes:
    return sha256(ticket.encode("utf-8", "backslashreplace")).digest()
