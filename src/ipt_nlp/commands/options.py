"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

StoreOption = Annotated[
    str | None, typer.Option("--store", metavar="URL", help="SQLite file or postgresql://…; $IPT_NLP_STORE by default.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the table as JSON.")]


def example(*lines: str) -> str:
    """The examples at the end of a command's help."""
    return "Example:\n\n" + "\n\n".join(lines)
