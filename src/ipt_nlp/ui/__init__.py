"""The app's pages; with ``app.py`` the only place that imports streamlit."""

from __future__ import annotations

from pathlib import Path

PAGES = [(Path(__file__).parent / "pages" / "read.py", "Read a session")]
