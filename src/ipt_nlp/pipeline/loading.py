"""Loading a pipeline by the name or the path of a model."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import spacy
from spacy.language import Language

from ipt_nlp.codebook import Codebook
from ipt_nlp.model.tagger import read_config
from ipt_nlp.models import codebook_of, find_model
from ipt_nlp.pipeline import components

__all__ = ["load"]

# spaCy's limit guards parsers that this pipeline does not have; 20,000 turns are more than its million characters.
LONGEST_TEXT = 50_000_000


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
    read_config(folder)  # says what is wrong with a damaged one
    nlp = spacy.blank("en")
    nlp.max_length = LONGEST_TEXT
    nlp.add_pipe("ipt_utterances")
    # Models and codebooks are set after the fact: a saved pipeline must not name paths of this machine.
    cast("components.CuesComponent", nlp.add_pipe("ipt_cues")).use(
        Codebook.load(codebook) if codebook else codebook_of(folder)
    )
    cast("components.TaggerComponent", nlp.add_pipe("ipt_tagger")).use(folder)
    return nlp
