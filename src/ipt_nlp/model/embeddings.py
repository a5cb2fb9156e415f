"""Sentence vectors of the base encoder, as it comes: for peers of the tagger, and to tell near-duplicates apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ipt_nlp.model.base import load_encoder, load_tokenizer
from ipt_nlp.model.config import BASE_PACKAGE, BASE_SHA256

MOST_TOKENS = 256
BATCH = 64


def embed(texts: Sequence[str], base: str = BASE_PACKAGE, sha256: str = BASE_SHA256) -> NDArray[np.float32]:
    """Unit vectors [text, hidden]: the mean of the token vectors, as the encoder was trained to give them."""
    encoder, tokenizer = load_encoder(base, sha256).eval(), load_tokenizer(base)
    ids = [encoding.ids[:MOST_TOKENS] for encoding in tokenizer.encode_batch(list(texts))]
    vectors = np.zeros((len(ids), encoder.config.hidden_size), np.float32)
    order = sorted(range(len(ids)), key=lambda row: -len(ids[row]))
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            shape = (len(rows), max(len(ids[row]) for row in rows))
            tokens, mask = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
            for place, row in enumerate(rows):
                tokens[place, : len(ids[row])] = torch.tensor(ids[row])
                mask[place, : len(ids[row])] = 1
            hidden = encoder(input_ids=tokens, attention_mask=mask).last_hidden_state * mask[..., None]
            means = hidden.sum(dim=1) / mask.sum(dim=1, keepdim=True)
            vectors[rows] = torch.nn.functional.normalize(means, dim=-1).numpy()
    return vectors
