"""What the project aims at and what was measured, from ``metrics.json`` and the newest benchmark files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Target:
    """One aim: ``measured`` None where nothing was measured; ``interval`` is 95 %."""

    what: str
    limit: float
    at_least: bool
    measured: float | None
    interval: tuple[float, float] | None = None
    note: str = ""
    digits: int = 2

    @property
    def met(self) -> bool:
        """Whether the target is reached; what was not measured is not."""
        if self.measured is None:
            return False
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


def target_table(checkout: Path) -> str:
    """The targets of the model as a Markdown table."""
    return table(targets(checkout))


def table(rows_of: Iterable[Target]) -> str:
    """Targets as a Markdown table."""
    rows = ["| what | target | measured | 95 % | met |", "|---|---|---|---|---|"]
    for target in rows_of:
        sign = "≥" if target.at_least else "≤"
        measured = "not measured" if target.measured is None else f"{target.measured:.{target.digits}f}{target.note}"
        interval = f"{target.interval[0]:.2f}–{target.interval[1]:.2f}" if target.interval else ""
        met = "yes" if target.met else "no"
        rows.append(f"| {target.what} | {sign} {target.limit:.{target.digits}f} | {measured} | {interval} | {met} |")
    return "\n".join(rows) + "\n"


def targets(checkout: Path) -> Iterator[Target]:
    """Every target with what was measured."""
    model = checkout / "models" / "default"
    metrics = json.loads((model / "metrics.json").read_text("utf-8"))
    views = {view["name"]: view for view in metrics["views"]}
    yield from _macro(views)
    peers, annomi, speed = (newest(checkout / "benchmarks", name) for name in ("peers", "annomi", "annotate"))
    best = [
        f
        for p in peers.get("peers", {}).values()
        if (f := p["all"].get("techniques: core", {}).get("frequent_f1")) is not None
    ]
    ours = views["all"]["macro"]["techniques: core"]["frequent_f1"]
    yield Target("core techniques: lead over the best peer", 0.10, True, round(ours - max(best), 4) if best else None)
    for group, limit in (("therapist_behaviour", 0.82), ("client_talk", 0.62)):
        macro = annomi.get("methods", {}).get("ipt-nlp", {}).get(group, {}).get("macro", {})
        title = group.replace("_", " ")
        yield Target(f"AnnoMI {title}, macro-F1, 5 folds", limit, True, macro.get("f1"), _pair(macro.get("interval")))
    yield from _confidence(views["all"])
    yield Target(
        "inference: turns/s over those of a Hugging Face pipeline, no context",
        8.0,
        True,
        speed.get("ratio_to_pipeline"),
        note="x",
    )
    yield Target(
        "tokens/s of the whole pipeline over those of the bare encoder, same precision",
        0.75,
        True,
        speed.get("ratio_to_bare_encoder"),
    )
    yield Target(
        "8-bit engine over float32 (processors without AMX)", 1.7, True, speed.get("int8_over_float32"), note="x"
    )
    size = sum(file.stat().st_size for file in model.iterdir() if file.is_file()) / MEGABYTE
    yield Target("shipped model folder, MB", 12.0, False, round(size, 2))


def newest(folder: Path, name: str) -> dict[str, Any]:
    """The newest dated JSON of one benchmark, or nothing."""
    files = sorted(folder.glob(f"{name}-*.json"))
    return dict(json.loads(files[-1].read_text("utf-8"))) if files else {}


def _macro(views: dict[str, Any]) -> Iterator[Target]:
    wanted = (
        ("core techniques", "techniques: core", 0.80, 0.72),
        ("all techniques", "techniques", 0.70, None),
        ("themes", "themes", 0.80, 0.65),
    )
    for title, name, everything, real in wanted:
        for view, limit in (("all", everything), ("annomi", real)):
            if limit is not None and name in views.get(view, {}).get("macro", {}):
                macro = views[view]["macro"][name]
                where = "held-out sources" if view == "all" else "real talk only"
                yield Target(
                    f"{title}, macro-F1, {where}", limit, True, macro["frequent_f1"], _pair(macro["frequent_interval"])
                )


def _confidence(view: dict[str, Any]) -> Iterator[Target]:
    errors = [f["ece"] for rows in view["labels"].values() for f in rows]
    yield Target("expected calibration error, mean over labels", 0.04, False, sum(errors) / len(errors))
    accepted = view["groups"]["techniques"]["acceptance"]
    right = "" if accepted["right"] is None else f" ({accepted['right']:.0%} of them right)"
    yield Target("therapist turns above the auto-accept confidence", 0.60, True, accepted["share"], note=right)


def _pair(interval: list[float] | None) -> tuple[float, float] | None:
    return (interval[0], interval[1]) if interval else None
