"""Going on with an interrupted run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ipt_nlp.errors import InputError
from ipt_nlp.transcript import Transcript


def without_finished(transcripts: Sequence[Transcript], out: Path) -> list[Transcript]:
    """The transcripts that ``out`` does not hold whole; what it holds in part is taken out of it.

    Raises:
        InputError: a line of ``out`` other than the last is no record of ours.
    """
    if not out.exists():
        return list(transcripts)
    lines = out.read_text("utf-8").splitlines(keepends=True)
    owners = [_owner(line, out, number, last=number == len(lines)) for number, line in enumerate(lines, 1)]
    held = Counter(owners)
    whole = {t.transcript_id for t in transcripts if held[t.transcript_id] == len(t.utterances)}
    partial = {t.transcript_id for t in transcripts} - whole | {None}
    kept = [line for line, owner in zip(lines, owners, strict=True) if owner not in partial]
    if len(kept) < len(lines):
        part = out.with_name(out.name + ".part")
        part.write_text("".join(kept), "utf-8", newline="")
        part.replace(out)
    return [t for t in transcripts if t.transcript_id not in whole]


def _owner(line: str, out: Path, number: int, *, last: bool) -> str | None:
    """The transcript a line belongs to; None for a last line that was cut short."""
    try:
        return str(json.loads(line)["transcript_id"])
    except (ValueError, KeyError, TypeError):
        if last:
            return None
        raise InputError(out, "is no record of an earlier run", "Pass another -o", number) from None
