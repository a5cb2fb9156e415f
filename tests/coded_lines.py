"""Coded lines as they stand in a corpus file."""

from __future__ import annotations

import json


def line(number: int, **fields: object) -> str:
    row: dict[str, object] = {
        "transcript_id": "t1",
        "utterance_id": number,
        "speaker": "client",
        "text": "He died.",
        "labels": {"themes": ["grief"]},
        "coder": "ai-A",
        "source": "made",
        "group": "made-1",
    }
    return json.dumps({name: value for name, value in (row | fields).items() if value is not None}) + "\n"
