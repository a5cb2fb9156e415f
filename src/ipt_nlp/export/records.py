"""One record an utterance: the form of our JSON lines, in and out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ipt_nlp.annotation import Prediction
from ipt_nlp.transcript import Transcript

Record = dict[str, Any]


def records(transcript: Transcript, predictions: Sequence[Prediction]) -> Iterator[Record]:
    """The records of one transcript, in order; ``utterance.schema.json`` beside this file describes them."""
    for utterance, prediction in zip(transcript.utterances, predictions, strict=True):
        yield {
            "transcript_id": transcript.transcript_id,
            "utterance_id": utterance.utterance_id,
            "speaker": utterance.speaker,
            "text": utterance.text,
            "start_s": utterance.start_s,
            "end_s": utterance.end_s,
            **{group: [_given(prediction, label) for label in labels] for group, labels in prediction.labels.items()},
            "scores": dict(prediction.scores),
            "cues": [{"label": label, "start": start, "end": end} for label, start, end in prediction.cues],
            "needs_review": prediction.needs_review,
            "model": prediction.model,
            "codebook": prediction.codebook,
        }


def _given(prediction: Prediction, label: str) -> Record:
    evidence = [list(span) for span in prediction.evidence.get(label, ())]
    return {"label": label, "score": prediction.scores[label], "evidence": evidence}


def json_line(record: Record) -> str:
    """``record`` as one line of JSON, the same bytes for the same record."""
    return json.dumps(record, ensure_ascii=False, separators=(", ", ": ")) + "\n"


def flat(record: Record, groups: Sequence[str]) -> Record:
    """``record`` as one table row: labels joined by a semicolon, one column a score, evidence as offsets."""
    kept = ("transcript_id", "utterance_id", "speaker", "text", "start_s", "end_s")
    evidence = {item["label"]: item["evidence"] for group in groups for item in record[group] if item["evidence"]}
    return {
        **{name: record[name] for name in kept},
        **{group: ";".join(item["label"] for item in record[group]) for group in groups},
        "needs_review": record["needs_review"],
        "evidence": json.dumps(evidence) if evidence else "",
        "cues": ";".join(dict.fromkeys(cue["label"] for cue in record["cues"])),
        **{f"score_{label}": score for label, score in record["scores"].items()},
        "model": record["model"],
        "codebook": record["codebook"],
    }
