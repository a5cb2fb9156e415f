"""Who is working: the owner of the machine, a user who has signed in, or nobody yet."""

from __future__ import annotations

from dataclasses import dataclass

from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import Role, User

LEADING: tuple[Role, ...] = ("supervisor", "researcher", "admin")


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody whom the identity provider knows and this store does not let in; ``why`` is what they are told."""

    why: str


def working_user(store: AnnotationStore, signed_in: str | None) -> User | None:
    """The owner while the store has no users, else whoever has signed in; the store is asked each time."""
    alone = store.users.single_user()
    if alone is not None or not signed_in:
        return alone
    found = store.users.get(signed_in)
    return None if found is None or found.disabled else found


def oidc_user(store: AnnotationStore, email: str) -> User | Refused:
    """The user of that e-mail address, whatever its case."""
    if not email:
        return Refused("Your identity provider gave no e-mail address, so this store cannot tell who you are.")
    found = next((user for user in store.users.list() if user.name.casefold() == email.casefold()), None)
    if found is None:
        return Refused(f"{email} is no user of this store. Ask its admin to add you under this address.")
    if found.disabled:
        return Refused(f"{email} has been disabled in this store. Ask its admin to enable you.")
    return found


def is_leading(user: User) -> bool:
    """Whether ``user`` may import, describe and see what others have coded."""
    return user.role in LEADING
