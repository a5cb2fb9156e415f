"""Coded lines, splits by source, and what a tagger learns from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import InputError, UsageError
from ipt_nlp.learning.annomi import coded_by_experts, expert_annotations
from ipt_nlp.learning.corpus import CodedTranscript, read_corpus
from ipt_nlp.learning.dataset import as_dataset
from ipt_nlp.learning.splits import folds, narrowed, split
from ipt_nlp.learning.targets import gold_targets, soft_targets
from ipt_nlp.model.config import HeadGroup
from ipt_nlp.models import coded_corpus
from ipt_nlp.transcript import Transcript, Utterance

from .coded_lines import line

ROOT = Path(__file__).resolve().parents[1]
THEMES = HeadGroup("themes", ("grief", "role_dispute"), "any", exclusive=False)
MOVES = HeadGroup("techniques", ("exploration",), "therapist", exclusive=False)


def corpus_file(tmp_path: Path, *lines: str, name: str = "c.jsonl") -> Path:
    path = tmp_path / name
    path.write_text("".join(lines), "utf-8")
    return path


def test_uncoded_lines_are_context_and_coders_stand_side_by_side(tmp_path: Path) -> None:
    path = corpus_file(
        tmp_path,
        line(0, labels=None),
        line(1),
        line(1, text=None, coder="ai-B", labels={"themes": []}),
        line(1, coder="ai-A", labels={"themes": ["role_dispute"]}, sure=False),
    )
    (coded,) = read_corpus([path]).transcripts
    assert len(coded.transcript.utterances) == 2
    assert list(coded.annotations) == [1]
    assert {a.coder: a.labels["themes"] for a in coded.annotations[1]} == {"ai-A": ("role_dispute",), "ai-B": ()}
    targets, weights = soft_targets(coded, THEMES, unsure_weight=0.5)
    np.testing.assert_allclose(targets, [[0, 0], [0, 0.5]])
    np.testing.assert_allclose(weights, [0, 0.75])
    assert gold_targets(coded, MOVES)[1].sum() == 0


def test_adjudicated_labels_stand_in_place_of_the_coders(tmp_path: Path) -> None:
    adjudicated = line(0, coder="ai-C", labels={"themes": ["role_dispute"]}, adjudicated=True, text=None)
    path = corpus_file(tmp_path, adjudicated, line(0), line(0, coder="ai-B", text=None))
    (coded,) = read_corpus([path]).transcripts
    assert [a.coder for a in coded.annotations[0]] == ["ai-C"]


def test_codes_without_text_are_joined_or_counted(tmp_path: Path) -> None:
    codes = corpus_file(tmp_path, line(0, text=None), line(1, text=None))
    assert read_corpus([codes]).without_text == {"made": 2}
    talk = tmp_path / "talk.csv"
    talk.write_text("transcript_id,utterance_id,speaker,text\nt1,0,C,He died.\nt1,1,T,I am sorry.\n", "utf-8")
    joined = read_corpus([codes], {"made": talk})
    assert not joined.without_text
    assert [u.text for u in joined.transcripts[0].transcript.utterances] == ["He died.", "I am sorry."]


@pytest.mark.parametrize(
    "broken",
    ["{", "[]", '{"utterance_id": 0}', line(0, labels=["grief"]), line(0, speaker="boss"), line(0, coder=None)],
)
def test_a_broken_line_is_named(tmp_path: Path, broken: str) -> None:
    path = corpus_file(tmp_path, line(0), broken.rstrip("\n") + "\n")
    with pytest.raises(InputError) as caught:
        read_corpus([path])
    assert caught.value.line == 2
    assert "died" not in str(caught.value)


def test_an_empty_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--annotations"):
        read_corpus([tmp_path])


def coded(source: str, group: str, number: int, turns: int) -> CodedTranscript:
    utterances = tuple(Utterance(n, "client", "Mm.") for n in range(turns))
    return CodedTranscript(Transcript(f"{source}-{group}-{number}", utterances), source, group, {0: ()})


CORPUS = st.lists(
    st.tuples(st.sampled_from(["annomi", "made"]), st.integers(0, 30), st.integers(1, 9)), min_size=12, max_size=80
)


@settings(max_examples=80, deadline=None)
@given(CORPUS, st.integers(0, 5))
def test_no_source_is_on_two_sides(rows: list[tuple[str, int, int]], seed: int) -> None:
    transcripts = [coded(source, f"{source}-{group}", n, turns) for n, (source, group, turns) in enumerate(rows)]
    groups = {t.group for t in transcripts}
    if len(groups) < 4:
        return
    frozen = min(groups)
    transcripts = [replace(t, frozen=t.group == frozen) for t in transcripts]
    try:
        parts = split(transcripts, count=3, test=[0], calibration=[1], seed=seed)
    except UsageError:
        return
    assert all(t in parts.test for t in transcripts if t.frozen)
    sides = [{t.group for t in part} for part in (parts.train, parts.calibration, parts.test)]
    assert not (sides[0] & sides[1] | sides[0] & sides[2] | sides[1] & sides[2])
    assert sum(len(p) for p in (parts.train, parts.calibration, parts.test)) == len(transcripts)
    assert folds(transcripts, 3, seed) == folds(transcripts, 3, seed)


def test_a_group_is_frozen_whole_or_not_at_all() -> None:
    transcripts = [coded("made", f"made-{n % 6}", n, 3) for n in range(12)]
    torn = [replace(transcripts[0], frozen=True), *transcripts[1:]]
    with pytest.raises(UsageError, match="only a part is frozen"):
        split(torn, count=3, test=[], calibration=[1], seed=0)
    with pytest.raises(UsageError, match="nothing is left for test"):
        split(transcripts, count=3, test=[], calibration=[1], seed=0)


def test_too_few_sources_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot make 5 folds"):
        folds([coded("made", "made-1", n, 3) for n in range(9)], 5, 0)


def test_experts_labels_are_the_plurality(tmp_path: Path) -> None:
    path = tmp_path / "annomi.csv"
    path.write_text(
        "transcript_id,video_url,utterance_id,interlocutor,utterance_text,main_therapist_behaviour,question_subtype,"
        "reflection_subtype,client_talk_type\n"
        "1,v,0,therapist,So it is hard?,question,open,,\n1,v,0,therapist,So it is hard?,reflection,,complex,\n"
        "1,v,0,therapist,So it is hard?,reflection,,complex,\n1,v,1,client,It is.,,,,change\n",
        "utf-8",
    )
    found = expert_annotations(path)
    assert found["1", 0].labels == {"therapist_behaviour": ("reflection",), "therapist_detail": ("complex",)}
    assert found["1", 1].labels == {"client_talk": ("change",)}
    (coded,) = coded_by_experts(path)
    assert (coded.group, len(coded.transcript.utterances), list(coded.annotations)) == ("v", 2, [0, 1])


def test_the_corpus_is_a_dataset(tmp_path: Path) -> None:
    first = line(0, speaker="therapist", labels={"techniques": ["exploration"], "themes": []})
    path = corpus_file(tmp_path, first, line(1), line(1, coder="ai-B", labels={"themes": []}, text=None))
    dataset = as_dataset(read_corpus([path]), Codebook.load("ipt"))
    assert dataset.num_rows == 3
    assert dataset[0]["techniques"] == ["exploration"]
    assert [row["techniques"] for row in dataset][1:] == [None, None]
    assert [row["themes"] for row in dataset] == [[], ["grief"], []]
    assert set(dataset.unique("coder")) == {"ai-A", "ai-B"}


def test_a_smaller_share_is_within_a_larger_one() -> None:
    transcripts = [coded(("annomi", "made")[n % 2], f"g{n}", n, 3) for n in range(40)]
    parts = split(transcripts, count=4, test=[0], calibration=[1], seed=3)
    half, quarter = (narrowed(parts, (), share, 3) for share in (0.5, 0.25))
    assert {t.group for t in quarter.train} < {t.group for t in half.train} < {t.group for t in parts.train}
    made = narrowed(parts, ("made",), 1.0, 3)
    assert {t.source for t in (*made.train, *made.calibration)} == {"made"}
    assert made.test == parts.test
    with pytest.raises(UsageError, match="other"):
        narrowed(parts, ("other",), 1.0, 3)


def test_a_corpus_of_ones_own_comes_before_the_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPT_NLP_HOME", str(tmp_path))
    shipped = coded_corpus()
    (tmp_path / "annotations").mkdir()
    assert coded_corpus() == shipped != tmp_path / "annotations"
    (tmp_path / "annotations" / "own.jsonl").write_text(line(0), "utf-8")
    assert coded_corpus() == tmp_path / "annotations"
