"""The models of a store: which is its champion, where it lies, and how a new one comes in."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from ipt_nlp.errors import ModelError, UsageError
from ipt_nlp.learning.evaluation import METRICS
from ipt_nlp.model.tagger import model_ref, read_config
from ipt_nlp.models import codebook_of, find_model, home, model_roots
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import ModelVersion, User

DEFAULT = "default"
PREFIX = "retrained"
OWNER = "owner"


def champion_folder(store: AnnotationStore) -> Path:
    """The folder of the store's champion; the shipped model where none was ever promoted.

    Raises:
        ModelError: the champion's folder is gone, or is not what was promoted.
    """
    champion = store.models.champion()
    return find_model(DEFAULT) if champion is None else folder_of(champion.ref)


def folder_of(ref: str) -> Path:
    """The folder of a registered model.

    Raises:
        ModelError: there is none, or its content is another than that of ``ref``.
    """
    name = ref.partition("@")[0]
    folders = [root / name for root in model_roots() if (root / name / "config.json").is_file()]
    found = next((folder for folder in folders if ref_of(folder) == ref), None)
    if found is None:
        there = "another model lies there" if folders else "its folder is gone"
        raise ModelError(f"{ref}: {there}. Restore {home() / 'models' / name}, or run: ipt-nlp models rollback")
    return found


def ref_of(folder: Path) -> str:
    """Name, version and digest of the model in ``folder``."""
    return model_ref(folder, folder.name, read_config(folder).version)


def ensure_champion(store: AnnotationStore, actor: User) -> ModelVersion:
    """The store's champion; the shipped model becomes it where there is none, or where an older one of it is.

    So there is always one to go back to, and an upgrade of the package is not lost on a store.
    """
    shipped = find_model(DEFAULT)
    ref = ref_of(shipped)
    with store.transaction():
        champion = store.models.champion()
        if champion and (champion.ref == ref or champion.ref.partition("@")[0] != DEFAULT):
            return champion
        if ref not in {version.ref for version in store.models.list()}:
            store.models.register(actor, ref, _metrics(shipped), codebook_of(shipped).ref)
        return store.models.promote(actor, ref)


def listed(store: AnnotationStore) -> tuple[ModelVersion, ...]:
    """The models of a store; where none was ever promoted, the shipped one first, which is in use all the same."""
    versions = store.models.list()
    if any(version.status == "champion" for version in versions):
        return versions
    shipped = find_model(DEFAULT)
    ref = ref_of(shipped)
    in_use = ModelVersion(ref, "champion", _metrics(shipped), codebook_of(shipped).ref, "", "")
    return in_use, *(version for version in versions if version.ref != ref)


def find_ref(store: AnnotationStore, name: str) -> str:
    """The ref of the registered model that ``name`` stands for: its ref, or its name if only one is called so.

    Raises:
        UsageError: none is, or several are.
    """
    refs = [version.ref for version in store.models.list()]
    found = [ref for ref in refs if ref == name] or [ref for ref in refs if ref.partition("@")[0] == name]
    if len(found) == 1:
        return found[0]
    known = ", ".join(found or refs) or "none registered"
    what = "several models are called" if found else "no model of this store is called"
    raise UsageError(f"{what} {name!r}. Known: {known}.")


def reserve(store: AnnotationStore, job_id: int) -> Path:
    """A hidden folder next to the models to write the next one into; takes away what this store's dead jobs left.

    Its name is taken from then on, so that stores which share a home do not write the same one.
    """
    root = home() / "models"
    root.mkdir(parents=True, exist_ok=True)
    for hidden in root.glob(f".{PREFIX}-*"):
        owner = hidden / OWNER
        if owner.is_file() and owner.read_text("utf-8").partition("\n")[0] == store.database.name:
            shutil.rmtree(hidden, ignore_errors=True)
    taken = [*(p.name for p in root.iterdir()), *(v.ref.partition("@")[0] for v in store.models.list())]
    numbers = [int(m[1]) for m in (re.fullmatch(rf"\.?{PREFIX}-(\d+)", name) for name in taken) if m]
    number = max(numbers, default=0) + 1
    while True:
        reserved = root / f".{PREFIX}-{number}"
        try:
            reserved.mkdir()
        except FileExistsError:
            number += 1
            continue
        (reserved / OWNER).write_text(f"{store.database.name}\n{job_id}\n", "utf-8")
        return reserved / f"{PREFIX}-{number}"


def publish(written: Path) -> Path:
    """Move a whole model folder out of its hidden one, in one step; returns where it lies now.

    Raises:
        ModelError: something is there.
    """
    reserved, root = written.parent, written.parent.parent
    try:
        folder = written.rename(root / written.name)
    except OSError as error:
        raise ModelError(
            f"{root / written.name}: cannot be put there ({error.strerror}). Move what is there."
        ) from None
    shutil.rmtree(reserved, ignore_errors=True)
    return folder


def _metrics(folder: Path) -> dict[str, Any]:
    path = folder / METRICS
    if not path.is_file():
        return {}
    metrics: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return metrics
