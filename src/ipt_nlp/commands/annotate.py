"""``ipt-nlp annotate``: the main job."""

from __future__ import annotations

import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ipt_nlp.codebook import Codebook
from ipt_nlp.commands import console
from ipt_nlp.errors import UsageError
from ipt_nlp.export.resume import without_finished
from ipt_nlp.export.writers import Writer, choose_format, open_writer
from ipt_nlp.readers import read_transcripts
from ipt_nlp.summary import Summary
from ipt_nlp.transcript import ROLES, Role, Transcript

BAR_WIDTH = 20


@dataclass(frozen=True, slots=True)
class AnnotateOptions:
    """What the command line said."""

    paths: tuple[Path, ...]
    out: Path | None
    form: str | None
    model: str
    codebook: str | None
    speakers: Mapping[str, str]
    columns: Mapping[str, str]
    shard: str
    resume: bool
    json: bool


def annotate_files(options: AnnotateOptions) -> Summary:
    """Read all transcripts, then tag and write them one by one.

    Everything is read first, so that a bad file stops the run before anything is written.
    """
    quiet = options.out is None and sys.stdout.isatty()
    if options.json and options.out is None and not quiet:
        raise UsageError("--json prints the summary where the records go. Pass -o FILE for the records.")
    form = choose_format(options.form, options.out)
    transcripts = _shard(_read(options), options.shard)
    if options.resume:
        if form != "jsonl" or options.out is None:
            raise UsageError("--resume goes on with JSON lines. Pass -o FILE.jsonl.")
        transcripts = without_finished(transcripts, options.out)

    from ipt_nlp.models import find_model

    find_model(options.model)
    from ipt_nlp.pipeline import load

    nlp = load(options.model, codebook=options.codebook)
    cues: Any = nlp.get_pipe("ipt_cues")
    tagger: Any = nlp.get_pipe("ipt_tagger")
    codebook: Codebook = cues.codebook
    _same_groups([head.name for head in tagger.scorer.heads], codebook)
    writer = None if quiet else open_writer(form, options.out, codebook, append=options.resume)
    summary = _run(nlp, transcripts, writer)
    _report(summary, codebook, options, quiet=quiet)
    return summary


def _read(options: AnnotateOptions) -> list[Transcript]:
    speakers = roles(options.speakers)
    return [
        transcript
        for path in options.paths
        for transcript in read_transcripts(path, speakers=speakers, columns=options.columns, notify=console.notice)
    ]


def _shard(transcripts: list[Transcript], shard: str) -> list[Transcript]:
    match = re.fullmatch(r"(\d+)/(\d+)", shard)
    part, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= part <= count:
        raise UsageError(f"--shard {shard}: write it as I/N with I from 1 to N, such as 2/8.")
    return transcripts[part - 1 :: count]


def roles(speakers: Mapping[str, str]) -> dict[str, Role]:
    """The roles that ``--speaker`` gave.

    Raises:
        UsageError: a role is none.
    """
    for name, role in speakers.items():
        if role not in ROLES:
            raise UsageError(f"--speaker {name}={role}: a role is one of {', '.join(ROLES)}.")
    return {name: cast("Role", role) for name, role in speakers.items()}


def _same_groups(names: list[str], codebook: Codebook) -> None:
    """A codebook for cues must have the groups that the model predicts."""
    if set(names) != {group.name for group in codebook.groups}:
        raise UsageError(f"codebook {codebook.ref} has other label groups than the model. Pass the model's codebook.")


def _run(nlp: object, transcripts: list[Transcript], writer: Writer | None) -> Summary:
    from spacy.language import Language

    from ipt_nlp.pipeline import annotate

    assert isinstance(nlp, Language)
    summary = Summary()
    try:
        with console.progress_bar() as bar:
            task = bar.add_task("annotating", total=sum(len(t.utterances) for t in transcripts))
            for transcript, predictions in annotate(nlp, transcripts):
                if writer:
                    with _uninterrupted():
                        writer.write(transcript, predictions)
                summary.add(transcript, predictions)
                bar.advance(task, len(predictions))
    finally:
        if writer:
            writer.close()
    return summary


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold an interrupt back until the transcript that is being written is whole."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if held:
        raise KeyboardInterrupt


def _report(summary: Summary, codebook: Codebook, options: AnnotateOptions, *, quiet: bool) -> None:
    if options.json:
        console.print_json(summary.as_dict(codebook))
    else:
        for group in codebook.groups:
            base = summary.base(codebook, group.name)
            rows = [
                [codebook.by_name[label].title, str(n), f"{share:.0%}", _bar(share)]
                for label, n, share in summary.rows(codebook, group.name)
            ]
            console.table(f"{group.title} (of {base:,} turns)", ["", "n", "share", ""], rows)
        counted = (
            f"{summary.transcripts:,} transcript{'s' if summary.transcripts != 1 else ''}, {summary.all_turns:,} turns"
        )
        console.say(f"{counted}; {summary.review:,} worth a second look. Model {summary.model}.")
    if options.out:
        console.say(f"Written: {options.out}")
    elif quiet:
        console.say("Nothing was written. Pass -o FILE.jsonl, .csv or .html to keep the tags.")


def _bar(share: float) -> str:
    return ("█" * round(share * BAR_WIDTH)).ljust(BAR_WIDTH, "·")
