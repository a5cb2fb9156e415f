"""The shells of ``ipt-nlp retrain`` and ``ipt-nlp models``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ipt_nlp.commands.options import JsonOption, StoreOption, example

models_app = typer.Typer(
    help="The models of a store: list them, promote one, go back.", no_args_is_help=True, rich_markup_mode=None
)
RETRAIN_EXAMPLE = example("ipt-nlp retrain", "ipt-nlp retrain --store study.db --codebook my-codebook.toml")


def retrain(
    store: StoreOption = None,
    codebook: Annotated[
        str | None, typer.Option("--codebook", help="Codebook, which may have new labels; the champion's by default.")
    ] = None,
    annotations: Annotated[
        list[Path] | None, typer.Option("--annotations", help="Coded corpus to replay, in place of the shipped one.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Learn from what was corrected in the store; promote the new model if it is no worse on turns coded blind."""
    from ipt_nlp.commands.models import retrain_store

    retrain_store(store, codebook, annotations or [], as_json=json)


@models_app.command("list", epilog=example("ipt-nlp models list --store study.db"))
def models_list(store: StoreOption = None, json: JsonOption = False) -> None:
    """List the models of a store and what the gate said of each."""
    from ipt_nlp.commands.models import list_models

    list_models(store, as_json=json)


@models_app.command("promote", epilog=example("ipt-nlp models promote retrained-2"))
def models_promote(
    name: Annotated[str, typer.Argument(help="Name or ref of a model of the store.")],
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Make NAME the champion, whatever the gate said; unreviewed turns are tagged anew in the background."""
    from ipt_nlp.commands.models import promote_model

    promote_model(store, name, as_json=json)


@models_app.command("rollback", epilog=example("ipt-nlp models rollback --store study.db"))
def models_rollback(store: StoreOption = None, json: JsonOption = False) -> None:
    """Take the last promotion back; unreviewed turns are tagged anew in the background."""
    from ipt_nlp.commands.models import roll_back

    roll_back(store, as_json=json)
