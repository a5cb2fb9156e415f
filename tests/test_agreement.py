"""Agreement of more than two coders, against published examples and the figures of two."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ipt_nlp.agreement import ac1_of, label_agreement, many
from ipt_nlp.agreement.many import alpha_of, many_agreement, turn_sums
from ipt_nlp.annotation import Annotation
from ipt_nlp.cli import run
from ipt_nlp.store import LOCAL, AnnotationStore
from tests.ui.coders import two_coders
from tests.ui.conftest import fill, transcript


def test_alpha_of_krippendorffs_binary_example() -> None:
    # Krippendorff (2011), "Computing Krippendorff's alpha-reliability", A: two observers, ten units: .095.
    a, b = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    sums = turn_sums(np.full(10, 2.0), np.array(a, float) + np.array(b)).sum(axis=0)
    assert alpha_of(sums) == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_krippendorffs_example_with_gaps() -> None:
    # The same, C: four observers, five categories, gaps; nominal alpha .743. One code at a time, pairable codings that
    # differ and pairs of any codings that differ add up over the codes.
    gap = 0
    coders = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, gap, gap, gap],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, gap, 3],
        [gap, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, gap],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, gap],
    ]
    units = [[x for x in unit if x] for unit in zip(*coders, strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    values = np.array([float(len(unit)) for unit in units])
    sums = [turn_sums(values, np.array([float(u.count(c)) for u in units])).sum(axis=0) for c in range(1, 6)]
    apart = sum(s[3] for s in sums)
    chance = sum(2 * s[2] * (s[1] - s[2]) / (s[1] - 1) for s in sums)
    assert 1 - apart / chance == pytest.approx(0.743, abs=5e-4)


def coder(name: str, given: list[int]) -> list[Annotation]:
    return [Annotation(f"s{n // 4}", n, name, {"g": ("x",) if x else ()}) for n, x in enumerate(given) if x >= 0]


def test_two_coders_have_the_same_figures_either_way() -> None:
    a, b = coder("a", [1, 1, 0, 0, 1, 0, 0, 0]), coder("b", [1, 0, 0, 0, 1, 0, 1, 0])
    (pair,), (all_,) = label_agreement(a, b, "g", ["x"]), many_agreement([a, b], "g", ["x"])
    for name in ("n", "transcripts", "prevalence", "raw", "positive", "negative", "ac1"):
        assert getattr(pair, name) == pytest.approx(getattr(all_, name))
    assert pair.alpha is None
    assert all_.kappa is None
    assert many.ac1_of(turn_sums(np.full(2, 2.0), np.array([2.0, 1.0])).sum(axis=0)) == ac1_of(np.array([1.0, 1, 0, 0]))


def test_gaps_are_left_out_and_what_is_undefined_says_why() -> None:
    a, b, c = coder("a", [1, 1, -1, 0]), coder("b", [1, -1, -1, 0]), coder("c", [1, -1, 0, 1])
    used, unused = many_agreement([a, b, c], "g", ["x", "y"])
    assert (used.n, used.transcripts, used.intervals) == (2, 1, {})
    assert (unused.alpha, unused.why) == (None, "no coder used it")
    (alone,) = many_agreement([a], "g", ["x"])
    assert alone.why == "no turn was coded by two"


def test_one_transcript_has_no_interval() -> None:
    a = coder("a", [1, 0, 1, 0])
    (row,) = label_agreement(a, coder("b", [1, 0, 0, 0]), "g", ["x"])
    assert row.kappa is not None
    assert (row.interval, row.intervals) == (None, {})


def test_the_command_prints_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "study.db"
    store = AnnotationStore.open(place)
    fill(store, transcript())
    two_coders(store)
    store.close()
    assert run(["agreement", "--store", str(place), "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    found = next(record for record in records if record["label"] == "exploration")
    assert (found["sides"], found["n"]) == ("ann × ben", 18)
    assert run(["agreement", "--store", str(place), "--by", "model"]) == 0
    assert "exploration" in capsys.readouterr().err
    assert run(["agreement", "--store", str(place), "--by", "nobody"]) == 2


def test_a_store_without_two_coders_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["agreement", "--store", str(tmp_path / "new.db")]) == 0
    assert "two people" in capsys.readouterr().err
    assert LOCAL.name not in capsys.readouterr().out
