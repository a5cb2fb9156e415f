"""Write the figures of the model and of the corpus into the documents: run after training or coding.

Run: python scripts/figures.py [CHECKOUT]. Figures stand between ``<!-- figures -->`` marks; nothing else is touched.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from comparisons import comparison_table
from loop import loop_table
from targets import target_table

from ipt_nlp.agreement import LabelAgreement, label_agreement
from ipt_nlp.annotation import Annotation
from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import read_annotations

MARKS = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- /\2 -->)", re.DOTALL)
FEWEST_USES = 10


def main() -> None:
    checkout = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    metrics = json.loads((checkout / "models" / "default" / "metrics.json").read_text("utf-8"))
    tables = {"targets": target_table(checkout), "figures": model_table(metrics), "peers": comparison_table(checkout)}
    tables["loop"] = loop_table(checkout)
    fill(checkout / "README.md", tables)
    annotations = list(read_annotations([checkout / "annotations"]))
    codebook = Codebook.load("ipt")
    parts = {"composition": composition(annotations, codebook), "agreement": agreement_tables(annotations, codebook)}
    fill(checkout / "annotations" / "README.md", parts)


def fill(path: Path, parts: dict[str, str]) -> None:
    """Replace what stands between the marks of each part."""
    text = MARKS.sub(lambda m: m[1] + parts[m[2]] + m[3] if m[2] in parts else m[0], path.read_text("utf-8"))
    path.write_text(text, "utf-8")


def model_table(metrics: dict[str, Any]) -> str:
    """Macro figures of every view, as the README shows them."""
    rows = [
        "| test transcripts | what | labels | macro-F1 | 95 % | labels with ≥ 20 uses | macro-F1 |",
        "|---|---|---|---|---|---|---|",
    ]
    for view in metrics["views"]:
        for name, m in view["macro"].items():
            where = f"{view['name']} ({view['transcripts']:,}; {view['turns']:,} turns)"
            cells = [
                where,
                name,
                m["labels"],
                number(m["f1"]),
                span(m["interval"]),
                m["frequent_labels"],
                number(m["frequent_f1"]),
            ]
            rows.append("| " + " | ".join(map(str, cells)) + " |")
    return (
        f"Model `{metrics['model']}`, on sources that training and calibration did not see:\n\n"
        + "\n".join(rows)
        + "\n"
    )


def composition(annotations: list[Annotation], codebook: Codebook) -> str:
    """Coded turns by source, and uses of each label by the first coder."""
    first = first_coder(annotations)
    sources = sorted({a.source for a in first})
    turns = Counter(a.source for a in first)
    cases = Counter(source for source, _ in {(a.source, a.transcript_id) for a in first})
    double = Counter(a.source for a in annotations if a.coder == "ai-B")
    uses: dict[str, Counter[str]] = defaultdict(Counter)
    for annotation in first:
        for labels in annotation.labels.values():
            for label in labels:
                uses[label][annotation.source] += 1
    rows = ["| | " + " | ".join(sources) + " | all |", "|---|" + "---|" * (len(sources) + 1)]
    for title, counts in (("transcripts or excerpts", cases), ("coded turns", turns), ("of them double coded", double)):
        rows.append(f"| {title} | " + " | ".join(f"{counts[s]:,}" for s in sources) + f" | {counts.total():,} |")
    for title, counts in ((f"`{label}`", uses[label]) for label in codebook.by_name):
        rows += [f"| {title} | " + " | ".join(f"{counts[s]:,}" for s in sources) + f" | {counts.total():,} |"]
    return "\n".join(rows) + "\n"


def first_coder(annotations: list[Annotation]) -> list[Annotation]:
    """The annotations of the first coder of each turn."""
    return [a for a in annotations if a.coder == "ai-A"]


def agreement_tables(annotations: list[Annotation], codebook: Codebook) -> str:
    """Agreement of the two coders by label, for real and for simulated talk."""
    parts = []
    for source in sorted({a.source for a in annotations if a.coder == "ai-B"}):
        ours = [a for a in annotations if a.source == source]
        for group in codebook.groups:
            first, second = ([a for a in ours if a.coder == coder] for coder in ("ai-A", "ai-B"))
            rows = label_agreement(first, second, group.name, codebook.labels_of(group.name))
            parts.append(agreement_table(f"{source}, {group.title.lower()}", rows))
    return "\n".join(parts)


def agreement_table(title: str, figures: list[LabelAgreement]) -> str:
    used = [f for f in figures if f.prevalence]
    often = [f for f in used if f.prevalence * f.n >= FEWEST_USES and f.kappa is not None]
    kappas = [f.kappa for f in often if f.kappa is not None]
    mean = (
        f"mean kappa of the {len(kappas)} labels with {FEWEST_USES} or more uses {sum(kappas) / len(kappas):.2f}"
        if kappas
        else ""
    )
    rows = [
        f"**{title}** ({figures[0].n:,} turns; {mean})",
        "",
        "| label | uses | raw | kappa | 95 % | AC1 |",
        "|---|---|---|---|---|---|",
    ]
    for f in used:
        cells = [
            f"`{f.label}`",
            f"{f.prevalence * f.n:.0f}",
            f"{f.raw:.3f}",
            number(f.kappa),
            span(f.interval),
            number(f.ac1),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    unused = [f"`{f.label}`" for f in figures if not f.prevalence]
    rows += ["", f"Used by neither coder here: {', '.join(unused)}."] if unused else []
    return "\n".join(rows) + "\n"


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def span(interval: list[float] | tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.2f}–{interval[1]:.2f}"


if __name__ == "__main__":
    main()
