"""From coded lines to a model folder, on a tiny encoder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipt_nlp.cli import run
from ipt_nlp.errors import InputError, UsageError
from ipt_nlp.learning.annomi import coded_by_experts, expert_annotations
from ipt_nlp.learning.corpus import CodedTranscript, read_corpus
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.learning.splits import folds, split
from ipt_nlp.learning.targets import gold_targets, soft_targets
from ipt_nlp.model.config import HeadGroup
from ipt_nlp.transcript import Transcript, Utterance

ROOT = Path(__file__).resolve().parents[1]
THEMES = HeadGroup("themes", ("grief", "role_dispute"), "any", exclusive=False)
MOVES = HeadGroup("techniques", ("exploration",), "therapist", exclusive=False)


def line(number: int, **fields: object) -> str:
    row: dict[str, object] = {
        "transcript_id": "t1",
        "utterance_id": number,
        "speaker": "client",
        "text": "He died.",
        "labels": {"themes": ["grief"]},
        "coder": "ai-A",
        "source": "made",
        "group": "made-1",
    }
    return json.dumps({name: value for name, value in (row | fields).items() if value is not None}) + "\n"


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


def test_a_recipe_is_checked_and_written_out(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("epochs = 3\ntest_folds = [4]\n", "utf-8")
    recipe = Recipe.load(path)
    path.write_text(recipe.to_toml(), "utf-8")
    assert Recipe.load(path) == recipe
    assert recipe.test_folds == (4,)
    path.write_text("epoch = 3\n", "utf-8")
    with pytest.raises(InputError, match="epoch: Extra inputs"):
        Recipe.load(path)


def test_the_shipped_recipe_is_one() -> None:
    assert Recipe.load(ROOT / "models" / "default" / "config.toml").codebook == "ipt"


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


@pytest.fixture(scope="module")
def small_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short cases of eight sources, in which two words decide two labels."""
    folder = tmp_path_factory.mktemp("corpus")
    rows = []
    for case in range(64):
        grief = case % 2 == 0
        common = {"transcript_id": f"t{case}", "group": f"made-{case % 8}"}
        rows.append(
            line(
                0,
                speaker="therapist",
                text="What happened?",
                labels={"techniques": ["exploration"], "themes": []},
                **common,
            )
        )
        text, themes = ("He died in the spring.", ["grief"]) if grief else ("We argue about money.", ["role_dispute"])
        rows.append(line(1, text=text, labels={"themes": themes}, **common))
        rows.append(line(2, speaker="therapist", text="Mm.", labels={"techniques": [], "themes": []}, **common))
    path = folder / "made.jsonl"
    path.write_text("".join(rows), "utf-8")
    return path


RECIPE = """\
epochs = 30
folds = 4
test_folds = [0]
calibration_folds = [1]
windows_per_step = 4
adapter_lr = 0.01
head_lr = 0.05
average_decay = 0.5
window_tokens = 64
context_tokens = 16
adapter_rank = 4
"""


@pytest.fixture(scope="module")
def trained(small_corpus: Path, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    (folder / "recipe.toml").write_text(RECIPE, "utf-8")
    command = ["train", "--annotations", str(small_corpus), "--config", str(folder / "recipe.toml")]
    assert run([*command, "--base", str(tiny_base), "-o", str(folder / "mine")]) == 0
    return folder / "mine"


def test_training_learns_and_leaves_a_whole_model(trained: Path) -> None:
    names = {"README.md", "config.json", "config.toml", "learning_curve.json", "metrics.json", "model.safetensors"}
    assert {p.name for p in trained.iterdir()} == names
    metrics = json.loads((trained / "metrics.json").read_text("utf-8"))
    by_label = {f["label"]: f for f in metrics["views"][0]["labels"]["themes"]}
    assert by_label["grief"]["f1"] == 1.0
    assert by_label["role_dispute"]["f1"] == 1.0
    assert not list(trained.parent.glob(".*training"))


def test_a_card_begins_with_what_it_cannot_do_and_takes_figures_from_metrics(trained: Path) -> None:
    card = (trained / "README.md").read_text("utf-8")
    assert card.index("What it cannot do") < card.index("What it does")
    metrics = json.loads((trained / "metrics.json").read_text("utf-8"))
    assert metrics["model"] in card
    assert f"{metrics['views'][0]['macro']['themes']['f1']:.2f}" in card


def test_training_twice_gives_the_same_weights(
    trained: Path, small_corpus: Path, tiny_base: Path, tmp_path: Path
) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE, "utf-8")
    command = ["train", "--annotations", str(small_corpus), "--config", str(tmp_path / "recipe.toml")]
    assert run([*command, "--base", str(tiny_base), "-o", str(tmp_path / "mine")]) == 0
    assert (tmp_path / "mine" / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()


def test_evaluate_prints_figures(trained: Path, small_corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", "--model", str(trained), "--annotations", str(small_corpus), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["views"][0]["turns"] == 192
    assert figures["views"][0]["macro"]["themes"]["f1"] == 1.0
    assert run(["evaluate", "--model", str(trained), "--annotations", str(small_corpus)]) == 0
    assert "macro-F1" in capsys.readouterr().err


def test_a_corpus_of_another_codebook_is_refused(
    small_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    assert run(["train", "--annotations", str(small_corpus), "--codebook", "annomi", "-o", str(out)]) == 2
    assert "no label of codebook annomi@1" in capsys.readouterr().err
    spoiled = tmp_path / "spoiled.jsonl"
    shutil.copy(small_corpus, spoiled)
    spoiled.write_text(spoiled.read_text("utf-8").replace('"grief"', '"grieving"'), "utf-8")
    assert run(["train", "--annotations", str(spoiled), "-o", str(out)]) == 2
    assert "'grieving'" in capsys.readouterr().err
    assert not out.exists()


def test_a_killed_run_goes_on_to_the_same_weights(
    trained: Path, small_corpus: Path, tiny_base: Path, tmp_path: Path
) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE, "utf-8")
    command = ["train", "--annotations", str(small_corpus), "--config", str(tmp_path / "recipe.toml")]
    command += ["--base", str(tiny_base), "-o", str(tmp_path / "mine")]
    process = subprocess.Popen([sys.executable, "-m", "ipt_nlp.cli", *command], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if list((tmp_path / ".mine.training").glob("checkpoint-*/average.safetensors")):
            break
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert not (tmp_path / "mine").exists()
    assert run([*command, "--resume"]) == 0
    assert (tmp_path / "mine" / "model.safetensors").read_bytes() == (trained / "model.safetensors").read_bytes()
