"""Who is working: the owner of the machine, a user who has signed in, or nobody yet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import Role, SignIn, User

# What Streamlit asks for; the extra "oidc" says the same.
OLDEST_AUTHLIB = (1, 3, 2)
# The provider checks who it is; the password is one that nobody knows.
FIRST_ADMIN = (
    'python -c "import secrets; from ipt_nlp.store import LOCAL, AnnotationStore; '
    "AnnotationStore.open().users.add(LOCAL, 'you@example.org', 'admin', secrets.token_urlsafe())\""
)
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


def oidc_user(store: AnnotationStore, claims: Mapping[str, Any]) -> User | Refused:
    """The user of the e-mail address that the provider gives, whatever its case."""
    email = str(claims.get("email") or "")
    if not email:
        return Refused("Your identity provider gave no e-mail address, so this store cannot tell who you are.")
    # Some providers say nothing of it. Where one says no, anybody may have typed the address.
    if str(claims.get("email_verified", True)).casefold() == "false":
        return Refused(f"Your identity provider has not verified {email}. Verify it there, then sign in again.")
    found = next((user for user in store.users.list() if user.name.casefold() == email.casefold()), None)
    if found is None:
        return Refused(f"{email} is no user of this store. Ask its admin to add you under this address.")
    if found.disabled:
        return Refused(f"{email} has been disabled in this store. Ask its admin to enable you.")
    return found


def why_not(tried: SignIn) -> str:
    """What somebody is told who could not sign in: the same whether or not there is a user of that name."""
    if tried.refused:
        return f"Too many wrong passwords for this name. Try again in {worded_wait(tried.wait_s)}."
    wait = f" The next try is possible in {worded_wait(tried.wait_s)}." if tried.wait_s else ""
    return f"The name or the password is wrong, or the user has been disabled.{wait}"


def worded_wait(seconds: int) -> str:
    """Seconds as a person waits them, rounded up to minutes from two minutes on."""
    count, unit = (seconds, "second") if seconds < 120 else (-(-seconds // 60), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def no_authlib() -> str:
    """Why an identity provider cannot be used, where its package is missing or too old; else nothing."""
    try:
        found = tuple(int(number) for number in re.findall(r"\d+", version("authlib"))[:3])
    except PackageNotFoundError:
        found = ()
    if found >= OLDEST_AUTHLIB:
        return ""
    return (
        "An identity provider is set up in .streamlit/secrets.toml, and the package that talks to it is missing or too "
        "old. Run: pip install 'ipt-nlp[oidc]', and start the app again."
    )


def registered_place(redirect_uri: str, url: str) -> str:
    """The app's address that the provider knows, where ``url`` is another, to which nobody comes back; else nothing."""
    known, here = urlsplit(redirect_uri), urlsplit(url)
    if not url or (known.scheme, known.netloc) == (here.scheme, here.netloc):
        return ""
    return redirect_uri.removesuffix("oauth2callback")


def no_admin(store: AnnotationStore) -> str:
    """How the first admin is made, where an identity provider is set up and there is nobody whom it could let in."""
    if store.users.single_user() is None:
        return ""
    return (
        "An identity provider is set up, and this store has no users yet, so nobody can sign in. On the machine of the "
        "app, run this with the address that you sign in with, then load this page again:"
    )


def is_leading(user: User) -> bool:
    """Whether ``user`` may import, describe and see what others have coded."""
    return user.role in LEADING
