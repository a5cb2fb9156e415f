"""The app: ``state`` is what it does, ``views`` and ``pages`` show it; those and ``app.py`` alone import streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "pages"


@dataclass(frozen=True, slots=True)
class PageFile:
    """A page of the app."""

    file: Path
    title: str
    url: str


SIGN_IN = PageFile(FOLDER / "sign_in.py", "Sign in", "sign-in")
SESSIONS = PageFile(FOLDER / "sessions.py", "Sessions", "sessions")
REVIEW = PageFile(FOLDER / "review.py", "Review", "review")
SEARCH = PageFile(FOLDER / "search.py", "Search", "search")
CODEBOOK = PageFile(FOLDER / "manual.py", "Codebook", "codebook")
PAGES = (SESSIONS, REVIEW, SEARCH, CODEBOOK)
