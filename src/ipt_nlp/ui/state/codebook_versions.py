"""Versions of the project's codebook, and how many codings were made under each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ipt_nlp.codebook import Codebook
from ipt_nlp.codebook_changes import changes, in_short
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.codebooks import CodebookVersion
from ipt_nlp.ui.state.project import BASE_CODEBOOK, project_codebook

SHIPPED = "comes with the program"
BY_HAND = "changed in its file"
NOT_KEPT = "not kept here"
COLUMNS = ("Version", "Date", "Who", "What changed", "Codings")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the codebook. ``date`` and ``who`` are empty where nobody made it in the app.

    ``changed`` says what differs from the version before, in one line.
    """

    codebook: Codebook
    date: str = ""
    who: str = ""
    about: str = ""
    changed: str = ""

    @property
    def title(self) -> str:
        return f"{self.codebook.ref}, {self.date or self.about}"


def versions(store: AnnotationStore) -> tuple[Version, ...]:
    """Each version that is kept, oldest first, and last the one in use if it is none of them."""
    found = [_version(kept) for kept in store.codebooks.list()]
    in_use = project_codebook()
    if in_use not in [version.codebook for version in found]:
        found.append(Version(in_use, about=_about(in_use)))
    said = (in_short(changes(old.codebook, new.codebook)) for old, new in pairwise(found))
    return (found[0], *(replace(version, changed=text) for version, text in zip(found[1:], said, strict=True)))


def _about(codebook: Codebook) -> str:
    """Where a version comes from that nobody made in the app."""
    return SHIPPED if codebook.name == BASE_CODEBOOK else BY_HAND


def _version(kept: CodebookVersion) -> Version:
    if not kept.created_by:
        return Version(kept.codebook, about=_about(kept.codebook))
    return Version(kept.codebook, kept.created_at[:10], kept.created_by)


def version_rows(found: Sequence[Version], codings: Mapping[str, int]) -> list[list[str | int]]:
    """Lines for a table, newest first; then the refs of codings whose version is not among them."""
    rows: list[list[str | int]] = []
    for version in found:
        ref = version.codebook.ref
        rows.append([ref, version.date, version.who or version.about, version.changed, codings.get(ref, 0)])
    known = {version.codebook.ref for version in found}
    others: list[list[str | int]] = [[x, "", NOT_KEPT, "", count] for x, count in codings.items() if x not in known]
    return rows[::-1] + others
