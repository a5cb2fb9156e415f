"""How many turns a person has to code: queues replayed on the coded corpus, whose codes answer for the coder.

Run: python scripts/bench_active_learning.py [--develop] [--seeds 5] [--out benchmarks]
``--develop`` measures on other sources than the report does: what is tuned is tuned there.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import CodedTranscript, read_corpus
from ipt_nlp.learning.queue import STRATEGIES, Strategy
from ipt_nlp.learning.replay import Point, Replay, Turns, at_random, one_label, turns_of
from ipt_nlp.learning.splits import split

ROOT = Path(__file__).resolve().parents[1]
SOURCE = "simulated"
POOL_TURNS, CALIBRATION_TURNS = 6000, 2500
BATCHES = [100, 200] + [300] * 3 + [400] * 3 + [600] * 2
# Queue by name, and the queue of the first hundred turns, when only cue phrases are known.
CURVES: dict[str, tuple[Strategy, Strategy]] = {
    "random": (at_random, at_random),
    "least certain, first turns at random": (STRATEGIES["least_certain"], at_random),
    "default, first turns at random": (STRATEGIES["mixed"], at_random),
    "default, first turns by cue phrases": (STRATEGIES["mixed"], STRATEGIES["mixed"]),
}
NEW_CODE = [10, 10, 10]
PRESUMED = 300
SEED = 13


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--develop", action="store_true")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=ROOT / "out")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks")
    options = parser.parse_args()
    torch.set_num_threads(1)
    codebook = Codebook.load("ipt")
    replayed = parts(codebook, options.cache, develop=options.develop)
    whole = replayed.whole_pool()
    runs = {
        name: [replayed.run(queue, BATCHES, seed, first) for seed in range(options.seeds)]
        for name, (queue, first) in CURVES.items()
    }
    now = datetime.now(UTC)
    found = {
        "date": now.isoformat(timespec="seconds"),
        "pool_turns": len(replayed.pool.keys),
        "held_out_turns": len(replayed.held_out.keys),
        "labels": int((~np.isnan(whole.f1)).sum()),
        "whole_pool": macro(whole, replayed, codebook),
        "cue_rules_alone": macro(replayed.cues_alone(), replayed, codebook),
        "queues": {name: curve(points, whole, replayed, codebook) for name, points in runs.items()},
        "new_code": new_codes(replayed, whole, options.seeds),
    }
    name = f"active-learning{'-develop' * options.develop}"
    (options.out / f"{name}-{now:%Y-%m-%d}.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    draw(found, options.out / f"{name}.png")
    say(found)


def parts(codebook: Codebook, cache: Path, *, develop: bool) -> Replay:
    """Pool, calibration and held-out turns, no source in two of them; development and report have other sources."""
    corpus = [t for t in read_corpus([ROOT / "annotations"]).transcripts if t.source == SOURCE]
    cut = split(corpus, count=6, test=(0,), calibration=(1, 2), seed=SEED)
    groups = sorted({t.group for t in cut.calibration})
    chosen = {
        "pool": some(cut.train, POOL_TURNS),
        "calibration": some([t for t in cut.calibration if t.group in groups[::2]], CALIBRATION_TURNS),
        "develop": [t for t in cut.calibration if t.group in groups[1::2]],
        "test": list(cut.test),
    }
    cache.mkdir(parents=True, exist_ok=True)
    names = ("pool", "calibration", "develop" if develop else "test")
    return Replay(*(cached(chosen[name], codebook, cache / f"replay-{name}.npz") for name in names))


def cached(transcripts: Sequence[CodedTranscript], codebook: Codebook, file: Path) -> Turns:
    """The arrays of ``transcripts``; sentence vectors are kept in ``file``, as they take minutes."""
    known = np.load(file)["vectors"] if file.exists() else None
    turns = turns_of(transcripts, codebook, known)
    np.savez(file, vectors=turns.vectors)
    return turns


def some(transcripts: Sequence[CodedTranscript], most: int) -> list[CodedTranscript]:
    """Random whole transcripts, until there are ``most`` turns."""
    shuffled = list(transcripts)
    random.Random(SEED).shuffle(shuffled)  # noqa: S311  # a sample, no secret
    sizes = np.cumsum([len(t.annotations) for t in shuffled])
    chosen = shuffled[: int(np.searchsorted(sizes, most)) + 1]
    return sorted(chosen, key=lambda t: (t.group, t.transcript.transcript_id))


def macro(point: Point, replayed: Replay, codebook: Codebook) -> dict[str, float]:
    """Macro-F1 over the labels with at least twenty uses in the held-out turns: all, a group each, and the core."""
    families = {g.name: codebook.labels_of(g.name) for g in codebook.groups}
    families |= {"core": codebook.family_of("techniques", "core"), "all": replayed.held_out.labels}
    columns = {name: np.isin(replayed.held_out.labels, labels) for name, labels in families.items()}
    return {name: round(float(np.nanmean(point.f1[asked])), 4) for name, asked in columns.items()}


def curve(runs: Sequence[Sequence[Point]], whole: Point, replayed: Replay, codebook: Codebook) -> dict[str, Any]:
    """The learning curve of one queue over its seeds, and when it reaches what the whole pool gives."""
    figures = [[macro(p, replayed, codebook) for p in points] for points in runs]
    f1 = np.array([[m["all"] for m in points] for points in figures])
    coded = np.array([p.coded for p in runs[0]])
    share = coded / len(replayed.pool.keys)
    target = macro(whole, replayed, codebook)["all"]
    mean = f1.mean(axis=0)
    return {
        "coded": coded.tolist(),
        "macro_f1": {
            name: np.mean([[m[name] for m in points] for points in figures], axis=0).round(4).tolist()
            for name in figures[0][0]
        },
        "spread": f1.std(axis=0, ddof=min(1, len(f1) - 1)).round(4).tolist(),
        "of_whole_pool_at_40_percent": round(float(mean[share <= 0.4][-1]) / target, 4),
        "share_at_95_percent": first_share(mean >= 0.95 * target, share),
        "share_at_100_percent": first_share(mean >= target, share),
        "share_at_100_percent_by_seed": [first_share(row >= target, share) for row in f1],
    }


def first_share(reached: Any, share: Any) -> float | None:
    """The share of the pool at the first point that is reached; None where none is."""
    return round(float(share[reached.argmax()]), 4) if reached.any() else None


def new_codes(replayed: Replay, whole: Point, seeds: int) -> dict[str, Any]:
    """Each label as a new code: thirty turns coded for it, the first ten by its cue phrases or at random."""
    labels = [label for label, f1 in zip(replayed.held_out.labels, whole.f1, strict=True) if not np.isnan(f1)]
    rows: dict[str, dict[str, Any]] = {}
    for label in labels:
        column = replayed.pool.labels.index(label)
        pool, calibration, held_out = (
            one_label(turns, label) for turns in (replayed.pool, replayed.calibration, replayed.held_out)
        )
        unknown = replace(calibration, gold=np.full_like(calibration.gold, np.nan))
        alone = Replay(pool, unknown, held_out)
        rows[label] = {
            "whole_pool_f1": round(float(whole.f1[column]), 4),
            "whole_pool_average_precision": round(float(whole.average_precision[column]), 4),
            "cue_rules_f1": round(float(alone.cues_alone().f1[0]), 4),
        }
        for name, queue in (("default", STRATEGIES["mixed"]), ("random", at_random)):
            last = [alone.run(queue, NEW_CODE, seed, presumed=PRESUMED)[-1] for seed in range(seeds)]
            rows[label][f"{name}_f1"] = round(float(np.mean([p.f1[0] for p in last])), 4)
            rows[label][f"{name}_average_precision"] = round(float(np.mean([p.average_precision[0] for p in last])), 4)
    mean = {name: round(float(np.mean([row[name] for row in rows.values()])), 4) for name in next(iter(rows.values()))}
    return {"corrections": sum(NEW_CODE), "presumed_without_label": PRESUMED, "mean": mean, "labels": rows}


def draw(found: dict[str, Any], file: Path) -> None:
    """Learning curves on the left, new codes on the right."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.2), width_ratios=(3, 2), layout="constrained")
    for (name, rows), style in zip(found["queues"].items(), ("k:", "C1-.", "C0--", "C0-"), strict=True):
        mean, spread = np.array(rows["macro_f1"]["all"]), np.array(rows["spread"])
        left.plot(rows["coded"], mean, style, label=name)
        left.fill_between(rows["coded"], mean - spread, mean + spread, color=style.rstrip("-:."), alpha=0.15, lw=0)
    left.axhline(found["whole_pool"]["all"], color="0.4", lw=1)
    left.annotate(f"all {found['pool_turns']:,} turns coded", (100, found["whole_pool"]["all"] + 0.004), color="0.3")
    left.axvline(0.4 * found["pool_turns"], color="0.7", lw=1)
    left.annotate(" 40 % of the pool", (0.4 * found["pool_turns"], 0.03), color="0.3")
    left.set(
        xlabel="turns coded",
        ylabel=f"macro-F1, {found['labels']} labels, held-out authors",
        ylim=(0, 1.1 * found["whole_pool"]["all"]),
    )
    left.legend(loc="lower right", bbox_to_anchor=(1, 0.1), frameon=False)
    shown = ("cue rules\nalone", "30 turns,\nrandom", "30 turns,\ndefault", "whole\npool")
    for shift, figure_of, colour in ((-0.2, "f1", "0.6"), (0.2, "average_precision", "C0")):
        names = [f"{name}_{figure_of}" for name in ("cue_rules", "random", "default", "whole_pool")]
        places = [place + shift for place, name in enumerate(names) if name in found["new_code"]["mean"]]
        values = [found["new_code"]["mean"][name] for name in names if name in found["new_code"]["mean"]]
        bars = right.bar(places, values, 0.4, color=colour, label=figure_of.replace("_", " ").replace("f1", "F1"))
        right.bar_label(bars, fmt="%.2f")
    right.set(title="each label as a new code, mean", xticks=range(len(shown)), xticklabels=shown)
    right.legend(loc="upper left", frameon=False)
    figure.savefig(file, dpi=90)


def say(found: dict[str, Any]) -> None:
    print("whole pool", found["whole_pool"], "cue rules alone", found["cue_rules_alone"])
    for name, rows in found["queues"].items():
        reached = {key: rows[key] for key in rows if "percent" in key}
        print(f"{name:40} {reached}")
    print("new code", found["new_code"]["mean"])


if __name__ == "__main__":
    main()
