"""What differs between two codebooks is said, all of it, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipt_nlp.cli import run
from ipt_nlp.codebook import Codebook
from ipt_nlp.codebook_changes import Change, changes, in_short
from ipt_nlp.ui.state.own_codes import to_toml
from tests.test_codebook import SOUND

IPT = Codebook.load("ipt")
Content = dict[str, Any]
CODE = {"group": "themes", "name": "birth", "title": "Birth", "definition": "Of a child.", "source": "a test"}
MINI = Codebook.parse(SOUND, "mini.toml")
# Parts of a code that may be anything; the others have to name something.
TEXTS = ["title", "definition", "source"]
LISTS = ["include", "cues"]
WORDS = st.text(st.characters(categories=["Ll", "Lo"]), min_size=1, max_size=8)


def made(content: Content) -> Codebook:
    return Codebook.model_validate(content)


def as_content(codebook: Codebook) -> Content:
    content: Content = codebook.model_dump(mode="json")
    return content


def label_of(content: Content, name: str) -> Content:
    found: Content = next(label for label in content["labels"] if label["name"] == name)
    return found


@st.composite
def edits(draw: st.DrawFn) -> tuple[Codebook, list[tuple[str, str]]]:
    """The codebook with parts changed, and which: (code, part), each part once."""
    content, done = as_content(MINI), []
    for name in draw(st.lists(st.sampled_from(list(MINI.by_name)), unique=True)):
        label = label_of(content, name)
        part = draw(st.sampled_from([*TEXTS, *LISTS]))
        label[part] = [*label[part], draw(WORDS) + "new"] if part in LISTS else label[part] + draw(WORDS)
        done.append((name, part))
    return made(content), done


@given(edits())
def test_each_edit_is_found_and_nothing_else(edited: tuple[Codebook, list[tuple[str, str]]]) -> None:
    codebook, done = edited
    parts = {"include": "“give it for”", "cues": "cue phrase"}
    found = changes(MINI, codebook)
    assert sorted((c.name, c.part) for c in found) == sorted((name, parts.get(part, part)) for name, part in done)
    for change in found:
        was, now = MINI.by_name[change.name], codebook.by_name[change.name]
        assert change.old is None or change.old in (was.title, was.definition, was.source)
        assert change.new in (now.title, now.definition, now.source, *now.include[-1:], *now.cues[-1:])
    backwards = changes(codebook, MINI)
    assert sorted((c.name, c.part, c.old or "", c.new or "") for c in backwards) == sorted(
        (c.name, c.part, c.new or "", c.old or "") for c in found
    )


@given(edits(), edits())
def test_there_are_no_changes_only_between_codebooks_that_say_the_same(
    one: tuple[Codebook, list[tuple[str, str]]], other: tuple[Codebook, list[tuple[str, str]]]
) -> None:
    assert (changes(one[0], other[0]) == ()) == (one[0] == other[0])
    renamed = one[0].model_copy(update={"name": "own", "version": "9"})
    assert changes(one[0], renamed) == ()


@given(edits())
def test_a_codebook_written_to_a_file_is_read_as_it_was(edited: tuple[Codebook, list[tuple[str, str]]]) -> None:
    assert Codebook.parse(to_toml(edited[0]), "own.toml") == edited[0]


@pytest.mark.parametrize("name", ["ipt", "annomi"])
def test_a_shipped_codebook_is_read_as_it_was_written(name: str) -> None:
    shipped = Codebook.load(name)
    awkward = shipped.model_copy(update={"source": 'a "b" \\ c\x7f\n\td = [1] # e'})
    for codebook in (shipped, awkward):
        assert Codebook.parse(to_toml(codebook), "own.toml") == codebook


def reversed_codes(content: Content) -> None:
    content["labels"] = content["labels"][::-1]


def without_a_rule(content: Content) -> None:
    content["decisions"] = content["decisions"][1:]


def other_rules_order(content: Content) -> None:
    content["decisions"] = content["decisions"][::-1]


def off_model(content: Content) -> None:
    content["families"][0]["off_model"] = True


def another_exclusion(content: Content) -> None:
    label_of(content, "grief")["exclude"].append({"rule": "a pet", "instead": "role_transition"})


def another_near_miss(content: Content) -> None:
    label_of(content, "grief")["examples"]["near_miss"].append({"text": "The cat died.", "instead": ""})


def another_lineage_title(content: Content) -> None:
    content["lineages"][1]["titles"]["grief"] = "Loss"


SAID: dict[Callable[[Content], None], str] = {
    reversed_codes: "order (code) changed",
    without_a_rule: "rule for hard cases removed",
    other_rules_order: "rule for hard cases changed",
    off_model: "Exploration: off-model changed",
    another_exclusion: "Grief: “not for” added",
    another_near_miss: "Grief: “looks like it, is not” added",
    another_lineage_title: "Stuart & Robertson: titles",
}


@pytest.mark.parametrize("edit", SAID, ids=lambda edit: edit.__name__)
def test_what_is_not_in_a_code_is_found_too(edit: Callable[[Content], None]) -> None:
    content = as_content(IPT)
    edit(content)
    found = changes(IPT, made(content))
    assert found
    assert all(SAID[edit] in str(change) for change in found)


def test_a_code_added_or_removed_is_one_change() -> None:
    content = as_content(IPT)
    content["labels"].append(CODE | {"cues": ["a child", "born"]})
    more = made(content)
    added = Change("code", "birth", "Birth", "", None, "Of a child. Cue phrases: a child, born")
    assert changes(IPT, more) == (added,)
    assert str(added) == "code added: Birth"
    assert in_short(changes(more, IPT)) == "Code removed: Birth"


def test_the_same_kind_of_change_is_counted() -> None:
    content = as_content(IPT)
    label_of(content, "grief")["cues"] += ["one more", "and another"]
    assert in_short(changes(IPT, made(content))) == "Grief: cue phrase added (2×)"


def test_diff_prints_old_and_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = as_content(IPT) | {"name": "mine", "version": "2"}
    label_of(content, "grief")["definition"] = "Of a person."
    path = tmp_path / "mine.toml"
    path.write_text(to_toml(made(content)), "utf-8")
    assert run(["codebook", "diff", "ipt", str(path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{IPT.ref} → mine@2: 1 change\n\nGrief: definition changed\n")
    assert f"  - {IPT.by_name['grief'].definition}\n  + Of a person.\n" in printed
    assert run(["codebook", "diff", "ipt", str(path), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["old"], record["new"], len(record["changes"])) == (IPT.ref, "mine@2", 1)
    assert run(["codebook", "diff", "ipt", "nowhere.toml"]) == 2
