"""The coded corpus as a ``datasets.Dataset``, for those who work with Hugging Face's tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from datasets import Dataset, Features, List, Value

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.corpus import Corpus


def as_dataset(corpus: Corpus, codebook: Codebook) -> Dataset:
    """One row a coded utterance and coder, in the order of the corpus; nothing is written to a cache.

    A label group that its coder did not code, or that does not apply to the speaker, is None; an empty list means that
    no label of the group applies.
    """
    groups = [group.name for group in codebook.groups]
    text, flag = Value("string"), Value("bool")
    columns = dict.fromkeys(("transcript_id", "utterance_id", "speaker", "text", "coder", "source", "group"), text)
    lists = {name: List(text) for name in groups}
    rows = list(_rows(corpus, groups))
    table = {name: [row[name] for row in rows] for name in (*columns, *lists, "sure", "frozen", "adjudicated")}
    return Dataset.from_dict(
        table, features=Features(columns | lists | {"sure": flag, "frozen": flag, "adjudicated": flag})
    )


def _rows(corpus: Corpus, groups: list[str]) -> Iterator[dict[str, Any]]:
    for coded in corpus.transcripts:
        for utterance in coded.transcript.utterances:
            for annotation in coded.annotations.get(utterance.utterance_id, ()):
                labels = {group: annotation.labels.get(group) for group in groups}
                yield {
                    "transcript_id": coded.transcript.transcript_id,
                    "utterance_id": str(utterance.utterance_id),
                    "speaker": utterance.speaker,
                    "text": utterance.text,
                    "coder": annotation.coder,
                    "source": coded.source,
                    "group": coded.group,
                    "sure": annotation.sure,
                    "frozen": coded.frozen,
                    "adjudicated": annotation.adjudicated,
                } | {group: None if given is None else list(given) for group, given in labels.items()}
