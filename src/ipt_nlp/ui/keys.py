"""Every key of the review page, in one place.

C and R are Streamlit's own and cannot be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ipt_nlp.codebook import Codebook

Command = Literal[
    "accept", "none", "previous", "next", "entry_up", "entry_down", "undo", "flag", "note", "skip", "mine"
]

RESERVED = frozenset("CR")
COMMANDS: Mapping[Command, str] = {
    "accept": "Enter",
    "none": "Delete",
    "previous": "Left",
    "next": "Right",
    "entry_up": "Up",
    "entry_down": "Down",
    "undo": "U",
    "flag": "F",
    "note": "N",
    "skip": "S",
    "mine": "Shift+Enter",
}
DIGITS = tuple("1234567890")
UPPER = tuple("QWETYIOP")
MIDDLE = tuple("ADGHJKL")
LOWER = tuple("ZXVBM")
FIRST_GROUP = (*DIGITS, *UPPER, *MIDDLE)
# Codes beyond these have no key and are clicked.
SPARE = tuple(f"Shift+{key}" for key in (*UPPER, *MIDDLE, *LOWER))


def label_keys(codebook: Codebook) -> dict[str, str]:
    """Label -> key: the first group gets digits and upper rows, the next ones the bottom row; then what is left.

    A label keeps its key on every turn, whoever speaks.
    """
    first, *others = [codebook.labels_of(group.name) for group in codebook.groups]
    rest = [label for labels in others for label in labels]
    keys = dict(zip(first, FIRST_GROUP, strict=False)) | dict(zip(rest, LOWER, strict=False))
    free = [key for key in (*FIRST_GROUP, *LOWER, *SPARE) if key not in keys.values()]
    missing = [label for label in (*first, *rest) if label not in keys]
    return keys | dict(zip(missing, free, strict=False))
