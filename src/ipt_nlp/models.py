"""Where model versions and the coded corpus lie on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import UsageError

PACKAGE = Path(__file__).resolve().parent
# A model that learned labels of a person's own codebook carries that codebook.
CODEBOOK = "codebook.json"


def home() -> Path:
    """The person's own folder: ``$IPT_NLP_HOME``, else ``~/.ipt-nlp``."""
    named = os.environ.get("IPT_NLP_HOME")
    return Path(named) if named else Path.home() / ".ipt-nlp"


def model_roots() -> Iterator[Path]:
    """Folders of named models, nearest first: the person's own, the checkout's, the installed package's."""
    yield home() / "models"
    if os.environ.get("IPT_NLP_HOME"):
        yield home()
    if checkout := _checkout():
        yield checkout / "models"
    yield PACKAGE / "models"


def coded_corpus() -> Path | None:
    """The folder of the coded corpus: the person's own, the checkout's, or the installed package's; None: none."""
    checkout = _checkout()
    places = [home() / "annotations", *([checkout / "annotations"] if checkout else []), PACKAGE / "annotations"]
    return next((folder for folder in places if any(folder.glob("*.jsonl"))), None)


def codebook_of(folder: Path) -> Codebook:
    """The codebook that the model in ``folder`` was trained under.

    Raises:
        UsageError: it is none that ships with the package, and the folder does not carry it.
    """
    own = folder / CODEBOOK
    if own.is_file():
        return Codebook.model_validate_json(own.read_text("utf-8"))
    ref: str = json.loads((folder / "config.json").read_text("utf-8"))["codebook"]
    return Codebook.load(ref.split("@")[0])


def _checkout() -> Path | None:
    folder = PACKAGE.parents[1]
    return folder if (folder / "pyproject.toml").is_file() else None


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
