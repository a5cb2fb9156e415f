"""The store: the only place that speaks SQL. ``AnnotationStore.open()`` is the way in."""

from __future__ import annotations

from ipt_nlp.store.annotation_store import AnnotationStore
from ipt_nlp.store.values import LOCAL

__all__ = ["LOCAL", "AnnotationStore"]
