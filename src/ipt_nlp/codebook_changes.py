"""What differs between two versions of a codebook, entry by entry and in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from ipt_nlp.codebook import Codebook, Example, Exclusion

# What a codebook is made of, by the name of the field, and what one of them is called.
ENTRIES = {"labels": "code", "groups": "group", "families": "family", "phases": "phase", "lineages": "lineage"}
# Name and version say which version it is, not what it says; entries are matched by their names.
IDENTITY = frozenset({"name", "version", *ENTRIES})
WORDS = {
    "include": "“give it for”",
    "exclude": "“not for”",
    "hit": "example",
    "near_hit": "less plain example",
    "near_miss": "“looks like it, is not”",
    "miss": "example of something else",
    "cues": "cue phrase",
    "decisions": "rule for hard cases",
    "off_model": "off-model",
    "exclusive": "one code a turn only",
    "one_of": "one of these expected",
    "would_be_missed": "would be missed",
    "not_flagged": "not flagged",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``old`` is None for what was added, ``new`` for what was removed.

    Attributes:
        kind: what it is in: code, group, family, phase, lineage or codebook.
        name, title: of that entry; the title as it is now.
        part: the part of the entry, in words; empty for the whole of it.
    """

    kind: str
    name: str
    title: str
    part: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        done = "added" if self.old is None else "removed" if self.new is None else "changed"
        if not self.part:
            return f"{self.kind} {done}: {self.title}"
        return f"{self.title}: {self.part} {done}" if self.title else f"{self.part} {done}"


def changes(old: Codebook, new: Codebook) -> tuple[Change, ...]:
    """All that differs from ``old`` to ``new``, codes first; empty where they differ in name and version at most."""
    found: list[Change] = []
    for field, kind in ENTRIES.items():
        found += _entries(kind, getattr(old, field), getattr(new, field))
    return (*found, *_parts(("codebook", new.name, ""), _flat(old), _flat(new)))


def in_short(found: Sequence[Change]) -> str:
    """Changes as one line: those in one entry together, and each said once."""
    entries: dict[str, Counter[str]] = {}
    for change in found:
        whole = not change.part or not change.title
        title, said = ("", str(change)) if whole else (change.title, str(change).removeprefix(f"{change.title}: "))
        entries.setdefault(title, Counter())[said] += 1
    lines = []
    for title, counted in entries.items():
        said = ", ".join(text if count == 1 else f"{text} ({count}×)" for text, count in counted.items())
        lines.append(f"{title}: {said}" if title else said)
    text = "; ".join(lines)
    return text[:1].upper() + text[1:]


def _entries(kind: str, old: Sequence[Any], new: Sequence[Any]) -> list[Change]:
    before, after = ({entry.name: entry for entry in entries} for entries in (old, new))
    found = [
        Change(kind, name, entry.title, "", None, _in_full(entry))
        for name, entry in after.items()
        if name not in before
    ]
    for name, entry in before.items():
        if name not in after:
            found.append(Change(kind, name, entry.title, "", _in_full(entry), None))
        else:
            found += _parts((kind, name, after[name].title), _flat(entry), _flat(after[name]))
    kept, now = [n for n in before if n in after], [n for n in after if n in before]
    if kept != now:
        # The order gives the keys of the review page, and the order in which the manual is read.
        found.append(Change("codebook", "", "", f"order ({kind})", ", ".join(kept), ", ".join(now)))
    return found


def _in_full(entry: BaseModel) -> str:
    """Definition and cue phrases of an entry that has them."""
    parts = _flat(entry)
    cues = ", ".join(parts.get("cues", ()))
    return ". Cue phrases: ".join(text for text in (str(parts.get("definition", "")).rstrip("."), cues) if text)


def _flat(entry: BaseModel) -> dict[str, Any]:
    """Part -> value; what is nested lies beside the rest."""
    found: dict[str, Any] = {}
    for field in type(entry).model_fields:
        value = getattr(entry, field)
        if isinstance(value, BaseModel):
            found |= _flat(value)
        elif field not in IDENTITY:
            found[field] = tuple(value.items()) if isinstance(value, Mapping) else value
    return found


def _parts(where: tuple[str, str, str], old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    found = []
    for field, before in old.items():
        after, part = new[field], WORDS.get(field, field)
        if isinstance(before, tuple):
            found += [Change(*where, part, a, b) for a, b in _items(before, after)]
        elif before != after:
            found.append(Change(*where, part, _text(before) or None, _text(after) or None))
    return found


def _items(old: Sequence[Any], new: Sequence[Any]) -> Iterable[tuple[str | None, str | None]]:
    """What was taken out of a list and what was put in; the two orders where only the order differs."""
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    yield from ((_text(item), None) for item in gone.elements())
    yield from ((None, _text(item)) for item in come.elements())
    if not gone and not come and tuple(old) != tuple(new):
        yield " · ".join(map(_text, old)), " · ".join(map(_text, new))


def _text(value: Any) -> str:
    if isinstance(value, Exclusion):
        return value.rule + (f" → {value.instead}" if value.instead else "")
    if isinstance(value, Example):
        return value.text + (f" → {value.instead}" if value.instead else "")
    if isinstance(value, tuple):
        return " → ".join(map(str, value))
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
