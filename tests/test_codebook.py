from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ipt_nlp.cli import run
from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import CodebookError, UsageError

SOUND = """\
name = "mini"
version = "1"
title = "Mini"
source = "a test"

[[groups]]
name = "moves"
title = "Moves"
speaker = "therapist"

[[labels]]
group = "moves"
name = "ask"
title = "Ask"
definition = "Asks."
source = "a test"
cues = ["what did (he|she) say"]
[labels.examples]
hit = ["What did he say?"]
near_miss = [{ text = "He said what?", instead = "echo" }]

[[labels]]
group = "moves"
name = "echo"
title = "Echo"
definition = "Echoes."
source = "a test"
"""


def test_the_ipt_codebook_has_what_the_manual_has() -> None:
    codebook = Codebook.load("ipt")
    assert len(codebook.labels_of("techniques")) == 25
    assert codebook.labels_of("themes") == ("grief", "role_dispute", "role_transition", "interpersonal_deficits")
    assert [len(codebook.family_of("techniques", f.name)) for f in codebook.families] == [2, 8, 8, 4, 3]
    assert len(codebook.decisions) == 58
    assert [phase.name for phase in codebook.phases] == ["initial", "middle", "termination"]
    assert [lineage.name for lineage in codebook.lineages] == ["wmk", "stuart"]


@pytest.mark.parametrize("name", ["ipt", "annomi"])
def test_shipped_labels_are_complete(name: str) -> None:
    for label in Codebook.load(name).labels:
        kinds = (label.examples.hit, label.examples.near_hit, label.examples.near_miss, label.examples.miss)
        assert all(kinds), label.name
        assert label.exclude, label.name
        assert label.source, label.name


def test_annomi_groups_are_exclusive() -> None:
    assert [group.exclusive for group in Codebook.load("annomi").groups] == [True, True]


def test_a_codebook_cannot_be_changed() -> None:
    codebook = Codebook.load("ipt")
    with pytest.raises(ValidationError):
        codebook.name = "other"  # type: ignore[misc]


MISTAKES = {
    "duplicate label": ('name = "echo"', 'name = "ask"', "'ask' is there twice", 22),
    "unknown field": ('title = "Ask"', 'titel = "Ask"', "", 14),
    "missing field": ('definition = "Echoes."\n', "", "Field required", 20),
    "example of no label": ('instead = "echo"', 'instead = "sing"', "'sing', which does not exist", 19),
    "open choice in a cue": ("(he|she)", "(he|she", "'(he|she' is neither a word", 17),
    "cue without a word": ("what did (he|she) say", "... what?", "no word that must occur", 17),
    "group that is none": ('group = "moves"\nname = "echo"', 'group = "songs"\nname = "echo"', "group 'songs'", 22),
    "speaker that is none": ('speaker = "therapist"', 'speaker = "boss"', "groups.0.speaker", 9),
    "name with a blank": ('name = "echo"', 'name = "an echo"', "labels.1.name", 23),
    "no TOML": ('title = "Mini"', "title = Mini", "no valid TOML", 3),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_mistakes_are_found_where_they_are(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong, says, line = MISTAKES[kind]
    path = tmp_path / "mini.toml"
    path.write_text(SOUND.replace(right, wrong), "utf-8")
    with pytest.raises(CodebookError, match="Mend") as caught:
        Codebook.load(path)
    assert says in str(caught.value)
    assert caught.value.line is not None
    # The table an error is about is named by its head or by the value in it.
    assert abs(caught.value.line - line) <= 3
    assert run(["codebook", "check", str(path)]) == 2
    assert f"{path} line" in capsys.readouterr().err


def test_check_counts_what_a_sound_codebook_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mini.toml"
    path.write_text(SOUND, "utf-8")
    assert run(["codebook", "check", str(path)]) == 0
    assert "mini@1 is sound: 1 groups, 2 labels, 1 cues" in capsys.readouterr().out


def test_show_prints_one_label_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["codebook", "show", "ipt", "--label", "use_of_affect"]) == 0
    shown = capsys.readouterr().out
    for part in ("Use of affect", "Include", "Exclude", "Near misses", "Cues"):
        assert part in shown


def test_an_unknown_label_is_a_usage_error() -> None:
    assert run(["codebook", "show", "ipt", "--label", "singing"]) == 2


def test_an_unknown_codebook_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="annomi or ipt"):
        Codebook.load("nope")
