"""Imports go one way, and the heavy libraries stay where they belong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "ipt_nlp"

# Each may import those before it. The design lists pipeline before model; the tagger component carries a model, so the
# model comes first here, and torch stays in it.
ORDER = [
    "errors",
    "transcript",
    "deidentify",
    "cues",
    "codebook",
    "codebook_changes",
    "annotation",
    "readers",
    "store",
    "models",
    "model",
    "pipeline",
    "agreement",
    "summary",
    "report",
    "export",
    "learning",
    "ui",
    "commands",
    "cli",
]
ONLY_IN = {
    "torch": {"model"},
    "transformers": {"model"},
    "peft": {"model"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "psycopg": {"store"},
    "streamlit": {"ui"},
    "ray": {"batch"},
}
# Values and errors are all that a part of these needs of the others.
NEEDS_ONLY = {"store": {"errors", "transcript", "annotation", "codebook", "store"}}
FILES = sorted(PACKAGE.rglob("*.py"))


def part_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_every_part_has_its_place() -> None:
    assert {part_of(file) for file in FILES} - {"__init__"} <= set(ORDER)


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_go_upwards(file: Path) -> None:
    part = part_of(file)
    if part == "__init__":
        return
    for name in imports(file):
        if name.startswith("ipt_nlp."):
            other = name.split(".")[1]
            assert ORDER.index(other) <= ORDER.index(part), f"{part} imports {other}"
            assert other in NEEDS_ONLY.get(part, {other}), f"{part} imports {other}"
        top = name.split(".")[0]
        assert part in ONLY_IN.get(top, {part}), f"{part} imports {top}"


@pytest.mark.parametrize(
    "file", sorted((PACKAGE / "ui").glob("*.py")) + sorted((PACKAGE / "ui" / "state").glob("*.py"))
)
def test_what_a_page_does_knows_nothing_of_streamlit(file: Path) -> None:
    assert not [name for name in imports(file) if name.split(".")[0] == "streamlit"]


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_files_stay_short(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= 300
