"""``ipt-nlp codebook``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from ipt_nlp.codebook import Codebook, Label
from ipt_nlp.codebook_changes import Change, changes
from ipt_nlp.commands import console
from ipt_nlp.errors import CodebookError, UsageError


def show(name: str, label: str | None, *, as_json: bool) -> Codebook:
    """Print a codebook as a table of labels, or one label in full."""
    codebook = Codebook.load(name)
    if label is None:
        if as_json:
            console.print_json(codebook.model_dump())
        else:
            _print_labels(codebook)
        return codebook
    if label not in codebook.by_name:
        raise UsageError(f"codebook {codebook.ref} has no label {label!r}. Labels: {', '.join(codebook.by_name)}.")
    entry = codebook.by_name[label]
    if as_json:
        console.print_json(entry.model_dump())
    else:
        print(_in_full(entry))
    return codebook


def check(file: Path, *, as_json: bool) -> Codebook:
    """Load a codebook file and say what it holds."""
    if not file.is_file():
        raise CodebookError(file, "is no file", "Pass the path of a codebook file")
    codebook = Codebook.load(file)
    cues = sum(len(label.cues) for label in codebook.labels)
    counts = {
        "groups": len(codebook.groups),
        "labels": len(codebook.labels),
        "cues": cues,
        "phases": len(codebook.phases),
    }
    if as_json:
        console.print_json({"codebook": codebook.ref, "digest": codebook.digest(), **counts})
    else:
        print(f"{file}: {codebook.ref} is sound: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()) + ".")
    return codebook


def diff(old: str, new: str, *, as_json: bool) -> tuple[Change, ...]:
    """Print what changed from one codebook to another."""
    before, after = Codebook.load(old), Codebook.load(new)
    found = changes(before, after)
    if as_json:
        console.print_json({"old": before.ref, "new": after.ref, "changes": [asdict(change) for change in found]})
        return found
    print(f"{before.ref} → {after.ref}: {f'{len(found)} changes' if len(found) != 1 else '1 change'}")
    for change in found:
        print("\n".join([f"\n{change}", *_signed("-", change.old), *_signed("+", change.new)]))
    return found


def _signed(sign: str, text: str | None) -> list[str]:
    return [f"  {sign} {line}" for line in text.splitlines()] if text else []


def _print_labels(codebook: Codebook) -> None:
    print(f"{codebook.title} ({codebook.ref})\n{codebook.source}")
    for group in codebook.groups:
        kind = "exactly one a turn" if group.exclusive else "any number a turn"
        print(f"\n{group.title}: turns of {'anybody' if group.speaker == 'any' else 'the ' + group.speaker}, {kind}")
        width = max(len(name) for name in codebook.labels_of(group.name))
        for name in codebook.labels_of(group.name):
            print(f"  {name:<{width}}  {codebook.by_name[name].definition}")


def _in_full(label: Label) -> str:
    lines = [f"{label.title} ({label.name})", label.definition, f"Source: {label.source}"]
    lines += ["", "Include", *(f"  - {rule}" for rule in label.include)] if label.include else []
    if label.exclude:
        lines += ["", "Exclude", *(f"  - {e.rule}{f' → {e.instead}' if e.instead else ''}" for e in label.exclude)]
    examples = label.examples
    near_misses = tuple(f"{e.text}{f' → {e.instead}' if e.instead else ''}" for e in examples.near_miss)
    kinds = {"Hits": examples.hit, "Near hits": examples.near_hit, "Near misses": near_misses, "Misses": examples.miss}
    for title, texts in kinds.items():
        if texts:
            lines += ["", title, *(f"  - {text}" for text in texts)]
    return "\n".join([*lines, *(["", "Cues", *(f"  - {cue}" for cue in label.cues)] if label.cues else [])])
