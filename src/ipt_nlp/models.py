"""Where model versions lie on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ipt_nlp.errors import UsageError

PACKAGE = Path(__file__).resolve().parent


def model_roots() -> Iterator[Path]:
    """Folders of named models, nearest first: the person's own, the checkout's, the installed package's."""
    if home := os.environ.get("IPT_NLP_HOME"):
        yield Path(home) / "models"
        yield Path(home)
    checkout = PACKAGE.parents[1]
    if (checkout / "pyproject.toml").is_file():
        yield checkout / "models"
    yield PACKAGE / "models"


def find_model(name_or_path: str | Path) -> Path:
    """The folder of a model.

    Raises:
        UsageError: there is no such model; lists the names there are.
    """
    path = Path(name_or_path)
    if _is_model(path):
        return path.resolve()
    named = [root / path for root in model_roots()] if path.name == str(name_or_path) else []
    found = next((folder for folder in named if _is_model(folder)), None)
    if found is None:
        known = ", ".join(model_names()) or "none installed"
        raise UsageError(f"no model {str(name_or_path)!r}. Known: {known}; or pass the path of a model folder.")
    return found


def model_names() -> list[str]:
    """Names of the models that can be loaded by name."""
    roots = [root for root in model_roots() if root.is_dir()]
    return sorted({folder.name for root in roots for folder in root.iterdir() if _is_model(folder)})


def _is_model(folder: Path) -> bool:
    return (folder / "config.json").is_file()
