"""The look of the app's own HTML, as Streamlit takes it."""

from __future__ import annotations

from pathlib import Path

STYLE = Path(__file__).with_name("style.css")
# The one script of ours, which is the same for everybody and holds nothing that was said.
FOCUS = f"<script>{(Path(__file__).parent / 'focus.js').read_text('utf-8')}</script>"
