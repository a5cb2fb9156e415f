"""What a coding says of a label goes by the version of the codebook that it was made under."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ipt_nlp.annotation import Annotation
from ipt_nlp.learning.codes import Codes, base_labels
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.evaluation import observe
from ipt_nlp.learning.targets import gold_targets, soft_targets
from ipt_nlp.model.config import HeadGroup
from ipt_nlp.transcript import Transcript, Utterance

THEMES = HeadGroup("themes", ("grief", "birth"), "any", exclusive=False)
CODES = Codes({"own@1": frozenset({"grief"}), "own@2": frozenset({"grief", "birth"})}, frozenset({"grief"}))


def coded(*turns: list[tuple[str, list[str]]]) -> CodedTranscript:
    """Turns, each with its coders' codebook and themes."""
    utterances = tuple(Utterance(n, "client", "x") for n in range(len(turns)))
    annotations = {
        n: tuple(
            Annotation(
                transcript_id="t",
                utterance_id=n,
                labels={"themes": tuple(labels)},
                coder=f"c{place}",
                codebook=ref,
            )
            for place, (ref, labels) in enumerate(coders)
        )
        for n, coders in enumerate(turns)
    }
    return CodedTranscript(Transcript("t", utterances), "review", "g", annotations)


@pytest.mark.parametrize(
    ("coders", "expected"),
    [
        ([("own@2", ["grief"])], [1, 0]),
        ([("own@1", ["grief"])], [1, np.nan]),
        ([("ipt@1.1", ["grief"])], [1, np.nan]),
        ([("own@1", []), ("own@2", ["birth"])], [0, 1]),
        ([("own@2", []), ("own@2", ["birth"])], [0, 0.5]),
        # Whoever gave a label could give it, whatever is kept of the version.
        ([("own@1", ["birth"])], [0, 1]),
    ],
)
def test_a_coding_is_silent_on_labels_that_its_version_lacked(coders: Any, expected: list[float]) -> None:
    targets, weights = soft_targets(coded(coders), THEMES, 0.5, CODES)
    np.testing.assert_array_equal(targets, [expected])
    assert weights.tolist() == [1.0]


def test_without_versions_all_that_is_not_given_is_denied() -> None:
    found = coded([("own@1", ["grief"])])
    assert soft_targets(found, THEMES, 0.5)[0].tolist() == [[1, 0]]
    assert gold_targets(found, THEMES)[0].tolist() == [[1, 0]]


def test_silence_counts_neither_for_a_model_nor_against_it() -> None:
    found = coded([("own@1", [])], [("own@2", ["birth"])], [("own@2", [])])
    seen = observe(THEMES, [found], [np.full((3, 2), 0.9)], {"grief": 0.5, "birth": 0.5}, CODES)
    assert seen.gold[:, 1].tolist() == [False, True, False]
    assert seen.given[:, 1].tolist() == [False, True, True]
    assert seen.given[:, 0].all()


def test_the_base_codebook_or_what_the_champion_knows_tells_which_labels_are_ones_own() -> None:
    assert "grief" in base_labels("ipt", ())
    missing = Codes({}, base_labels("/nowhere/own.toml", [HeadGroup("themes", ("grief",), "any", exclusive=False)]))
    assert missing.own([THEMES]) == {"themes": ("birth",)}
    assert CODES.own([THEMES, HeadGroup("experts", ("other",), "any", exclusive=True, auxiliary=True)]) == {
        "themes": ("birth",)
    }
