"""ipt-nlp: technique and problem-area tags for transcripts of interpersonal psychotherapy.

Names resolve when first used: ``import ipt_nlp`` loads neither torch nor spaCy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipt_nlp.annotation import Annotation, Prediction
    from ipt_nlp.codebook import Codebook
    from ipt_nlp.pipeline import annotate, load, to_doc
    from ipt_nlp.readers import read_transcripts
    from ipt_nlp.store import AnnotationStore
    from ipt_nlp.transcript import Transcript, Utterance

__version__ = "0.1.0"

__all__ = [
    "Annotation",
    "AnnotationStore",
    "Codebook",
    "Prediction",
    "Transcript",
    "Utterance",
    "annotate",
    "load",
    "read_transcripts",
    "to_doc",
]

_HOME = {
    "Annotation": "annotation",
    "AnnotationStore": "store",
    "Codebook": "codebook",
    "Prediction": "annotation",
    "Transcript": "transcript",
    "Utterance": "transcript",
    "annotate": "pipeline",
    "load": "pipeline",
    "read_transcripts": "readers",
    "to_doc": "pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ipt_nlp' has no attribute {name!r}")
    return getattr(import_module(f"ipt_nlp.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
