"""Figures against scikit-learn and against worked examples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score, precision_score, recall_score

from ipt_nlp.agreement import ac1_of, icc_2_1, kappa_of, label_agreement
from ipt_nlp.annotation import Annotation
from ipt_nlp.learning.confidence import (
    acceptance,
    fit_acceptance,
    mean_calibration_error,
    reliability,
    session_agreement,
    turn_confidence,
)
from ipt_nlp.learning.measures import Observed, calibration_error, f1_of, label_figures, macro_figures
from ipt_nlp.model.calibration import calibrate, fit_platt, fit_temperature, fit_threshold, sigmoid


def observed(seed: int = 0, turns: int = 300) -> Observed:
    rng = np.random.default_rng(seed)
    gold = rng.random((turns, 3)) < (0.5, 0.1, 0.0)
    probabilities = np.clip(gold * 0.4 + rng.random((turns, 3)) * 0.6, 0, 1)
    return Observed(("a", "b", "c"), probabilities, probabilities > 0.5, gold, np.arange(turns) // 20)


def test_label_figures_are_scikit_learns() -> None:
    seen = observed()
    figures = label_figures(seen)
    for column, found in enumerate(figures[:2]):
        gold, given_ = seen.gold[:, column], seen.given[:, column]
        assert found.f1 == pytest.approx(f1_score(gold, given_), abs=1e-4)
        assert found.precision == pytest.approx(precision_score(gold, given_), abs=1e-4)
        assert found.recall == pytest.approx(recall_score(gold, given_), abs=1e-4)
        assert found.kappa == pytest.approx(cohen_kappa_score(gold, given_), abs=1e-4)
        assert found.f1_interval is not None
        assert found.f1_interval[0] <= found.f1 <= found.f1_interval[1]


def test_a_label_that_nobody_used_has_no_f1_and_says_why() -> None:
    unused = label_figures(observed())[2]
    assert (unused.f1, unused.recall, unused.average_precision) == (None, None, None)
    assert unused.why == "no coder used it here"


def test_macro_leaves_out_what_nobody_used() -> None:
    seen = observed()
    macro = macro_figures(seen, seen.labels)
    each = [f.f1 for f in label_figures(seen) if f.f1 is not None]
    assert macro.labels == 2
    assert macro.f1 == pytest.approx(np.mean(each), abs=1e-4)


def test_f1_of_nothing_is_undefined() -> None:
    assert np.isnan(f1_of(np.array([0.0]), np.array([0.0]), np.array([0.0]))[0])


def test_calibration_error_of_known_cases() -> None:
    assert calibration_error(np.array([0.2] * 5), np.array([1, 0, 0, 0, 0], bool)) == pytest.approx(0.0)
    assert calibration_error(np.array([0.9] * 4), np.zeros(4, bool)) == pytest.approx(0.9)


def test_platt_scaling_finds_the_curve_it_was_made_from() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, 20_000)
    targets = (rng.random(20_000) < sigmoid(0.5 * logits - 1)).astype(float)
    slope, offset = fit_platt(logits, targets)
    assert slope == pytest.approx(0.5, abs=0.05)
    assert offset == pytest.approx(-1, abs=0.1)


def test_platt_scaling_keeps_the_logit_where_there_is_too_little() -> None:
    assert fit_platt(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.0])) == (1.0, 0.0)


def test_temperature_finds_overconfidence() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 3, (20_000, 3))
    truth = calibrate(logits, np.array([[0.5, 0.0]] * 3), exclusive=True)
    chosen = (truth.cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    assert fit_temperature(logits, np.eye(3)[chosen]) == pytest.approx(0.5, abs=0.05)


def test_a_threshold_is_where_f1_is_best() -> None:
    probabilities = np.array([0.1] * 50 + [0.3] * 30 + [0.5] * 20)
    targets = np.array([0] * 80 + [1] * 20, float)
    assert 0.3 < fit_threshold(probabilities, targets) <= 0.5


COUNTS = st.lists(st.integers(0, 60), min_size=4, max_size=4).filter(sum)


@given(COUNTS)
def test_kappa_is_scikit_learns(counts: list[int]) -> None:
    a = [1] * (counts[0] + counts[1]) + [0] * (counts[2] + counts[3])
    b = [1] * counts[0] + [0] * counts[1] + [1] * counts[2] + [0] * counts[3]
    ours = kappa_of(np.array(counts, float))
    if len({*a, *b}) == 1:
        assert np.isnan(ours)
    else:
        assert ours == pytest.approx(cohen_kappa_score(a, b), abs=1e-9)


def test_rare_codes_keep_ac1_high_where_kappa_falls() -> None:
    # The design's example: 2 % prevalence, raw agreement .98, kappa .59 at best, AC1 .98.
    counts = np.array([15.0, 10.0, 10.0, 965.0])
    assert kappa_of(counts) == pytest.approx(0.59, abs=0.01)
    assert ac1_of(counts) == pytest.approx(0.98, abs=0.005)


def test_ac1_of_gwets_example() -> None:
    # Gwet (2008), table 1: 118 yes-yes, 5 and 2 apart, 0 no-no: AC1 .94 while kappa is about -.02.
    counts = np.array([118.0, 5.0, 2.0, 0.0])
    assert ac1_of(counts) == pytest.approx(0.94, abs=0.01)
    assert kappa_of(counts) == pytest.approx(-0.02, abs=0.01)


def codes(coder: str, given_: list[bool]) -> list[Annotation]:
    return [Annotation(f"s{n // 5}", n, coder, {"g": ("x",) if x else ()}) for n, x in enumerate(given_)]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_agreement_with_oneself_is_whole_and_order_does_not_matter(pairs: list[tuple[bool, bool]]) -> None:
    a, b = codes("a", [x for x, _ in pairs]), codes("b", [y for _, y in pairs])
    (ours,), (theirs,) = label_agreement(a, b, "g", ["x"]), label_agreement(b, a, "g", ["x"])
    assert (ours.kappa, ours.raw, ours.ac1) == (theirs.kappa, theirs.raw, theirs.ac1)
    (self_,) = label_agreement(a, a, "g", ["x"])
    assert self_.raw == 1.0
    assert self_.kappa == 1.0 or self_.why


def test_icc_is_that_of_the_worked_example() -> None:
    # Shrout & Fleiss (1979), table 2: six subjects, four judges, ICC(2,1) = .29.
    ratings = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    assert icc_2_1(ratings) == pytest.approx(0.29, abs=0.005)


def test_icc_of_one_session_or_of_nothing_that_varies_is_undefined() -> None:
    assert np.isnan(icc_2_1(np.array([[1.0, 2.0]])))
    assert np.isnan(icc_2_1(np.ones((4, 2))))


def test_no_shared_turn_is_said_so() -> None:
    (row,) = label_agreement([], [], "themes", ["grief"])
    assert (row.n, row.why) == (0, "no turn was coded by both")


def test_a_reliability_diagram_holds_every_score_once() -> None:
    seen = observed()
    bins = reliability(seen)
    assert sum(b.count for b in bins) == seen.probabilities.size
    for number, found in enumerate(bins):
        assert not found.count or number / 10 <= found.mean_score <= (number + 1) / 10
    assert 0 <= mean_calibration_error(seen) <= 1


def test_confidence_is_the_chance_that_all_labels_are_right() -> None:
    p = np.array([[0.9, 0.2], [0.5, 0.5]])
    np.testing.assert_allclose(turn_confidence(p, p >= 0.6), [0.9 * 0.8, 0.25])


@given(st.integers(0, 50))
def test_accepted_turns_are_as_right_as_was_wanted(seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.random(400)
    right = rng.random(400) < confidence
    limit = fit_acceptance(confidence, right, wanted=0.9)
    accepted = confidence >= limit
    assert not accepted.any() or (right[accepted].mean() >= 0.9 and accepted.sum() >= 30)


def test_nothing_is_accepted_where_nothing_is_right() -> None:
    assert fit_acceptance(np.linspace(0, 1, 100), np.zeros(100, bool)) > 1
    seen = observed()
    nothing = acceptance(seen, 1.01)
    assert (nothing.share, nothing.right) == (0.0, None)
    assert acceptance(seen, 0.0).share == 1.0


def test_counts_per_session_agree_where_the_model_is_right() -> None:
    seen = observed()
    perfect = Observed(seen.labels, seen.probabilities, seen.gold, seen.gold, seen.transcript)
    first, _, unused = session_agreement(perfect)
    assert first.icc == pytest.approx(1.0)
    assert unused.icc is None
    assert first.sessions == 15
