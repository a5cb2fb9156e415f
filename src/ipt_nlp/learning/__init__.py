"""Corpora, splits, training, evaluation and model cards."""
