"""Signing in with a password, and the wait that whoever guesses passwords is made to keep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from sqlalchemy import Connection, func, select

from ipt_nlp.store import audit
from ipt_nlp.store.canonical import sha256
from ipt_nlp.store.database import Database, Transaction
from ipt_nlp.store.schema import sign_ins, users
from ipt_nlp.store.users import Users
from ipt_nlp.store.values import SignIn

FREE_TRIES = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 30, 15 * 60
# Whoever tries is not known yet; no user can be called so.
NOBODY = "sign-in:form"
TRY, REFUSE, SUCCEED = "try", "refuse", "succeed"


@dataclass(frozen=True, slots=True)
class SignIns:
    """Tries to sign in. They are kept, so that neither a new page nor a new start of the app sets the count back."""

    database: Database

    def attempt(self, name: str, password: str) -> SignIn:
        """The user, if the password is theirs, they are not disabled, and no wait is on for the name.

        From the fifth wrong password in a row on, further tries wait: 30 s, then twice as long after each wrong one, up
        to 15 min. A name that nobody has is treated the same. A try is counted before its password is looked at, so
        that many at once gain nothing.
        """
        with self.database.transaction() as t:
            wait = _wait_s(t.connection, name, self.database.clock())
            _record(t, name, REFUSE if wait else TRY)
        if wait:
            return SignIn(None, wait, refused=True)
        found = Users(self.database).verify(name, password)
        with self.database.transaction() as t:
            if found is not None:
                _record(t, name, SUCCEED)
                return SignIn(found)
            return SignIn(None, _wait_s(t.connection, name, self.database.clock()))


def wait_after(wrong: int) -> int:
    """Seconds to wait after so many wrong passwords in a row."""
    doubled = FIRST_WAIT_S * 2 ** min(wrong - FREE_TRIES, 16) if wrong >= FREE_TRIES else 0
    return min(int(doubled), LONGEST_WAIT_S)


def _wait_s(connection: Connection, name: str, now: datetime) -> int:
    """Seconds that are left to wait before the next try on a name."""
    column = sign_ins.c
    mine = column.name_digest == digest_of(name)
    succeeded = select(func.coalesce(func.max(column.sign_in_id), 0)).where(mine, column.outcome == SUCCEED)
    since = (mine, column.outcome == TRY, column.sign_in_id > succeeded.scalar_subquery())
    wrong, newest = connection.execute(select(func.count(), func.max(column.created_at)).where(*since)).one()
    if not newest:
        return 0
    passed = (now - datetime.fromisoformat(newest)).total_seconds()
    return max(ceil(wait_after(wrong) - passed), 0)


def _record(t: Transaction, name: str, outcome: str) -> None:
    # What was typed may be a password in the wrong field: only the name of somebody who is a user is kept readable.
    known = t.connection.scalar(select(users.c.name).where(users.c.name == name)) if _is_text(name) else None
    row = {"name_digest": digest_of(name), "outcome": outcome, "created_at": t.now}
    who = name if outcome == SUCCEED else NOBODY
    audit.append(t, sign_ins, row, who, f"sign_in.{outcome}", {"user": known or "(nobody's name)"})


def digest_of(name: str) -> str:
    """What tries on a name are counted by."""
    return sha256("sign-in-1:" + name.encode("utf-8", "backslashreplace").decode("utf-8"))


def _is_text(name: str) -> bool:
    return name.isprintable()
