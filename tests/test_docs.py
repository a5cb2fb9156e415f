"""What the documents show is run, and the figures in them come from ``metrics.json``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ipt_nlp.cli import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(kind, body) for kind, note, body in BLOCK.findall(README) if "skip" not in note]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The parts of the checkout that the documents name, in a place that may be written to."""
    for name in ("src", "annotations", "models"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.parametrize("number", [n for n, (kind, _) in enumerate(BLOCKS) if kind == "python"])
def test_python_in_the_readme_runs(number: int, checkout: Path) -> None:
    code = BLOCKS[number][1]
    done = subprocess.run([sys.executable, "-c", code], cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout


SHELL = [body for kind, body in BLOCKS if kind == "sh" and "ipt-nlp " in body]


@pytest.mark.parametrize("block", SHELL, ids=lambda block: block.splitlines()[0])
def test_commands_in_the_readme_run(block: str, checkout: Path) -> None:
    for line in block.splitlines():
        command = line.replace("ipt-nlp", f'"{sys.executable}" -m ipt_nlp.cli', 1)
        done = subprocess.run(["bash", "-c", command], cwd=checkout, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_make_targets_that_the_documents_name_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    documents = README + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert set(re.findall(r"\bmake ([a-z]+)\b(?=`|  #)", documents)) <= targets


def test_every_command_is_in_the_changelog_or_readme() -> None:
    documents = README + (ROOT / "CHANGELOG.md").read_text("utf-8")
    groups = [("", app)] + [(f"{group.name} ", group.typer_instance) for group in app.registered_groups]
    for prefix, group in groups:
        assert group is not None
        for command in group.registered_commands:
            assert command.callback is not None
            assert prefix + (command.name or command.callback.__name__) in documents


def test_figures_in_the_documents_are_those_of_the_model(tmp_path: Path) -> None:
    for name in ("README.md", "annotations", "models", "benchmarks"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    subprocess.run([sys.executable, str(ROOT / "scripts" / "figures.py"), str(tmp_path)], check=True)
    for name in ("README.md", "annotations/README.md", "models/default/README.md"):
        assert (tmp_path / name).read_text("utf-8") == (ROOT / name).read_text("utf-8"), f"{name}: run make figures"
