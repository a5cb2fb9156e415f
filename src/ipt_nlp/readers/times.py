"""Time stamps as programs write them."""

from __future__ import annotations

import re

_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,6}))?")


def seconds(stamp: str) -> float | None:
    """Seconds of ``hh:mm:ss.mmm``, ``mm:ss``, ``mm:ss,mmm`` or a plain number; None where it is none of them."""
    stamp = stamp.strip()
    if match := _CLOCK.fullmatch(stamp):
        hours, minutes, whole, fraction = match.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + (float(f"0.{fraction}") if fraction else 0.0)
    return float(stamp) if re.fullmatch(r"\d{1,12}(?:\.\d{1,9})?", stamp) else None
