"""A codebook entry as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ipt_nlp.codebook import Codebook, Label


def entry(codebook: Codebook, name: str, *, scroll: bool = True) -> str:
    """Definition, rules and examples of a label."""
    label = codebook.by_name[name]
    parts = [
        f"<h3>{escape(label.title)}</h3><p>{escape(label.definition)}</p>",
        _list("Give it for", [escape(rule) for rule in label.include]),
        _list("Not for", _exclusions(codebook, label)),
        _list("Examples", [_quoted(text) for text in (*label.examples.hit, *label.examples.near_hit)]),
        _list("Looks like it, is not", _near_misses(codebook, label)),
        _list("Cue phrases", [escape(", ".join(label.cues))] if label.cues else []),
    ]
    return f'<div class="ipt ipt-entry{" ipt-scroll" if scroll else ""}">{"".join(parts)}</div>'


def _list(title: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    return f"<h4>{title}</h4><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _quoted(text: str) -> str:
    return f"“{escape(text)}”"


def _instead(codebook: Codebook, name: str) -> str:
    return f' <span class="no">→ {escape(codebook.by_name[name].title)}</span>' if name else ""


def _exclusions(codebook: Codebook, label: Label) -> list[str]:
    return [escape(rule.rule) + _instead(codebook, rule.instead) for rule in label.exclude]


def _near_misses(codebook: Codebook, label: Label) -> list[str]:
    return [_quoted(example.text) + _instead(codebook, example.instead) for example in label.examples.near_miss]


def manual(codebook: Codebook) -> str:
    """All entries, to unfold, under their groups and families; then the rules for hard cases."""
    titles = {family.name: family.title for family in codebook.families}
    parts = []
    for group in codebook.groups:
        parts.append(f"<h3>{escape(group.title)}</h3>")
        family = None
        for name in codebook.labels_of(group.name):
            label = codebook.by_name[name]
            if label.family and label.family != family:
                parts.append(f"<h4>{escape(titles[label.family])}</h4>")
            family = label.family
            summary = f"<summary><b>{escape(label.title)}</b> {escape(label.definition)}</summary>"
            parts.append(f"<details>{summary}{entry(codebook, name, scroll=False)}</details>")
    rules = _list("Rules for hard cases", [escape(rule) for rule in codebook.decisions])
    return f'<div class="ipt ipt-manual">{"".join(parts)}{rules}</div>'
