"""A codebook entry as HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from ipt_nlp.codebook import Codebook, Label


def entry(codebook: Codebook, name: str, *, in_full: bool = False) -> str:
    """Definition, rules and examples of a label.

    ``in_full``: with the rules for hard cases that name it and its source; else in a box that scrolls.
    """
    label, examples = codebook.by_name[name], codebook.by_name[name].examples
    parts = [
        f"<h3>{escape(label.title)}</h3><p>{_with_titles(codebook, label.definition)}</p>",
        _list("Give it for", [_with_titles(codebook, rule) for rule in label.include]),
        _list("Not for", _exclusions(codebook, label)),
        _list("Examples", [_quoted(text) for text in examples.hit]),
        _list("Examples that look less like it", [_quoted(text) for text in examples.near_hit]),
        _list("Looks like it, is not", _near_misses(codebook, label)),
    ]
    if in_full:
        parts.append(_list("Rules for hard cases", [_with_titles(codebook, r) for r in rules_on(codebook, name)]))
    parts.append(_list("Cue phrases", [escape(" · ".join(label.cues))] if label.cues else []))
    if in_full:
        parts.append(f'<h4>Source</h4><p class="no">{escape(label.source)}</p>')
    return f'<div class="ipt ipt-entry{"" if in_full else " ipt-scroll"}">{"".join(parts)}</div>'


def rules_on(codebook: Codebook, name: str) -> list[str]:
    """The rules for hard cases that name a label."""
    return [rule for rule in codebook.decisions if re.search(rf"(?<!\w){name}(?!\w)", rule)]


def _with_titles(codebook: Codebook, text: str) -> str:
    """``text`` as HTML, with the titles of codes where it has their names."""

    def titled(found: re.Match[str]) -> str:
        label = codebook.by_name.get(found[0])
        return f"<i>{escape(label.title)}</i>" if label else found[0]

    # Names of one word are words of the language, too; behind an arrow or "also" they are codes.
    return re.sub(r"(?:(?<=→ )|(?<=also ))[a-z]+(?!\w)|(?<!\w)[a-z]+(?:_[a-z0-9]+)+(?!\w)", titled, escape(text))


def _list(title: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    return f"<h4>{title}</h4><ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _quoted(text: str) -> str:
    return f"“{escape(text)}”"


def _instead(codebook: Codebook, name: str) -> str:
    return f' <span class="no">→ {escape(codebook.by_name[name].title)}</span>' if name else ""


def _exclusions(codebook: Codebook, label: Label) -> list[str]:
    return [_with_titles(codebook, rule.rule) + _instead(codebook, rule.instead) for rule in label.exclude]


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
            parts.append(f"<details>{summary}{entry(codebook, name, in_full=True)}</details>")
    rules = _list("All rules for hard cases", [_with_titles(codebook, rule) for rule in codebook.decisions])
    source = f'<h4>Sources</h4><p class="no">{escape(codebook.source)}</p>'
    return f'<div class="ipt ipt-manual">{"".join(parts)}{rules}{source}</div>'
