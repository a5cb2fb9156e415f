"""Cue phrases: the small pattern language a clinician writes in a codebook, compiled to spaCy token patterns.

``what did (he|she|they) say`` matches those words in any case; ``really?`` is an optional word and ``...`` stands for
up to three words of any kind. An apostrophe is written as people type it; typographic ones match too.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any

TokenPattern = list[dict[str, Any]]

_SLOT = re.compile(r"\.\.\.|\((?P<choice>[^()\s]+)\)(?P<choice_optional>\?)?|(?P<word>[^()|?\s]+)(?P<optional>\?)?|\S+")
# How spaCy's English tokeniser cuts contractions, so that a phrase can be written as it is spoken.
_CONTRACTION = re.compile(r"(?i)(?:(?<=\w)n't|'(?:s|re|ve|ll|d|m))$")
GAP_WORDS = 3


def compile_cue(cue: str) -> list[TokenPattern]:
    """The token patterns of one cue: one, or one for each way in which the words of its choices are cut into tokens.

    Raises:
        ValueError: the cue is no valid pattern; the message says which part is wrong.
    """
    slots = [_slot(match) for match in _SLOT.finditer(cue.replace("’", "'"))]
    patterns = [[token for part in parts for token in part] for parts in product(*slots)]
    for pattern in patterns:
        if not any("LOWER" in token and "OP" not in token for token in pattern):
            raise ValueError(f"cue {cue!r} has no word that must occur")
    return patterns


def _slot(match: re.Match[str]) -> list[TokenPattern]:
    """The alternatives for one place of a cue."""
    if match[0] == "...":
        return [[{"OP": "?"}] * GAP_WORDS]
    if match["choice"]:
        words = match["choice"].split("|")
        if len(words) < 2 or not all(words):
            raise ValueError(f"{match[0]!r} is no choice of words; write (he|she|they)")
        return _alternatives(words, optional=bool(match["choice_optional"]))
    if match["word"]:
        return _alternatives([match["word"]], optional=bool(match["optional"]))
    raise ValueError(f"{match[0]!r} is neither a word, a choice (a|b), an optional word? nor a gap ...")


def _alternatives(words: list[str], *, optional: bool) -> list[TokenPattern]:
    """Words of one token share a pattern; each word that is cut into several has its own."""
    cut = [_split(word.lower()) for word in words]
    whole = [form for tokens in cut if len(tokens) == 1 for form in tokens[0]]
    found: list[TokenPattern] = [[{"LOWER": {"IN": whole}} | ({"OP": "?"} if optional else {})]] if whole else []
    found += [[{"LOWER": {"IN": forms}} for forms in tokens] for tokens in cut if len(tokens) > 1]
    if optional and len(found) > bool(whole):
        found.append([])
    return found


def _split(word: str) -> list[list[str]]:
    """``word`` as spaCy cuts it, each token in its typed and its typographic form."""
    if word == "cannot":
        return [["can"], ["not"]]
    tokens: list[str] = []
    for part in re.split(r"(?<=\w)(-)(?=\w)", word):
        contraction = _CONTRACTION.search(part)
        cut = contraction.start() if contraction else 0
        tokens += [part[:cut], part[cut:]] if cut else [part]
    return [sorted({token, token.replace("'", "’")}) for token in tokens]
