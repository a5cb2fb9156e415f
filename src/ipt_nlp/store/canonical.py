"""How values are written so that both databases keep them alike, and so that digests can be derived again."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ipt_nlp.errors import StoreError
from ipt_nlp.transcript import UtteranceId


def timestamp(moment: datetime) -> str:
    """``moment`` (with a time zone) in UTC, of fixed width, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_json(value: Any) -> str:
    """``value`` as ASCII JSON, which any database keeps as it is; the order of keys is kept."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def canonical(value: Any) -> str:
    """``value`` as JSON with sorted keys: equal values give equal text."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, allow_nan=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def row_digest(row: Mapping[str, Any]) -> str:
    """A tagged digest of a row as it is stored."""
    return f"row-1:{sha256(canonical(dict(row)))}"


def utterance_key(utterance_id: UtteranceId) -> str:
    """An utterance id as text; 12 and "12" stay apart."""
    return to_json(utterance_id)


def utterance_id_of(key: str) -> UtteranceId:
    """The utterance id that ``utterance_key`` wrote."""
    value: UtteranceId = json.loads(key)
    return value


def tuples(text: str | None) -> dict[str, Any]:
    """A stored mapping of lists as one of tuples, at every depth."""
    return {name: _tuple(value) for name, value in json.loads(text or "{}").items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(item) for item in value) if isinstance(value, list) else value


def storable(text: str, where: str) -> str:
    """``text``, if both databases can keep it.

    Raises:
        StoreError: it holds U+0000 or half of a surrogate pair; the message says where, without the text.
    """
    try:
        sound = "\x00" not in text and text.encode("utf-8") is not None
    except UnicodeEncodeError:
        sound = False
    if not sound:
        raise StoreError(f"{where} holds a character that is no text (U+0000 or a lone surrogate). Remove it.")
    return text


def finite(value: float | None, where: str) -> float | None:
    """``value`` as a float.

    Raises:
        StoreError: it is infinite or no number.
    """
    if value is None:
        return None
    if not math.isfinite(value):
        raise StoreError(f"{where} is no finite number. Correct it or leave it out.")
    return float(value)
