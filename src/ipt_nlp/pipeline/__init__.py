"""The spaCy pipeline: utterances, cues, tagger."""

from ipt_nlp.pipeline.docs import to_doc
from ipt_nlp.pipeline.loading import load
from ipt_nlp.pipeline.stream import annotate, predictions

__all__ = ["annotate", "load", "predictions", "to_doc"]
