"""The gate on made turns: who is promoted, who is not, and in what words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn.metrics import f1_score

from ipt_nlp.errors import UsageError
from ipt_nlp.learning.measures import Observed
from ipt_nlp.learning.promotion import BlindSet, LabelRow, decide, paired_differences

LABELS = ("role_play", "use_of_affect", "advice", "mindfulness")
CORE = ("role_play", "use_of_affect")


def observed(right: Mapping[str, float], transcripts: int = 30, seed: int = 0) -> Observed:
    """Forty turns a transcript; the model is right on a label in this share of turns. Nobody uses mindfulness."""
    rng = np.random.default_rng(1)
    n = transcripts * 40
    gold = rng.random((n, len(LABELS))) < (0.3, 0.2, 0.2, 0.0)
    wrong = np.random.default_rng(seed).random(gold.shape) >= [right.get(label, 0.85) for label in LABELS]
    given = gold ^ wrong
    given[:, 3] = False
    return Observed(LABELS, given.astype(float), given, gold, np.arange(n) // 40)


def blind(champion: Observed, challenger: Observed, name: str = "frozen") -> BlindSet:
    return BlindSet(name, {"techniques": champion}, {"techniques": challenger})


def row(rows: tuple[LabelRow, ...], label: str) -> LabelRow:
    (found,) = (r for r in rows if r.label == label)
    return found


def test_an_identical_model_is_not_worse() -> None:
    same = observed({})
    decision = decide([blind(same, same)], CORE)
    assert decision.promote
    (macro,) = decision.macros
    assert (macro.labels, macro.transcripts, macro.difference, macro.interval) == (3, 30, 0.0, (0.0, 0.0))


def test_a_clearly_better_model_is_promoted() -> None:
    better = observed(dict.fromkeys(LABELS, 0.95))
    decision = decide([blind(observed({}), better)], CORE)
    assert decision.promote
    (macro,) = decision.macros
    assert macro.interval is not None
    assert macro.interval[0] > 0
    found = row(decision.labels, "role_play")
    assert found.champion_f1 == pytest.approx(f1_score(better.gold[:, 0], observed({}).given[:, 0]), abs=1e-4)
    assert found.challenger_f1 == pytest.approx(f1_score(better.gold[:, 0], better.given[:, 0]), abs=1e-4)


def test_a_core_label_that_collapses_keeps_the_champion_though_macro_rises() -> None:
    challenger = observed({"role_play": 0.6, "use_of_affect": 0.99, "advice": 0.99})
    decision = decide([blind(observed({}), challenger)], CORE)
    assert (decision.macros[0].difference or 0) > 0
    assert not decision.promote
    reason = decision.reasons[0]
    assert reason.startswith("frozen, role_play: F1 of a core label falls from 0.7")
    assert "95 % interval of the change -0." in reason


def test_a_label_outside_the_core_may_fall_as_long_as_macro_does_not() -> None:
    challenger = observed({"role_play": 0.99, "use_of_affect": 0.99, "advice": 0.6})
    decision = decide([blind(observed({}), challenger)], CORE)
    fallen = row(decision.labels, "advice")
    assert fallen.interval is not None
    assert fallen.interval[1] < 0
    assert decision.promote


def test_a_lower_macro_keeps_the_champion() -> None:
    decision = decide([blind(observed({}), observed({"advice": 0.6}))], CORE)
    assert not decision.promote
    assert decision.reasons[0].startswith("frozen, techniques: macro-F1 falls from ")


def test_one_set_on_which_it_is_worse_is_enough_to_keep_the_champion() -> None:
    better = blind(observed({}), observed(dict.fromkeys(LABELS, 0.95)))
    worse = blind(observed({}), observed(dict.fromkeys(LABELS, 0.7)), "own turns")
    decision = decide([better, worse], CORE)
    assert not decision.promote
    assert {m.set_name for m in decision.macros} == {"frozen", "own turns"}
    assert all(reason.startswith("own turns") for reason in decision.reasons if " falls " in reason)


def test_too_few_transcripts_decide_nothing_and_it_is_said_so() -> None:
    few = blind(observed({}, transcripts=9), observed(dict.fromkeys(LABELS, 0.99), transcripts=9), "own turns")
    alone = decide([few], CORE)
    assert not alone.promote
    assert alone.reasons[0] == "no set is large enough to decide on: code at least 10 transcripts blind"
    assert alone.macros[0].interval is None
    assert alone.macros[0].difference is not None
    same = observed({})
    beside = decide([blind(same, same), few], CORE)
    assert beside.promote
    assert "own turns, techniques: only 9 transcripts, fewer than 10; reported only" in beside.reasons
    assert not decide([], CORE).promote


def test_a_label_that_nobody_used_or_in_few_transcripts_says_why_it_has_no_interval() -> None:
    seen = observed({})
    gold = seen.gold.copy()
    gold[4 * 40 :, 0] = False
    seen = replace(seen, gold=gold)
    decision = decide([blind(seen, seen)], CORE)
    unused, few = row(decision.labels, "mindfulness"), row(decision.labels, "role_play")
    assert (unused.champion_f1, unused.difference, unused.why) == (None, None, "no coder used it here")
    assert (few.transcripts, few.interval) == (4, None)
    assert few.champion_f1 is not None
    assert few.why == "used in only 4 transcripts, fewer than 5"
    assert "frozen, role_play: used in only 4 transcripts, fewer than 5; not judged by itself" in decision.reasons


@pytest.mark.parametrize("change", ["gold", "transcript", "labels", "absent"])
def test_models_measured_on_other_turns_are_refused(change: str) -> None:
    one = observed({})
    others = {
        "gold": replace(one, gold=~one.gold),
        "transcript": replace(one, transcript=one.transcript + 1),
        "labels": replace(one, labels=("a", "b", "c", "d")),
    }
    challenger = {} if change == "absent" else {"techniques": others[change]}
    with pytest.raises(UsageError, match="not measured on the same turns"):
        decide([BlindSet("frozen", {"techniques": one}, challenger)], CORE)


def test_the_interval_is_scipys_paired_bootstrap_over_transcripts() -> None:
    champion, challenger = observed({}, seed=2), observed({"role_play": 0.9}, seed=3)
    found = row(decide([blind(champion, challenger)], CORE).labels, "role_play")

    def counts(seen: Observed) -> list[np.ndarray]:
        gold, given = seen.gold[:, 0].reshape(30, 40), seen.given[:, 0].reshape(30, 40)
        return [(gold & given).sum(axis=1), given.sum(axis=1), gold.sum(axis=1)]

    def difference(*parts: np.ndarray, axis: int) -> np.ndarray:
        a, b, c, d, e, f = (p.sum(axis=axis) for p in parts)
        return 2 * d / (e + f) - 2 * a / (b + c)

    oracle = bootstrap(
        [*counts(champion), *counts(challenger)],
        difference,
        paired=True,
        method="percentile",
        n_resamples=4000,
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert found.interval == pytest.approx((oracle.low, oracle.high), abs=0.006)


def test_two_transcripts_by_hand() -> None:
    # Champion misses both uses of transcript 0; the challenger finds them; both are right on transcript 1.
    counts = np.array([[[0, 3], [0, 3], [2, 3]], [[2, 3], [2, 3], [2, 3]]], float)[..., None]
    drawn = paired_differences(counts)[:, 0]
    # Transcript 0 twice: 0 to 1; 1 twice: 1 to 1; each once: 6/8 to 1. Half of the draws hold each once.
    assert set(drawn.round(9)) == {1.0, 0.0, 0.25}
    assert (drawn == 0.25).mean() == pytest.approx(0.5, abs=0.05)


def test_a_draw_without_the_label_has_no_difference() -> None:
    counts = np.array([[[2, 0], [2, 1], [2, 0]], [[1, 0], [2, 0], [2, 0]]], float)[..., None]
    drawn = paired_differences(counts)[:, 0]
    assert np.isnan(drawn).mean() == pytest.approx(0.25, abs=0.04)
