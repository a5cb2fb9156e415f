"""``ipt-nlp agreement`` as the command line shows it."""

from __future__ import annotations

from typing import Annotated

import typer

from ipt_nlp.commands.options import JsonOption, StoreOption, example

AGREEMENT_EXAMPLE = example("ipt-nlp agreement", "ipt-nlp agreement --by model --json")


def agreement(
    by: Annotated[str, typer.Option("--by", help="coder: coders with each other; model: with the model.")] = "coder",
    store: StoreOption = None,
    codebook: Annotated[str, typer.Option("--codebook", help="Name or file of a codebook.")] = "ipt",
    assisted: Annotated[
        bool, typer.Option("--assisted", help="Also turns that were coded with a suggestion in view.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """How far coders agree in a store, code by code, with intervals."""
    from ipt_nlp.commands.agreement import show_agreement

    show_agreement(store, by, codebook, assisted=assisted, as_json=json)
