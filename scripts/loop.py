"""What the app and its learning aim at, and what was measured, from the newest benchmark files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from targets import Target, newest, table

DEFAULT_QUEUE = "default, first turns by cue phrases"


def loop_table(checkout: Path) -> str:
    """The targets of reviewing and retraining as a Markdown table."""
    return table(loop_targets(checkout / "benchmarks"))


def loop_targets(folder: Path) -> Iterator[Target]:
    """Every target with what was measured."""
    app, store, retrain = (newest(folder, name) for name in ("app", "store", "retrain"))
    latency = app.get("next_turn", {}).get("p95_ms")
    yield Target("key press to the next turn, session of 1,000 turns, p95, ms", 300, False, latency, digits=0)
    for name in ("sqlite", "postgresql"):
        write = store.get("results", {}).get(f"{name} paced", {}).get("write_ms", {}).get("p99")
        yield Target(f"write of one of 20 annotators at work, {name}, p99, ms", 100, False, write, digits=0)
    yield Target("retraining with 300 corrections, two cores, s", 360, False, retrain.get("seconds"), digits=0)
    yield from _learning(folder)


def _learning(folder: Path) -> Iterator[Target]:
    queues = newest(folder, "active-learning").get("queues", {})
    whole = queues.get(DEFAULT_QUEUE, {}).get("of_whole_pool_at_40_percent")
    yield Target("F1 with 40 % of a pool coded, in the order of the default queue, over that of all", 1.0, True, whole)
    new = newest(folder, "new-code").get("mean", {})
    beside = f" (cue phrases {new['cue_rules_f1']:.2f}, the whole corpus {new['whole_corpus_f1']:.2f})" if new else ""
    # Better than its cue phrases is all that is asked.
    yield Target(
        "F1 of a new code after 30 corrections", new.get("cue_rules_f1", 0.0), True, new.get("f1"), note=beside
    )
