"""Loading a pipeline by the name or the path of a model."""

from __future__ import annotations

from pathlib import Path

import spacy
from spacy.language import Language

from ipt_nlp.model.tagger import read_config
from ipt_nlp.models import find_model
from ipt_nlp.pipeline import components

__all__ = ["components", "load"]


def load(model: str | Path = "default", *, codebook: str | Path | None = None) -> Language:
    """A spaCy pipeline that tags transcripts.

    Args:
        model: a name in ``models/``, a path, or a name under ``IPT_NLP_HOME``.
        codebook: name or path; by default the one the model was trained under.

    Raises:
        UsageError: no such model or codebook.
        ModelError: the model folder is damaged, or its base weights are not at hand.
    """
    folder = find_model(model)
    config = read_config(folder)
    nlp = spacy.blank("en")
    nlp.max_length = 20_000_000
    nlp.add_pipe("ipt_utterances")
    nlp.add_pipe("ipt_cues", config={"codebook": str(codebook or config.codebook.split("@")[0])})
    nlp.add_pipe("ipt_tagger", config={"model": str(folder), "model_name": folder.name})
    return nlp
