"""One app and one browser for all tests of this folder."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

CHROMIUM = shutil.which("chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason="needs Chromium: apt-get install chromium, as .ci/run does")
    for item in items:
        if CHROMIUM is None and "tests/browser" in str(item.path):
            item.add_marker(missing)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Where the app keeps its store; its model is the tiny one."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(tiny_model, folder / "models" / "default")
    return folder


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    from browsing import served

    with served(home) as address:
        yield address
