"""A label that the base corpus was coded without is cut where a random sample of turns would have it cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import read_corpus
from ipt_nlp.learning.corrections import corrections
from ipt_nlp.learning.lessons import RetrainPlan, lessons_of
from ipt_nlp.learning.own_codes import best_cut, usual_cut
from ipt_nlp.learning.retraining import base_parts, recipe_of, retrain
from ipt_nlp.model.engine import Engine
from ipt_nlp.model.scoring import Scorer
from ipt_nlp.model.tagger import read_config
from ipt_nlp.store import LOCAL, AnnotationStore
from tests.retraining.conftest import ARGUE, ASKED, BABY, DIED, PLAN, add_session, code

SCORES = st.lists(st.floats(-20, 20), min_size=1, max_size=30)


def test_uses_that_lie_apart_are_all_given() -> None:
    others, uses = np.array([-3.0, -2.0, 1.0]), np.array([2.0, 3.0, 4.0])
    assert best_cut(others, uses) == 1.5
    assert usual_cut(others, uses) == 1.5


def test_a_use_that_a_tenth_of_all_turns_outscores_is_given_up() -> None:
    others = np.concatenate([np.full(90, -5.0), np.full(10, 0.5)])
    assert best_cut(others, np.array([0.0, 2.0, 3.0, 4.0])) == 1.25
    assert best_cut(others, np.array([0.0, 2.0, 3.0, 4.0]), share=0.5) == -2.5


def test_few_uses_are_cut_where_as_many_turns_are_given_the_label_as_labels_usually_are() -> None:
    others = np.linspace(-10, 10, 1001)
    cut = usual_cut(others, np.array([9.5]), share=0.05)
    assert (others >= cut).mean() == pytest.approx(0.05, abs=0.002)
    # A score that many turns share is not cut through.
    assert usual_cut(np.zeros(100), np.array([4.0])) == 2.0


@given(SCORES, SCORES)
def test_cuts_lie_among_the_scores_and_move_with_them(uses: list[float], others: list[float]) -> None:
    for cut_of in (best_cut, usual_cut):
        cut = cut_of(np.array(others), np.array(uses))
        assert min(*uses, *others) <= cut <= max(*uses, *others)
        assert cut_of(np.array(others) * 2, np.array(uses) * 2) == pytest.approx(cut * 2)


def own_codebook(*cues: str) -> Codebook:
    known = Codebook.load("ipt").model_dump(mode="json")
    entry = {"group": "themes", "name": "birth", "title": "Birth", "definition": "A baby is born.", "source": "made"}
    known["labels"].append(entry | {"cues": cues})
    return Codebook.model_validate(known | {"name": "mine", "version": "1.2"})


def given_to(folder: Path, *texts: str) -> list[bool]:
    """Whether a client's turn gets the label, each after a question."""
    scorer = Scorer.load(folder, folder.name, Engine("float32"))
    head = next(head for head in scorer.heads if head.name == "themes")
    column, threshold = head.labels.index("birth"), scorer.config.thresholds["birth"]
    scored = scorer.score([([ASKED, text], ["therapist", "client"]) for text in texts])
    return [bool(s.groups["themes"].turns[1, column] >= threshold) for s in scored]


@pytest.mark.parametrize("again", [False, True])
def test_a_few_uses_and_no_other_turn_are_enough(
    store: AnnotationStore, trained: Path, base_folder: Path, tmp_path: Path, again: bool
) -> None:
    """That the base corpus never bears the label is no reason to unlearn it, not even where it is not new any more."""
    for number in range(8):
        add_session(store, f"s{number}", BABY, repeats=1 + number)
        code(store, f"s{number}", 1, ["birth"], codebook="mine@1.2")
    parts = base_parts(read_corpus([base_folder]).transcripts, recipe_of(trained))
    found, codebook, champion = corrections(store), own_codebook("the baby"), trained
    for name in ("first", "second") if again else ("first",):
        done = retrain(champion, found, parts, codebook, tmp_path / name, replace(PLAN, epochs=4), lambda *_: None)
        champion = tmp_path / name
    assert done.new_labels == (() if again else ("birth",))
    assert given_to(champion, BABY, DIED, ARGUE) == [True, False, False]
    assert read_config(champion).thresholds["birth"] == 0.4


def test_a_coding_under_an_earlier_version_still_says_no(store: AnnotationStore, trained: Path, tmp_path: Path) -> None:
    """A word changed in the codebook is a new version; what was coded under the one before goes on counting."""
    earlier = own_codebook("he died")
    store.codebooks.keep(LOCAL, earlier)
    for number in range(8):
        add_session(store, f"s{number}", BABY if number % 2 else DIED, repeats=1 + number)
        code(store, f"s{number}", 1, ["birth"] if number % 2 else ["grief"], codebook=earlier.ref)
    later = Codebook.model_validate(earlier.model_dump(mode="json") | {"version": "1.3"})
    parts = base_parts((), recipe_of(trained))
    for name, versions in (("known", corrections(store)), ("unknown", replace(corrections(store), codes={}))):
        retrain(trained, versions, parts, later, tmp_path / name, replace(PLAN, epochs=4), lambda *_: None)
    assert given_to(tmp_path / "known", BABY, DIED) == [True, False]
    assert read_config(tmp_path / "known").calibration["themes"]["birth"] != [1.0, 0.0]
    # A turn with a cue phrase that was coded before there was the code may be a use of it: it is nothing to cut by.
    assert read_config(tmp_path / "unknown").calibration["themes"]["birth"] == [1.0, 0.0]


@pytest.mark.parametrize("uses", [0, 1])
def test_a_code_that_was_hardly_used_stays_with_its_cue_phrases(
    store: AnnotationStore, trained: Path, base_folder: Path, tmp_path: Path, uses: int
) -> None:
    codebook = own_codebook("the baby")
    for number in range(4):
        add_session(store, f"s{number}", DIED, repeats=1 + number)
        code(store, f"s{number}", 1, ["birth"] if number < uses else ["grief"], codebook="ipt@1.1")
    parts = base_parts(read_corpus([base_folder]).transcripts, recipe_of(trained))
    done = retrain(trained, corrections(store), parts, codebook, tmp_path / "new", PLAN, lambda *_: None)
    assert done.new_labels == ()
    assert [head.labels for head in read_config(tmp_path / "new").heads] == [
        head.labels for head in read_config(trained).heads
    ]


def test_a_code_that_was_taken_out_of_the_codebook_is_not_unlearned(store: AnnotationStore, trained: Path) -> None:
    """Nobody could give it any more: that nobody did says nothing."""
    for number in range(8):
        add_session(store, f"s{number}", ARGUE, repeats=1 + number)
        code(store, f"s{number}", 1, ["grief"], codebook="mine@1.1")
    everything = frozenset(Codebook.load("ipt").by_name)
    for labels in (everything, everything - {"role_dispute"}):
        found = replace(corrections(store), codes={"mine@1.1": labels})
        lessons = lessons_of(read_config(trained), recipe_of(trained), found, (), own_codebook(), RetrainPlan())
        column = next(head for head in lessons.heads if head.name == "themes").labels.index("role_dispute")
        said = np.concatenate([t.targets["themes"][t.weights["themes"] > 0, column] for t in lessons.items])
        assert (said == 0).all() if "role_dispute" in labels else np.isnan(said).all()


def test_what_the_store_has_seen_of_the_base_codebook_takes_nothing_from_the_base_corpus(
    store: AnnotationStore, trained: Path, base_folder: Path
) -> None:
    """Of a version that it does not keep, the store knows only what was given under it."""
    for number in range(4):
        add_session(store, f"s{number}", DIED, repeats=1 + number)
        code(store, f"s{number}", 1, ["grief"])
    found, parts = corrections(store), base_parts(read_corpus([base_folder]).transcripts, recipe_of(trained))
    lessons = lessons_of(read_config(trained), recipe_of(trained), found, parts.train, own_codebook(), RetrainPlan())
    for transcript in lessons.items:
        assert not np.isnan(transcript.targets["themes"]).any()
