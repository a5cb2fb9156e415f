"""Which model is the champion, where it lies, and what its name is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ipt_nlp.errors import ModelError, UsageError
from ipt_nlp.learning.versions import champion_folder, ensure_champion, find_ref, ref_of, reserve
from ipt_nlp.store import LOCAL, AnnotationStore


def test_a_champion_whose_folder_is_gone_or_changed_is_named(store: AnnotationStore, home: Path) -> None:
    shutil.copytree(home / "models" / "default", home / "models" / "other")
    ref = ref_of(home / "models" / "other")
    store.models.register(LOCAL, ref, {}, "ipt@1.1")
    store.models.promote(LOCAL, ref)
    config = home / "models" / "other" / "config.json"
    config.write_text(config.read_text("utf-8") + " ", "utf-8")
    with pytest.raises(ModelError, match="another model lies there"):
        champion_folder(store)
    shutil.rmtree(config.parent)
    with pytest.raises(ModelError, match="its folder is gone"):
        champion_folder(store)


def test_an_upgraded_shipped_model_becomes_champion_where_it_was(store: AnnotationStore, home: Path) -> None:
    first = ensure_champion(store, LOCAL)
    assert ensure_champion(store, LOCAL) == first
    config = home / "models" / "default" / "config.json"
    config.write_text(config.read_text("utf-8") + " ", "utf-8")
    second = ensure_champion(store, LOCAL)
    assert second.ref != first.ref
    assert [v.status for v in store.models.list()] == ["retired", "champion"]
    with pytest.raises(UsageError, match="several"):
        find_ref(store, "default")
    with pytest.raises(UsageError, match="no model"):
        find_ref(store, "mine")
    assert find_ref(store, first.ref) == first.ref


def test_names_are_taken_once(store: AnnotationStore, home: Path) -> None:
    other = AnnotationStore.open(home / "other.db")
    first, second = reserve(store, 1), reserve(other, 1)
    assert (first.name, second.name) == ("retrained-1", "retrained-2")
    assert reserve(store, 2).name == "retrained-3"
    assert not first.parent.exists()
    assert second.parent.exists()
    other.close()
