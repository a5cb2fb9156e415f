"""From coded lines to a model folder, on a tiny encoder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ipt_nlp.cli import run
from ipt_nlp.errors import InputError
from ipt_nlp.learning.recipe import Recipe

from .coded_lines import line

ROOT = Path(__file__).resolve().parents[1]


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
reading_context_tokens = 24
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
    names |= {"learning_curve.png", "reliability.png"}
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
