"""The app: ``state`` is what it does, ``views`` and ``pages`` show it; those and ``app.py`` alone import streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ipt_nlp.store.values import ROLES, Role
from ipt_nlp.ui.state.people import LEADING

FOLDER = Path(__file__).parent / "pages"


@dataclass(frozen=True, slots=True)
class PageFile:
    """A page of the app, and whose navigation has it; the page itself checks again."""

    file: Path
    title: str
    url: str
    roles: tuple[Role, ...] = ROLES


SIGN_IN = PageFile(FOLDER / "sign_in.py", "Sign in", "sign-in")
SESSIONS = PageFile(FOLDER / "sessions.py", "Sessions", "sessions")
REVIEW = PageFile(FOLDER / "review.py", "Review", "review")
SEARCH = PageFile(FOLDER / "search.py", "Search", "search")
CODEBOOK = PageFile(FOLDER / "manual.py", "Codebook", "codebook")
AGREEMENT = PageFile(FOLDER / "agreement.py", "Agreement", "agreement", LEADING)
RETRAIN = PageFile(FOLDER / "retrain.py", "Retrain", "retrain", LEADING)
ADMIN = PageFile(FOLDER / "admin.py", "Admin", "admin", ("admin",))
PAGES = (SESSIONS, REVIEW, SEARCH, CODEBOOK, AGREEMENT, RETRAIN, ADMIN)
