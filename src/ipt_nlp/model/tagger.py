"""The tagger: an encoder with adapters, turns as means of their tokens, one linear head per label group."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils import ModelOutput

from ipt_nlp.errors import ModelError
from ipt_nlp.model.base import WEIGHTS, load_encoder
from ipt_nlp.model.batches import ROLE_IDS
from ipt_nlp.model.config import FORMAT_VERSION, TaggerConfig

CONFIG = "config.json"


class SessionTagger(PreTrainedModel):  # type: ignore[misc]  # transformers ships no complete types
    """Encoder, role embeddings and heads. ``save_pretrained`` writes only what training changed."""

    config_class = TaggerConfig
    base_model_prefix = "encoder"
    _supports_sdpa = True

    def __init__(self, config: TaggerConfig, encoder: Any) -> None:
        super().__init__(config)
        hidden = encoder.config.hidden_size
        known = encoder.embeddings.token_type_embeddings.weight.detach()
        roles = nn.Embedding(len(ROLE_IDS), hidden)
        # Sentence encoders only ever saw segment 0; every role starts from it, so that none starts from noise.
        roles.weight.data.copy_(known[:1].expand(len(ROLE_IDS), hidden))
        encoder.embeddings.token_type_embeddings = roles
        encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        if config.adapter_rank:
            adapters = LoraConfig(
                r=config.adapter_rank,
                lora_alpha=2 * config.adapter_rank,
                lora_dropout=config.adapter_dropout,
                target_modules="all-linear",
            )
            encoder = inject_adapter_in_model(adapters, encoder)
            roles.weight.requires_grad_(True)
        self.encoder = encoder
        self.dropout = nn.Dropout(config.head_dropout)
        self.heads = nn.ModuleDict({head.name: _head(hidden, len(head.labels)) for head in config.heads})
        self.positive_weights: dict[str, Tensor] = {}

    def pool(self, slot: Tensor, slots: int, **inputs: Tensor | None) -> tuple[Tensor, Tensor]:
        """Sums [slot, hidden] and counts [slot] of the token vectors of each slot; tokens with slot -1 are left out."""
        hidden = self.encoder(**inputs).last_hidden_state.float()
        kept = slot >= 0
        sums = hidden.new_zeros(slots, hidden.shape[-1]).index_add_(0, slot[kept], hidden[kept])
        counts = hidden.new_zeros(slots).index_add_(0, slot[kept], hidden.new_ones(int(kept.sum())))
        return sums, counts

    def logits(self, vectors: Tensor) -> dict[str, Tensor]:
        """Group -> logits [n, label] of turn or sentence vectors [n, hidden]."""
        return {name: head(self.dropout(vectors)) for name, head in self.heads.items()}

    def forward(
        self,
        input_ids: Tensor,
        token_type_ids: Tensor,
        slot: Tensor,
        targets: Mapping[str, Tensor],
        weights: Mapping[str, Tensor],
        attention_mask: Tensor | None = None,
    ) -> ModelOutput:
        """Training step: one slot a turn.

        Args:
            targets: group -> 0/1 [turn, label].
            weights: group -> [turn], 0 where the group was not coded or does not apply to the speaker.
        """
        slots = next(iter(weights.values())).shape[0]
        inputs = {"input_ids": input_ids, "token_type_ids": token_type_ids, "attention_mask": attention_mask}
        sums, counts = self.pool(slot, slots, **inputs)
        logits = self.logits(sums / counts.clamp(min=1)[:, None])
        losses = [
            group_loss(logits[h.name], targets[h.name], weights[h.name], h.exclusive, self.positive_weights.get(h.name))
            for h in self.config.heads
        ]
        return ModelOutput(loss=torch.stack(losses).sum())

    def merge(self) -> SessionTagger:
        """Fold the adapters into the encoder's layers and take them off, for inference."""
        for module in list(self.encoder.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, LoraLayer):
                    child.merge()
                    setattr(module, name, child.get_base_layer())
        return self

    def trained_state(self) -> dict[str, Tensor]:
        """The parameters that training changes, by name."""
        return {n: p.detach().cpu().contiguous() for n, p in self.named_parameters() if p.requires_grad}

    def save_pretrained(self, save_directory: str | Path, **_: Any) -> None:
        """Write ``config.json`` and the trained parameters as safetensors; the base weights stay where they are.

        A parameter that is the same in half precision is stored that way.
        """
        folder = Path(save_directory)
        folder.mkdir(parents=True, exist_ok=True)
        config = {k: v for k, v in self.config.to_diff_dict().items() if k not in ("transformers_version", "dtype")}
        (folder / CONFIG).write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", "utf-8")
        state = {name: half if torch.equal(half.float(), value) else value for name, value, half in self._halves()}
        save_file(state, folder / WEIGHTS, metadata={"format": "pt"})

    def _halves(self) -> Iterator[tuple[str, Tensor, Tensor]]:
        return ((name, value, value.half()) for name, value in self.trained_state().items())

    @classmethod
    def from_pretrained(cls, folder: str | Path, *_: Any, **__: Any) -> SessionTagger:
        """Base weights plus what ``save_pretrained`` wrote; in evaluation mode, adapters not merged.

        Raises:
            ModelError: a file is missing or damaged, or was made for another base or by a newer version.
        """
        folder = Path(folder)
        config = read_config(folder)
        tagger = cls(config, load_encoder(config.base, config.base_sha256))
        try:
            state = load_file(folder / WEIGHTS)
        except (OSError, SafetensorError) as error:
            raise ModelError(
                f"{folder / WEIGHTS}: the adapter is damaged or missing. Restore the model folder."
            ) from error
        expected = {n: p.shape for n, p in tagger.named_parameters() if p.requires_grad}
        if {n: p.shape for n, p in state.items()} != expected:
            raise ModelError(f"{folder / WEIGHTS}: the adapter does not fit its config.json. Restore the model folder.")
        tagger.load_state_dict(state, strict=False)
        tagger.eval()
        return tagger


def _head(hidden: int, labels: int) -> nn.Linear:
    head = nn.Linear(hidden, labels)
    nn.init.normal_(head.weight, std=0.02)
    nn.init.zeros_(head.bias)
    return head


def read_config(folder: Path) -> TaggerConfig:
    """The configuration of a model folder."""
    path = folder / CONFIG
    try:
        config = TaggerConfig(**json.loads(path.read_text("utf-8")))
        complete = bool(config.heads)
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"{path}: no readable tagger configuration. Restore the model folder.") from error
    if not complete:
        raise ModelError(f"{path}: names no label groups. Restore the model folder.")
    if config.format_version > FORMAT_VERSION:
        raise ModelError(f"{path}: made by a newer ipt-nlp (format {config.format_version}). Upgrade ipt-nlp.")
    return config


def model_ref(folder: Path, name: str, version: str) -> str:
    """``name@version+digest``; the digest covers the configuration, with its thresholds, and the weights."""
    digest = hashlib.sha256()
    for file in (CONFIG, WEIGHTS):
        digest.update((folder / file).read_bytes())
    return f"{name}@{version}+{digest.hexdigest()[:12]}"


def group_loss(
    logits: Tensor, targets: Tensor, weights: Tensor, exclusive: bool, positive_weights: Tensor | None = None
) -> Tensor:
    """Mean loss over the coded turns: cross-entropy where ``exclusive``, else summed binary cross-entropy.

    A target that is nan is not known: nothing is learned from it, and to an exclusive group it is no label given.
    """
    known = ~targets.isnan()
    targets = targets.nan_to_num()
    if exclusive:
        loss = nn.functional.cross_entropy(logits, targets, weight=positive_weights, reduction="none")
    else:
        bce = nn.functional.binary_cross_entropy_with_logits
        loss = (bce(logits, targets, reduction="none", pos_weight=positive_weights) * known).sum(-1)
    return (loss * weights).sum() / weights.sum().clamp(min=1)
