"""The part of the review page that runs in the browser and loses no press."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from ipt_nlp.codebook import Codebook
from ipt_nlp.ui.state.presses import Board, key_map

KEY = "keyboard"
_MOUNT = st.components.v2.component("ipt_keyboard", js=Path(__file__).with_name("keyboard.js").read_text("utf-8"))


def keyboard(board: Board, codebook: Codebook, on_presses: Callable[[], None]) -> None:
    """Say how far the server is with the presses of this window."""
    said = {"board": board.name, "handled": board.handled, "keys": key_map(codebook)}
    _MOUNT(key=KEY, data=said, on_presses_change=on_presses)


def sent() -> Any:
    """What the browser has sent."""
    return (st.session_state.get(KEY) or {}).get("presses")
