"""Codebooks: labels with their definitions, rules, examples and cues, as validated and immutable data.

A codebook is a TOML file; ``ipt`` and ``annomi`` ship with the package, and any other file works wherever they do.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ipt_nlp.cues import compile_cue
from ipt_nlp.errors import CodebookError, UsageError
from ipt_nlp.transcript import Role

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
# The name of the codebook that a project has of its own, if it has one.
OWN_CODEBOOK = "own"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Example(_Value):
    """A turn as somebody might say it; ``instead`` is the label a near miss takes, empty for none."""

    text: Text
    instead: Name | Literal[""] = ""


class Examples(_Value):
    """Four kinds: clearly the label; the label, though it may not look so; not the label, though it may; neither."""

    hit: tuple[Text, ...] = ()
    near_hit: tuple[Text, ...] = ()
    near_miss: tuple[Example, ...] = ()
    miss: tuple[Text, ...] = ()


class Exclusion(_Value):
    """When the label is not given, and the label that is (empty: none)."""

    rule: Text
    instead: Name | Literal[""] = ""


class Label(_Value):
    group: Name
    name: Name
    title: Text
    family: Name | Literal[""] = ""
    definition: Text
    include: tuple[Text, ...] = ()
    exclude: tuple[Exclusion, ...] = ()
    examples: Examples = Examples()
    cues: tuple[Text, ...] = ()
    source: Text

    @field_validator("cues")
    @classmethod
    def _cues_compile(cls, cues: tuple[str, ...]) -> tuple[str, ...]:
        for cue in cues:
            compile_cue(cue)
        return cues


class LabelGroup(_Value):
    """Labels decided together. ``exclusive``: exactly one applies; else any number, or none."""

    name: Name
    title: Text
    speaker: Literal["therapist", "client", "any"]
    exclusive: bool = False

    def applies_to(self, speaker: Role) -> bool:
        """Whether turns of ``speaker`` are coded in this group."""
        return self.speaker in ("any", speaker)


class Family(_Value):
    name: Name
    title: Text
    off_model: bool = False


class Phase(_Value):
    name: Name
    title: Text
    sessions: Text
    expected: tuple[Name, ...] = ()
    one_of: tuple[Name, ...] = ()
    would_be_missed: tuple[Name, ...] = ()
    flagged: tuple[Text, ...] = ()


class Lineage(_Value):
    """A school within the method: labels it does not use, labels it titles otherwise, labels it does not flag."""

    name: Name
    title: Text
    unused: tuple[Name, ...] = ()
    titles: dict[Name, Text] = {}
    folded: dict[Name, Name] = {}
    not_flagged: tuple[Name, ...] = ()
    notes: str = ""


class Codebook(_Value):
    """A validated codebook. ``ref`` (name@version) is stored with whatever was coded or predicted under it."""

    name: Name
    version: Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.]*$")]
    title: Text
    source: Text
    groups: tuple[LabelGroup, ...] = Field(min_length=1)
    families: tuple[Family, ...] = ()
    labels: tuple[Label, ...] = Field(min_length=1)
    decisions: tuple[Text, ...] = ()
    phases: tuple[Phase, ...] = ()
    lineages: tuple[Lineage, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique_and_known(self) -> Codebook:
        for kind in ("groups", "families", "labels", "phases", "lineages"):
            _unique(kind, [item.name for item in getattr(self, kind)])
        groups, families = {g.name for g in self.groups}, {f.name for f in self.families}
        labels = {label.name for label in self.labels}
        for label in self.labels:
            where = f"label {label.name!r}"
            _known(where, "group", [label.group], groups)
            _known(where, "family", [label.family] if label.family else [], families)
            instead = [e.instead for e in label.exclude] + [e.instead for e in label.examples.near_miss]
            _known(where, "label", [name for name in instead if name], labels)
        for group in self.groups:
            if not self.labels_of(group.name):
                raise ValueError(f"group {group.name!r} has no label")
        for phase in self.phases:
            names = [*phase.expected, *phase.one_of, *phase.would_be_missed]
            _known(f"phase {phase.name!r}", "label", names, labels)
        for lineage in self.lineages:
            names = [*lineage.unused, *lineage.titles, *lineage.folded, *lineage.folded.values(), *lineage.not_flagged]
            _known(f"lineage {lineage.name!r}", "label", names, labels)
        return self

    @property
    def ref(self) -> str:
        return f"{self.name}@{self.version}"

    @cached_property
    def by_name(self) -> dict[str, Label]:
        return {label.name: label for label in self.labels}

    def labels_of(self, group: str) -> tuple[str, ...]:
        """Names of the labels of ``group``, in the order of the file."""
        return tuple(label.name for label in self.labels if label.group == group)

    def family_of(self, group: str, family: str) -> tuple[str, ...]:
        """Names of the labels of ``group`` in ``family``."""
        return tuple(label.name for label in self.labels if (label.group, label.family) == (group, family))

    def digest(self) -> str:
        """A tagged SHA-256 of the whole content."""
        return f"codebook-1:{hashlib.sha256(self.model_dump_json().encode()).hexdigest()}"

    @classmethod
    def load(cls, name_or_path: str | Path) -> Codebook:
        """Load a codebook by its name, if it is shipped or lies in ``own_codebooks()``; any other by its path.

        Raises:
            UsageError: there is no such codebook.
            CodebookError: the file has a mistake; the message names file, line and remedy.
        """
        shipped = files("ipt_nlp") / "codebooks"
        names = sorted(p.name.removesuffix(".toml") for p in shipped.iterdir() if p.name.endswith(".toml"))
        if str(name_or_path) in names:
            return cls.parse((shipped / f"{name_or_path}.toml").read_text("utf-8"), f"{name_or_path}.toml")
        own = own_codebooks() / f"{name_or_path}.toml"
        path = own if re.fullmatch(r"\w+", str(name_or_path)) and own.is_file() else Path(name_or_path)
        if not path.is_file():
            raise UsageError(
                f"no codebook {str(name_or_path)!r}. Use {' or '.join(names)}, or the path of a TOML file."
            )
        try:
            return cls.parse(path.read_text("utf-8"), path)
        except UnicodeDecodeError as error:
            raise CodebookError(path, "is not UTF-8 text", "Save the codebook as UTF-8") from error

    @classmethod
    def parse(cls, toml: str, path: Path | str) -> Codebook:
        """Validate the text of a codebook; ``path`` is only named in errors."""
        try:
            return cls.model_validate(tomllib.loads(toml))
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            raise CodebookError(
                path, f"no valid TOML: {error}", "Mend that line", int(line[1]) if line else None
            ) from None
        except ValidationError as error:
            raise _explain(error, toml, path) from None


def own_codebooks() -> Path:
    """The folder of a person's own codebooks: in ``$IPT_NLP_HOME``, else in ``~/.ipt-nlp``."""
    home = os.environ.get("IPT_NLP_HOME")
    return (Path(home) if home else Path.home() / ".ipt-nlp") / "codebooks"


def next_version(version: str) -> str:
    """The version after ``version``, of a codebook or a model: 1 becomes 1.1, and 1.1 becomes 1.2."""
    head, _, last = version.rpartition(".")
    return f"{head}.{int(last) + 1}" if head and last.isdigit() else f"{version}.1"


def _unique(kind: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{kind}: {name!r} is there twice")


def _known(where: str, kind: str, names: list[str], known: set[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{where} names the {kind} {name!r}, which does not exist")


def _explain(error: ValidationError, toml: str, path: Path | str) -> CodebookError:
    # A misspelt field is reported as missing first and as unknown last; the second says what to mend.
    first = next((e for e in error.errors() if e["type"] == "extra_forbidden"), error.errors()[0])
    location = ".".join(str(part) for part in first["loc"])
    problem = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        problem = f"{first['loc'][-1]!r} is no field of a codebook"
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    where = f"{location}: " if location else ""
    line = _line(toml, first["loc"], problem)
    return CodebookError(path, f"{where}{problem}{more}", "Mend it and run: ipt-nlp codebook check", line)


def _line(toml: str, location: tuple[int | str, ...], problem: str) -> int | None:
    """The line an error is about: where its quoted value stands, within the table its location counts to."""
    lines = toml.splitlines()
    start, stop = 0, len(lines)
    if len(location) > 1 and isinstance(location[1], int):
        heads = [n for n, text in enumerate(lines) if text.strip() == f"[[{location[0]}]]"]
        if location[1] < len(heads):
            start = heads[location[1]]
            stop = next((n for n in range(start + 1, stop) if lines[n].startswith("[[")), stop)
    quoted = re.findall(r"'([^']+)'", problem) + [str(part) for part in location if isinstance(part, str)]
    for value in reversed(quoted):
        hits = [n for n in range(start, stop) if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", lines[n])]
        if hits:
            return hits[-1] + 1
    return start + 1 if location else None
