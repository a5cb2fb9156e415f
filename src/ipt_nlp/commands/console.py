"""The terminal: messages and tables go to standard error, so that standard output carries only data."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

console = Console(stderr=True, highlight=False, soft_wrap=True)


def notice(message: str) -> None:
    """A line about something that was inferred or left out."""
    console.print(f"[yellow]note:[/] {escape(message)}")


def say(message: str) -> None:
    """A line that tells where a result is."""
    console.print(escape(message))


def progress_bar() -> Progress:
    """A bar that shows only on a terminal."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def print_json(value: Any) -> None:
    """``value`` as JSON on standard output."""
    sys.stdout.write(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table; its first column is text, the others are numbers."""
    shown = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        shown.add_column(column, justify="right" if number else "left", header_style="dim", no_wrap=True)
    for row in rows:
        shown.add_row(*(escape(cell) for cell in row))
    console.print(shown)
    console.print()
