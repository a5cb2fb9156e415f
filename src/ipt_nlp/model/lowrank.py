"""Training the encoder's linear layers whole, and keeping what changed as adapters of low rank.

On this corpus whole layers learn faster than adapters do; what they learn is of low rank all the same (Aghajanyan et
al. 2021), so a truncated singular value decomposition of the change makes a model version small enough to be e-mailed.
"""

from __future__ import annotations

import torch
from peft.tuners.lora import LoraLayer
from torch import nn

from ipt_nlp.model.base import load_encoder
from ipt_nlp.model.config import TaggerConfig
from ipt_nlp.model.tagger import SessionTagger

ADAPTER = "default"


def whole_layers(config: TaggerConfig) -> SessionTagger:
    """An untrained tagger without adapters, of whose encoder only linear layers and roles learn."""
    plain = TaggerConfig(**{**config.to_dict(), "adapter_rank": 0})
    tagger = SessionTagger(plain, load_encoder(config.base, config.base_sha256))
    learning = {module.weight for module in tagger.encoder.modules() if isinstance(module, nn.Linear)}
    learning.add(tagger.encoder.embeddings.token_type_embeddings.weight)
    for parameter in tagger.encoder.parameters():
        parameter.requires_grad_(parameter in learning)
    return tagger


def as_adapters(whole: SessionTagger, config: TaggerConfig) -> SessionTagger:
    """``whole`` as a tagger with adapters of ``config.adapter_rank``, in evaluation mode.

    Everything kept is rounded to half precision, so that saving it that way loses nothing.
    """
    tagger = SessionTagger(config, load_encoder(config.base, config.base_sha256))
    learned = dict(whole.encoder.named_modules())
    with torch.no_grad():
        for name, module in tagger.encoder.named_modules():
            if isinstance(module, LoraLayer):
                _take(module, learned[name].weight - module.get_base_layer().weight)
        roles = whole.encoder.embeddings.token_type_embeddings.weight
        tagger.encoder.embeddings.token_type_embeddings.weight.copy_(roles)
        tagger.heads.load_state_dict(whole.heads.state_dict())
        for parameter in tagger.parameters():
            if parameter.requires_grad:
                parameter.copy_(parameter.half())
    tagger.eval()
    return tagger


def _take(module: LoraLayer, change: torch.Tensor) -> None:
    """Give ``module`` the best approximation of ``change`` [out, in] that its rank allows."""
    left, values, right = torch.linalg.svd(change, full_matrices=False)
    rank = module.r[ADAPTER]
    root = values[:rank].sqrt()
    module.lora_B[ADAPTER].weight.copy_(left[:, :rank] * root / module.scaling[ADAPTER])
    module.lora_A[ADAPTER].weight.copy_(root[:, None] * right[:rank])
