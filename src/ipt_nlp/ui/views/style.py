"""The look of the app's own HTML, as Streamlit takes it."""

from __future__ import annotations

from pathlib import Path

STYLE = Path(__file__).with_name("style.css")
