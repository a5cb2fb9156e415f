"""The command line: each command is a thin shell over a function that returns a value."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from ipt_nlp.commands.agreement_app import AGREEMENT_EXAMPLE, agreement
from ipt_nlp.commands.models_app import RETRAIN_EXAMPLE, models_app, retrain
from ipt_nlp.commands.options import JsonOption, StoreOption, example
from ipt_nlp.errors import IptNlpError, UsageError

app = typer.Typer(
    name="ipt-nlp",
    help="Tags every turn of a psychotherapy transcript with the technique used and the problem area it is about.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
codebook_app = typer.Typer(
    help="Show a codebook, check one of your own, or compare two.", no_args_is_help=True, rich_markup_mode=None
)
store_app = typer.Typer(
    help="Check the store, back it up, or bring it up to date.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(codebook_app, name="codebook")
app.add_typer(store_app, name="store")
app.add_typer(models_app, name="models")
app.command(epilog=RETRAIN_EXAMPLE)(retrain)
app.command(epilog=AGREEMENT_EXAMPLE)(agreement)

INTERRUPTED = 130

ModelOption = Annotated[str, typer.Option("--model", help="Name or folder of a model.")]
CuesOption = Annotated[str | None, typer.Option("--codebook", help="Codebook for cues; the model's by default.")]
RecordsOption = Annotated[
    Path | None, typer.Option("-o", "--output", help="File, or folder for one HTML page a session.")
]
ShardOption = Annotated[str, typer.Option("--shard", metavar="I/N", help="Only the I-th of N parts, for N machines.")]
AnnotationsOption = Annotated[
    list[Path], typer.Option("--annotations", help="Coded corpus: JSONL files, or folders of them. May be repeated.")
]
MoreAnnotations = Annotated[list[Path] | None, typer.Argument(help="More of the corpus.", show_default=False)]
TextOption = Annotated[
    list[str] | None,
    typer.Option("--text", metavar="SOURCE=PATH", help="File with the text of a source's stand-off codes."),
]
SpeakerOption = Annotated[
    list[str] | None,
    typer.Option("--speaker", metavar="NAME=ROLE", help="Role of a speaker; ALL: of the rest."),
]
ColumnOption = Annotated[
    list[str] | None, typer.Option("--column", metavar="FIELD=NAME", help="Name of a table's column.")
]


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Tags every turn of a psychotherapy transcript. Example: ipt-nlp annotate session.txt -o tagged.jsonl."""
    if version:
        from ipt_nlp import __version__

        typer.echo(__version__)
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


@app.command(
    epilog=example("ipt-nlp annotate session.txt -o session.html", "ipt-nlp annotate sessions/ -o tagged.jsonl")
)
def annotate(
    paths: Annotated[list[Path], typer.Argument(help="Transcript files, or folders of them.")],
    out: RecordsOption = None,
    form: Annotated[str | None, typer.Option("--format", help="jsonl, csv, parquet, docbin or html.")] = None,
    model: ModelOption = "default",
    codebook: CuesOption = None,
    speaker: SpeakerOption = None,
    column: ColumnOption = None,
    shard: ShardOption = "1/1",
    resume: Annotated[bool, typer.Option("--resume", help="Leave out what -o FILE.jsonl already holds.")] = False,
    json: JsonOption = False,
) -> None:
    """Tag every turn of the transcripts in PATHS.

    Records go to -o, or to standard output when it is no terminal; the summary goes to the terminal.
    """
    from ipt_nlp.commands.annotate import AnnotateOptions, annotate_files

    annotate_files(
        AnnotateOptions(
            paths=tuple(paths),
            out=out,
            form=form,
            model=model,
            codebook=codebook,
            speakers=_pairs(speaker, "--speaker"),
            columns=_pairs(column, "--column"),
            shard=shard,
            resume=resume,
            json=json,
        )
    )


@app.command(
    epilog=example("ipt-nlp train --annotations annotations/ --config models/default/config.toml -o models/mine")
)
def train(
    annotations: AnnotationsOption,
    out: Annotated[Path, typer.Option("-o", "--output", help="Folder of the new model version.")],
    more: MoreAnnotations = None,
    config: Annotated[Path | None, typer.Option("--config", help="Recipe; the built-in one by default.")] = None,
    codebook: Annotated[str | None, typer.Option("--codebook", help="Codebook; the recipe's by default.")] = None,
    base: Annotated[str | None, typer.Option("--base", help="Folder of another Hugging Face encoder.")] = None,
    text: TextOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
    json: JsonOption = False,
) -> None:
    """Train a model on coded transcripts, calibrate it on held-out sources and measure it on others."""
    from ipt_nlp.commands.learn import train_model

    train_model(
        [*annotations, *(more or [])], out, config, codebook, base, _pairs(text, "--text"), resume=resume, as_json=json
    )


@app.command(epilog=example("ipt-nlp evaluate --model default --annotations coded.jsonl"))
def evaluate(
    annotations: AnnotationsOption,
    more: MoreAnnotations = None,
    model: ModelOption = "default",
    text: TextOption = None,
    json: JsonOption = False,
) -> None:
    """Compare a model with coded transcripts, label by label, with intervals."""
    from ipt_nlp.commands.learn import evaluate_model

    evaluate_model(model, [*annotations, *(more or [])], _pairs(text, "--text"), as_json=json)


@app.command("import", epilog=example("ipt-nlp import sessions/ --store study.db"))
def import_transcripts(
    paths: Annotated[list[Path], typer.Argument(help="Transcript files, or folders of them.")],
    store: StoreOption = None,
    speaker: SpeakerOption = None,
    column: ColumnOption = None,
    json: JsonOption = False,
) -> None:
    """Fill the store with the transcripts in PATHS; what is there already is left as it is."""
    from ipt_nlp.commands.store import import_files

    import_files(paths, store, _pairs(speaker, "--speaker"), _pairs(column, "--column"), as_json=json)


@app.command("app", epilog=example("ipt-nlp app --port 8600"))
def open_app(
    port: Annotated[int, typer.Option("--port", help="Port on 127.0.0.1.", min=1024, max=65535)] = 8501,
) -> None:
    """Open the app on 127.0.0.1, with the example session to read; Ctrl-C ends it."""
    from ipt_nlp.commands.app import start

    raise typer.Exit(start(port))


@codebook_app.command("show", epilog=example("ipt-nlp codebook show ipt --label clarification"))
def codebook_show(
    name: Annotated[str, typer.Argument(help="Name or file of a codebook.")] = "ipt",
    label: Annotated[str | None, typer.Option("--label", help="Show one label in full.")] = None,
    json: JsonOption = False,
) -> None:
    """Show the labels of a codebook, or one of them with its rules and examples."""
    from ipt_nlp.commands.codebook import show

    show(name, label, as_json=json)


@codebook_app.command("check", epilog=example("ipt-nlp codebook check my-codebook.toml"))
def codebook_check(file: Annotated[Path, typer.Argument(help="A codebook file.")], json: JsonOption = False) -> None:
    """Check a codebook file: fields, names, examples and cues."""
    from ipt_nlp.commands.codebook import check

    check(file, as_json=json)


@codebook_app.command("diff", epilog=example("ipt-nlp codebook diff ipt my-codebook.toml"))
def codebook_diff(
    old: Annotated[str, typer.Argument(help="Name or file of a codebook.")],
    new: Annotated[str, typer.Argument(help="Name or file of the one to compare with it.")],
    json: JsonOption = False,
) -> None:
    """Say what changed from one codebook to another: codes, definitions, rules, cues."""
    from ipt_nlp.commands.codebook import diff

    diff(old, new, as_json=json)


@store_app.command("verify", epilog=example("ipt-nlp store verify --store study.db"))
def store_verify(store: StoreOption = None, json: JsonOption = False) -> None:
    """Check that the store holds what was written to it; exit code 1 if not."""
    from ipt_nlp.commands.store import verify_store

    verify_store(store, as_json=json)


@store_app.command("backup", epilog=example("ipt-nlp store backup monday.zip"))
def store_backup(
    file: Annotated[Path, typer.Argument(help="The backup to write. It holds client text: keep it safe.")],
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Write a backup that can be restored on SQLite and on PostgreSQL."""
    from ipt_nlp.commands.store import backup_store

    backup_store(file, store, as_json=json)


@store_app.command("restore", epilog=example("ipt-nlp store restore monday.zip --store new.db"))
def store_restore(
    file: Annotated[Path, typer.Argument(help="A backup.")], store: StoreOption = None, json: JsonOption = False
) -> None:
    """Fill an empty store from a backup, and verify it."""
    from ipt_nlp.commands.store import restore_store

    restore_store(file, store, as_json=json)


@store_app.command("migrate", epilog=example("ipt-nlp store migrate --store study.db"))
def store_migrate(store: StoreOption = None, json: JsonOption = False) -> None:
    """Bring a store to this version, or create it."""
    from ipt_nlp.commands.store import migrate_store

    migrate_store(store, as_json=json)


def _pairs(values: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for value in values or []:
        name, equals, rest = value.partition("=")
        if not (equals and name.strip() and rest.strip()):
            raise UsageError(f"{option} {value}: write it as {option} NAME=VALUE.")
        pairs[name.strip()] = rest.strip()
    return pairs


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line with ``arguments`` and return the exit code; errors become one line on standard error."""
    try:
        # Typer and click end commands by exceptions of their own; with standalone mode off, ours come through.
        code = app(args=arguments, standalone_mode=False)
    except IptNlpError as error:
        print(f"ipt-nlp: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # a traceback could quote a transcript
        return _unexpected(error)
    # Typer itself turns an interrupt into this code, without a word.
    return _interrupted() if code == INTERRUPTED else int(code or 0)


def _interrupted() -> int:
    print("ipt-nlp: interrupted; finished work is kept.", file=sys.stderr)
    return INTERRUPTED


def _unexpected(error: Exception) -> int:
    show = getattr(error, "show", None)
    if callable(show) and hasattr(error, "exit_code"):
        show()
        return int(error.exit_code)
    if type(error).__name__ == "Abort":
        return _interrupted()
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    print(f"ipt-nlp: internal error {type(error).__name__} at {where}. Please report it.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    main()
