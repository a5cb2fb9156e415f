"""Changing the project's codebook: each change is a new version, and every version is kept in the store.

The codebook is a file of one's own: a copy of the shipped one to which codes are added. It is a codebook like any
other, so that everything that takes a codebook takes it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

from ipt_nlp.codebook import OWN_CODEBOOK, Codebook, next_version, own_codebooks
from ipt_nlp.codebook_changes import changes
from ipt_nlp.errors import CodebookError, UsageError
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import User
from ipt_nlp.ui.state.project import BASE_CODEBOOK

NOTE = "# Written by the review app, which keeps no comments. Earlier versions are on its page Codebook.\n"
OURS = "in the review app"
Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code as a person has typed it; one cue phrase a line."""

    title: str
    group: str
    definition: str
    cues: tuple[str, ...] = ()

    def name(self, taken: Container[str]) -> str:
        """The title as a name: small letters, digits and underscores; numbered where that is ``taken``."""
        ascii_only = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode()
        name = re.sub(r"[^a-z0-9]+", "_", ascii_only.lower()).strip("_")
        name = name if name[:1].isalpha() else f"code_{name}".rstrip("_")
        return next(x for x in chain([name], (f"{name}_{n}" for n in count(2))) if x not in taken)

    def fields(self) -> Content:
        """What a person may write of a code, without blanks around it."""
        if not self.title.strip() or not self.definition.strip():
            raise UsageError("A code needs a title and a definition.")
        cues = [cue.strip() for cue in self.cues if cue.strip()]
        return {"title": self.title.strip(), "definition": self.definition.strip(), "cues": list(dict.fromkeys(cues))}


def add_code(store: AnnotationStore, actor: User, code: NewCode) -> Codebook:
    """Add ``code`` to the project's codebook, as a new version.

    Raises:
        UsageError: something is missing or no valid phrase, or the code is there already.
        RoleError: ``actor`` may not change the codebook.
    """
    fields = code.fields()

    def added(content: Content) -> None:
        _free(content, code, besides="")
        name = code.name({label["name"] for label in content["labels"]})
        new = {"group": code.group, "name": name, **fields, "source": f"added {OURS}"}
        content["labels"] = [*content["labels"], new]

    return _changed(store, actor, added)


def change_code(store: AnnotationStore, actor: User, name: str, code: NewCode) -> Codebook:
    """Change title, definition and cue phrases of the code ``name``; its name and group stay, as codings name them.

    Raises:
        UsageError: something is missing or no valid phrase, nothing differs, or there is no such code.
        RoleError: ``actor`` may not change the codebook.
    """
    fields = code.fields()

    def reworded(content: Content) -> None:
        _free(content, code, besides=name)
        label = next((x for x in content["labels"] if x["name"] == name), None)
        if label is None:
            raise UsageError(f"There is no code {name!r}.")
        # Whoever reads the manual must not take new words for those of the source.
        if label["definition"] != fields["definition"] and not label["source"].endswith(OURS):
            label["source"] = f"{label['source']}; reworded {OURS}"
        label.update(fields)

    return _changed(store, actor, reworded)


def _free(content: Content, code: NewCode, *, besides: str) -> None:
    """Refuse a code that would be mistaken for another."""
    others = [label["title"] for label in content["labels"] if label["name"] != besides]
    if _read_aloud(code.title) in map(_read_aloud, others):
        raise UsageError(f"There is a code {code.title.strip()!r} already. Choose another title.")


def _read_aloud(title: str) -> str:
    """Letters and digits of any script, whatever their case: "Role play" and "role-play" are one title."""
    return "".join(sign for sign in title.casefold() if unicodedata.category(sign)[0] in "LMN")


def _changed(store: AnnotationStore, actor: User, change: Callable[[Content], None]) -> Codebook:
    """Write the codebook with a change to it, and keep it as a version.

    What it was before is kept, too: the shipped one changes with the program, and a file may have been changed by hand.
    """
    path = own_codebooks() / f"{OWN_CODEBOOK}.toml"
    # The store lets one writer in at a time: two people's changes follow each other, and neither is lost.
    with store.transaction():
        before = Codebook.load(path if path.is_file() else BASE_CODEBOOK)
        store.codebooks.keep(actor, before, found=True)
        content = before.model_dump(mode="json")
        change(content)
        known = store.codebooks.labels()
        version = next_version(before.version)
        while f"{OWN_CODEBOOK}@{version}" in known:
            version = next_version(version)
        codebook = _valid(content | {"name": OWN_CODEBOOK, "version": version}, path)
        if not changes(before, codebook):
            raise UsageError("Nothing was changed.")
        store.codebooks.keep(actor, codebook)
        _write(path, to_toml(codebook))
    return codebook


def _valid(content: Content, path: Path) -> Codebook:
    try:
        return Codebook.parse(_toml(content), path)
    except CodebookError as error:
        raise UsageError(f"The code cannot be used: {error.problem}.") from None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".tmp")
    draft.write_text(text, "utf-8")
    draft.replace(path)


def to_toml(codebook: Codebook) -> str:
    """A codebook as the text of a file, which ``Codebook.parse`` reads as the same value."""
    return NOTE + _toml(codebook.model_dump(mode="json", exclude_defaults=True))


def _toml(content: Content) -> str:
    """Entries as tables, a field a line."""
    tables = {key: value for key, value in content.items() if value and _is_tables(value)}
    lines = [f"{key} = {_value(value)}" for key, value in content.items() if key not in tables]
    for key, entries in tables.items():
        for entry in entries:
            lines += ["", f"[[{key}]]", *(f"{field} = {_value(value)}" for field, value in entry.items())]
    return "\n".join(lines) + "\n"


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _value(value: Any) -> str:
    """A value on one line, but for lists of more than one item, which stand below each other."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_string(key)} = {_inline(x)}" for key, x in value.items()) + " }" if value else "{}"
    if isinstance(value, list) and len(value) > 1:
        return "[\n" + "".join(f"    {_inline(item)},\n" for item in value) + "]"
    return _inline(value)


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return _value(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return ("true" if value else "false") if isinstance(value, bool) else _string(value)


def _string(value: str) -> str:
    """JSON writes a string as TOML reads it, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
