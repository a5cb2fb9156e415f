"""How the encoder is run: the fastest arithmetic of the machine that leaves the labels as they are.

bfloat16 where the processor multiplies it in hardware (AMX), 8-bit integers where it has VNNI, else float32.
``TOLERANCE`` says how far 99 % of the scores of an engine may lie from float32's (``tests/test_model.py``).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from ipt_nlp.errors import UsageError

Precision = Literal["float32", "bfloat16", "int8"]
TOLERANCE: dict[Precision, float] = {"float32": 0.001, "bfloat16": 0.03, "int8": 0.1}
BATCH_TOKENS = 4096


class Int8Linear(nn.Module):
    """A linear layer with 8-bit weights, scaled per output, and inputs rounded to 8 bits on the fly.

    The whole range is used, which is safe with VNNI alone: older instructions overflow in between.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach()
        scales = weight.abs().amax(dim=1).clamp(min=1e-8).double() / 127
        zeros = torch.zeros(len(weight), dtype=torch.long)
        with warnings.catch_warnings():
            # Deprecated since torch 2.13 without a successor for eager mode; choose_engine does without when it goes.
            warnings.simplefilter("ignore", UserWarning)
            quantised = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        self._packed = torch.ops.quantized.linear_prepack(quantised, linear.bias.detach())

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = torch.ops.quantized.linear_dynamic(inputs, self._packed, reduce_range=False)
        return outputs


@dataclass(frozen=True, slots=True)
class Engine:
    """One way of running the encoder on this machine's processor."""

    kind: Precision

    def prepare(self, tagger: Any) -> Any:
        """``tagger`` with its encoder in the form this engine runs; the heads stay in float32."""
        if self.kind == "int8":
            for module in list(tagger.encoder.modules()):
                for name, child in list(module.named_children()):
                    if isinstance(child, nn.Linear):
                        setattr(module, name, Int8Linear(child))
        return tagger

    def windows_per_batch(self, window_tokens: int) -> int:
        """How many windows go through the encoder at once.

        8-bit inputs are scaled by the largest among them; one window at a time keeps a transcript's scores free of
        what else is being scored.
        """
        return 1 if self.kind == "int8" else max(1, BATCH_TOKENS // window_tokens)

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
        raise UsageError(f"IPT_NLP_ENGINE={named}: no such engine. Use {', '.join(get_args(Precision))}.")
    if torch.cpu._is_amx_tile_supported():
        return Engine("bfloat16")
    int8 = torch.cpu._is_vnni_supported() and hasattr(torch, "quantize_per_channel")
    return Engine("int8" if int8 else "float32")
