"""The tagger beside its peers, and beside itself where it has learned from simulated talk alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from targets import newest

Macros = Mapping[str, Mapping[str, Mapping[str, Any]]]  # view -> what -> figures

COLUMNS = (
    ("core techniques", "all", "techniques: core"),
    ("real talk", "annomi", "techniques: core"),
    ("all techniques", "all", "techniques"),
    ("real talk", "annomi", "techniques"),
    ("themes", "all", "themes"),
    ("real talk", "annomi", "themes"),
)


def comparison_table(checkout: Path) -> str:
    """Macro-F1 over labels with twenty uses or more, on the same transcripts, as a Markdown table."""
    titles = " | ".join(title for title, _, _ in COLUMNS)
    rows = [f"| learned by | {titles} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, views in methods(checkout):
        cells = [views.get(view, {}).get(what, {}).get("frequent_f1") for _, view, what in COLUMNS]
        rows.append(f"| {name} | {' | '.join('–' if c is None else f'{c:.2f}' for c in cells)} |")
    return "\n".join(rows) + "\n"


def methods(checkout: Path) -> Iterator[tuple[str, Macros]]:
    """Name and figures of every method, ours first."""
    metrics = json.loads((checkout / "models" / "default" / "metrics.json").read_text("utf-8"))
    yield "**ipt-nlp**", {view["name"]: view["macro"] for view in metrics["views"]}
    alone = newest(checkout / "benchmarks", "corpus-size-tagger").get("rows", [])
    if alone:
        yield "ipt-nlp, from simulated talk alone", max(alone, key=lambda row: row["share"])["views"]
    yield from newest(checkout / "benchmarks", "peers").get("peers", {}).items()
