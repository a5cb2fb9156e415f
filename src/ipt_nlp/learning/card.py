"""The model card: every figure in it comes from ``metrics.json``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.evaluation import Evaluation
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.learning.splits import Split

CARD = "README.md"


def write_card(folder: Path, evaluation: Evaluation, split: Split, recipe: Recipe, codebook: Codebook) -> None:
    """Write the card of the model in ``folder``."""
    environment = Environment(  # noqa: S701  # the card is Markdown, and holds no text of transcripts
        loader=PackageLoader("ipt_nlp", "learning"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = _number
    environment.filters["span"] = _span
    environment.filters["percent"] = _percent
    environment.filters["thousandths"] = "{:.3f}".format
    card = environment.get_template("card.md.j2").render(
        evaluation=evaluation,
        recipe=recipe,
        codebook=codebook,
        parts={name: _part(getattr(split, name)) for name in ("train", "calibration", "test")},
    )
    (folder / CARD).write_text(card, "utf-8")


def _part(transcripts: Sequence[CodedTranscript]) -> dict[str, object]:
    turns = Counter[str]()
    for transcript in transcripts:
        turns[transcript.source] += len(transcript.annotations)
    groups = len({transcript.group for transcript in transcripts})
    return {"transcripts": len(transcripts), "groups": groups, "turns": dict(turns)}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _span(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.2f}–{interval[1]:.2f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
