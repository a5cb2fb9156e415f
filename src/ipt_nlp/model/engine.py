"""How the encoder is run: the fastest exact-enough arithmetic that the machine has.

bfloat16 where the processor multiplies it in hardware (AMX), 8-bit integers where it has VNNI, else float32. Scores of
all engines agree with float32 within ``TOLERANCE`` in probability for 99 % of scores (``tests/test_engine.py``).
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
TOLERANCE = 0.05


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
    return Engine("int8" if torch.cpu._is_vnni_supported() else "float32")
