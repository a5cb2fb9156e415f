"""Pictures beside a model: how it learned, and whether its probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ipt_nlp.learning.confidence import Bin

# Okabe & Ito (2008): told apart by people of every colour vision; the marks differ, too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
MARKS = ("o", "s", "^", "D")
SIZE = (6.0, 3.6)


def learning_curve(points: Sequence[tuple[int, float]], path: Path) -> None:
    """The training loss by step."""
    figure, axes = _figure("training step", "loss")
    axes.plot([step for step, _ in points], [loss for _, loss in points], color=COLOURS[0], linewidth=1.5)
    axes.set_ylim(bottom=0)
    _save(figure, path)


def reliability_diagram(bins: Mapping[str, Sequence[Bin]], path: Path) -> None:
    """Share of labels that the coder gave by the probability that the model gave them; on the diagonal they agree."""
    figure, axes = _figure("probability by the model", "share given by the coder")
    axes.plot([0, 1], [0, 1], color="#888888", linewidth=1, linestyle="--", label="as it should be")
    for (group, rows), colour, mark in zip(bins.items(), COLOURS, MARKS, strict=False):
        known = [b for b in rows if b.count]
        axes.plot([b.mean_score for b in known], [b.share_given for b in known], mark + "-", color=colour, label=group)
    axes.legend(frameon=False)
    _save(figure, path)


def curves(lines: Mapping[str, Sequence[tuple[float, float]]], x: str, y: str, path: Path) -> None:
    """Named lines over one axis, such as macro-F1 by turns learned from."""
    figure, axes = _figure(x, y)
    for (name, points), colour, mark in zip(lines.items(), COLOURS, MARKS, strict=False):
        axes.plot([p[0] for p in points], [p[1] for p in points], mark + "-", color=colour, label=name)
    axes.legend(frameon=False)
    axes.set_ylim(bottom=0)
    _save(figure, path)


def _figure(x: str, y: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return figure, axes


def _save(figure: Any, path: Path) -> None:
    # Without a date or a version in it, the same figures give the same file.
    figure.savefig(path, dpi=100, metadata={"Software": None})
