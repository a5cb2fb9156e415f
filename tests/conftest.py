"""Fixtures: a tiny random encoder that keeps tests fast, and the shipped model where it matters."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel

from ipt_nlp.codebook import Codebook
from ipt_nlp.model.base import base_folder, load_encoder, weights_sha256
from ipt_nlp.model.config import BASE_PACKAGE, TaggerConfig, head_groups
from ipt_nlp.model.tagger import SessionTagger

ROOT = Path(__file__).resolve().parents[1]
HIDDEN = 32


@pytest.fixture(autouse=True)
def _no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A developer's own models and store must not decide a test, and no test may write to them."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("IPT_NLP_STORE", raising=False)
    monkeypatch.delenv("IPT_NLP_HOME", raising=False)
    monkeypatch.delenv("IPT_NLP_ENGINE", raising=False)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer encoder with the real tokenizer."""
    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=30522, hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    shutil.copy(base_folder(BASE_PACKAGE) / "tokenizer.json", folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained tagger over the tiny encoder, with heads for every label of the IPT codebook."""
    torch.manual_seed(1)
    codebook = Codebook.load("ipt")
    config = TaggerConfig(
        base=str(tiny_base),
        base_sha256=weights_sha256(str(tiny_base)),
        groups=TaggerConfig.groups_from(head_groups(codebook)),
        codebook=codebook.ref,
        version="0.0.1",
        window_tokens=64,
        context_tokens=16,
        adapter_rank=4,
        thresholds=dict.fromkeys([label.name for label in codebook.labels], 0.5),
    )
    tagger = SessionTagger(config, load_encoder(config.base, config.base_sha256))
    for name, parameter in tagger.named_parameters():
        # Adapters start as no change; a test of saving and merging needs them to be one.
        if "lora_B" in name or name.startswith("heads."):
            torch.nn.init.normal_(parameter, std=0.3)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    tagger.save_pretrained(folder)
    return folder


@pytest.fixture
def damaged_model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model whose files a test may spoil."""
    return Path(shutil.copytree(tiny_model, tmp_path / "damaged"))


def set_config(folder: Path, **values: object) -> None:
    """Change values in a model's configuration."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values), "utf-8")
