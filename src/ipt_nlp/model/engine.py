"""How the encoder is run: the fastest arithmetic that leaves the scores as they are.

bfloat16 where the processor multiplies it in hardware (AMX), else float32. 8-bit integers are faster on processors with
VNNI, but their scaling depends on what else is in the batch, so that a turn's score would depend on other transcripts;
they are used only where ``IPT_NLP_ENGINE=int8`` asks for them. ``TOLERANCE`` says how far 99 % of the scores of an
engine may lie from float32's (``tests/test_model.py``).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch

from ipt_nlp.errors import UsageError

Precision = Literal["float32", "bfloat16", "int8"]
TOLERANCE: dict[Precision, float] = {"float32": 0.001, "bfloat16": 0.03, "int8": 0.15}


@dataclass(frozen=True, slots=True)
class Engine:
    """One way of running the encoder on this machine's processor."""

    kind: Precision

    def prepare(self, tagger: Any) -> Any:
        """``tagger`` with its encoder in the form this engine runs; the heads stay in float32."""
        if self.kind != "int8":
            return tagger
        torch.backends.quantized.engine = "onednn"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", UserWarning)
            quantize: Any = torch.ao.quantization.quantize_dynamic
            tagger.encoder = quantize(tagger.encoder, {torch.nn.Linear}, torch.qint8)
        return tagger

    @contextmanager
    def precision(self) -> Iterator[None]:
        """The context of a forward pass."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.kind == "bfloat16"):
            yield


def choose_engine() -> Engine:
    """The engine for this machine, or the one that ``IPT_NLP_ENGINE`` names."""
    named = os.environ.get("IPT_NLP_ENGINE")
    if named:
        for kind in get_args(Precision):
            if kind == named:
                return Engine(kind)
        raise UsageError(f"IPT_NLP_ENGINE={named}: no such engine. Use float32, bfloat16 or int8.")
    if torch.cpu._is_amx_tile_supported():
        return Engine("bfloat16")
    return Engine("float32")
