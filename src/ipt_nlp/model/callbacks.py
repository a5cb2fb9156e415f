"""What happens beside training: an average of the weights, the learning curve, and a word on how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import TrainerCallback

from ipt_nlp.model.tagger import SessionTagger


class Average(TrainerCallback):  # type: ignore[misc]  # transformers ships no complete types
    """An exponential moving average of the trained parameters, kept beside each checkpoint (Polyak 1992).

    Its decay is smaller at first, so that the untrained start is soon forgotten.
    """

    FILE = "average.safetensors"

    def __init__(self, tagger: SessionTagger, decay: float) -> None:
        self._tagger, self._decay = tagger, decay
        self._state: dict[str, Tensor] = {}

    def on_train_begin(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        saved = Path(args.output_dir) / f"checkpoint-{state.global_step}" / self.FILE
        known = load_file(saved) if state.global_step and saved.is_file() else self._tagger.trained_state()
        self._state = {name: value.clone() for name, value in known.items()}

    def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        decay = min(self._decay, (1 + state.global_step) / (10 + state.global_step))
        for name, value in self._tagger.trained_state().items():
            self._state[name].lerp_(value, 1 - decay)

    def on_save(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        file = Path(args.output_dir) / f"checkpoint-{state.global_step}" / self.FILE
        part = file.with_suffix(".part")
        save_file(self._state, part)
        part.replace(file)

    def apply(self) -> None:
        """Give the tagger the averaged parameters."""
        self._tagger.load_state_dict(self._state, strict=False)


class LossLog(TrainerCallback):  # type: ignore[misc]  # transformers ships no complete types
    """Keeps (step, loss) for the learning curve."""

    def __init__(self) -> None:
        self.points: list[tuple[int, float]] = []

    def on_log(self, _args: Any, state: Any, _control: Any, logs: Mapping[str, float] | None = None, **_: Any) -> None:
        if logs and "loss" in logs:
            self.points.append((state.global_step, round(float(logs["loss"]), 4)))


class Steps(TrainerCallback):  # type: ignore[misc]  # transformers ships no complete types
    """Tells how much of the training is done."""

    def __init__(self, tell: Callable[[float], None]) -> None:
        self._tell = tell

    def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        self._tell(state.global_step / state.max_steps)
