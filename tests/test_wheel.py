"""What users get: the wheel, with nothing beside it but what it says it needs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]


def needed(names: list[str]) -> Iterator[Distribution]:
    """The installed distributions that ``names`` need, and what those need; extras only where they are asked for."""
    seen: set[str] = set()
    asked = [Requirement(name) for name in names]
    while asked:
        requirement = asked.pop()
        key = re.sub(r"[-_.]+", "-", requirement.name).lower() + str(sorted(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        yield found
        for line in found.requires or ():
            further = Requirement(line)
            extras = requirement.extras or {""}
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras):
                asked.append(further)


def link(found: Distribution, site: Path) -> None:
    """Put the files of a distribution into ``site`` without copying them."""
    for top in {file.parts[0] for file in found.files or () if file.parts[0] not in ("..", "__pycache__")}:
        source, target = Path(str(found.locate_file(top))), site / top
        if source.exists() and not target.exists():
            target.symlink_to(source)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and its declared dependencies, and no development tools."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True)
    (wheel,) = folder.glob("ipt_nlp-*.whl")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    site = next((folder / "env" / "lib").iterdir()) / "site-packages"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True)
    metadata = next(site.glob("ipt_nlp-*.dist-info/METADATA")).read_text("utf-8")
    names = re.findall(r"^Requires-Dist: (.+)$", metadata, re.MULTILINE)
    for found in needed([name for name in names if "extra ==" not in name]):
        link(found, site)
    return python


def test_development_tools_are_not_there(installed: Path) -> None:
    for tool in ("pytest", "hypothesis", "mypy", "streamlit"):
        assert subprocess.run([installed, "-c", f"import {tool}"], capture_output=True).returncode == 1


def test_the_wheel_annotates_the_example_session(installed: Path, tmp_path: Path) -> None:
    code = "import importlib.resources as r; print(r.files('ipt_nlp') / 'examples' / 'session.txt')"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    shown = subprocess.run([installed, "-c", code], capture_output=True, text=True, check=True, env=environment)
    session = shown.stdout.strip()
    assert str(ROOT) not in session
    out = tmp_path / "out.jsonl"
    command = [installed, "-m", "ipt_nlp.cli", "annotate", session, "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    first = json.loads(out.read_text("utf-8").splitlines()[0])
    assert first["model"].startswith("default@")


def test_the_wheel_has_types_and_codebooks(installed: Path) -> None:
    code = (
        "import ipt_nlp, pathlib; folder = pathlib.Path(ipt_nlp.__file__).parent; "
        "print((folder / 'py.typed').exists(), ipt_nlp.Codebook.load('ipt').ref)"
    )
    done = subprocess.run([installed, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "ipt@1.1"]


def test_the_wheel_has_a_corpus_to_retrain_with(installed: Path) -> None:
    code = "from ipt_nlp.models import coded_corpus; print(coded_corpus())"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([installed, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert "site-packages" in done.stdout


def test_the_wheel_makes_a_store(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "s01.txt").write_text("T: What did you say then?\nC: Nothing. I went home.\n", "utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for arguments in (["import", "s01.txt"], ["store", "verify"]):
        command = [installed, "-m", "ipt_nlp.cli", *arguments, "--store", "study.db"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
        assert done.returncode == 0, done.stderr
