"""Each change of the codebook is a version that is kept, and a coding says nothing of a code that came later."""

from __future__ import annotations

from pathlib import Path

import pytest

from ipt_nlp.agreement.tables import codings, comparisons
from ipt_nlp.codebook import Codebook, next_version
from ipt_nlp.errors import RoleError, UsageError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.search import Query
from ipt_nlp.store.values import NewEvent, User
from ipt_nlp.ui.state.agreement import disagreements
from ipt_nlp.ui.state.codebook_versions import BY_HAND, NOT_KEPT, SHIPPED, version_rows, versions
from ipt_nlp.ui.state.manual import examples
from ipt_nlp.ui.state.own_codes import NewCode, add_code, change_code
from ipt_nlp.ui.state.project import project_codebook
from ipt_nlp.ui.state.search import as_csv, found
from ipt_nlp.ui.views.hits import hit_list
from ipt_nlp.ui.views.versions import compared
from tests.ui.coders import person
from tests.ui.conftest import open_turns

IPT = Codebook.load("ipt")
MORE = NewCode("More", "techniques", "Asks for more.", ("and more",))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IPT_NLP_HOME", str(tmp_path))
    return tmp_path


def said(store: AnnotationStore) -> list[list[str | int]]:
    return version_rows(versions(store), store.codebooks.codings())


def test_before_any_change_there_is_the_shipped_version(store: AnnotationStore) -> None:
    assert said(store) == [[IPT.ref, "", SHIPPED, "", 0]]


def test_each_change_is_a_version_with_who_and_what(store: AnnotationStore) -> None:
    sue = person(store, "sue", "supervisor")
    added = add_code(store, LOCAL, MORE)
    changed = change_code(store, sue, "more", NewCode("More", "", "Asks for <b>more</b>.", ("and more", "tell me")))
    assert project_codebook() == changed
    rows = said(store)
    assert [(row[0], row[2], row[3]) for row in rows] == [
        (changed.ref, "sue", "More: definition changed, cue phrase added"),
        (added.ref, "local", "Code added: More"),
        (IPT.ref, SHIPPED, ""),
    ]
    assert all(row[1] for row in rows[:2])
    shipped, first, second = versions(store)
    assert "Now</small> <ins>Asks for &lt;b&gt;more&lt;/b&gt;.</ins>" in compared(first, second)
    assert "Was</small> <del>Asks for more.</del>" in compared(first, second)
    assert "Code removed: More" in compared(second, shipped)
    assert "Nothing differs" in compared(first, first)


def test_a_reworded_definition_is_not_taken_for_that_of_its_source(store: AnnotationStore) -> None:
    grief = IPT.by_name["grief"]
    for definition in ("About a death.", "About a person's death."):
        book = change_code(store, LOCAL, "grief", NewCode(grief.title, "", definition, grief.cues))
        assert book.by_name["grief"].source == f"{grief.source}; reworded in the review app"
    book = change_code(store, LOCAL, "role_play", NewCode("Rehearsal", "", IPT.by_name["role_play"].definition))
    assert book.by_name["role_play"].source == IPT.by_name["role_play"].source
    with pytest.raises(UsageError, match="no code"):
        change_code(store, LOCAL, "nothing", MORE)


def test_what_is_changed_by_hand_is_seen_and_kept_with_the_next_change(store: AnnotationStore, home: Path) -> None:
    add_code(store, LOCAL, MORE)
    path = home / "codebooks" / "own.toml"
    path.write_text(path.read_text("utf-8").replace("Asks for more.", "Asks for much more."), "utf-8")
    assert [row[2] for row in said(store)] == [BY_HAND, "local", SHIPPED]
    add_code(store, LOCAL, NewCode("Less", "techniques", "Asks for less."))
    assert [(row[2], row[3]) for row in said(store)][:2] == [
        ("local", "Code added: Less"),
        (BY_HAND, "More: definition changed"),
    ]


def test_a_version_is_never_given_twice(store: AnnotationStore, home: Path) -> None:
    first = add_code(store, LOCAL, MORE)
    (home / "codebooks" / "own.toml").unlink()
    again = add_code(store, LOCAL, NewCode("Other", "techniques", "Something else."))
    assert (first.ref, again.ref) == ("own@1.2", "own@1.3")
    assert [next_version(x) for x in ("1", "1.9", "1.2.3", "1a", "2.b")] == ["1.1", "1.10", "1.2.4", "1a.1", "2.b.1"]


def test_codes_in_any_script_are_told_apart(store: AnnotationStore) -> None:
    titles = ("Перенос", "転移", "कि", "का", "抵抗 A", "Übertragung", "A")
    for title in titles:
        book = add_code(store, LOCAL, NewCode(title, "techniques", "So."))
    names = {label.title: label.name for label in book.labels}
    assert [names[title] for title in titles] == ["code", "code_2", "code_3", "code_4", "a", "ubertragung", "a_2"]
    for title in ("перенос", "抵抗a", "Grief."):
        with pytest.raises(UsageError, match="already"):
            add_code(store, LOCAL, NewCode(title, "techniques", "So."))


@pytest.mark.parametrize(
    "code", [MORE, NewCode("grief", "", "Says so."), NewCode("More", "", " "), NewCode("More", "", "So.", ("(a|b",))]
)
def test_what_changes_nothing_or_cannot_be_is_refused(store: AnnotationStore, code: NewCode) -> None:
    before = add_code(store, LOCAL, MORE)
    with pytest.raises(UsageError):
        change_code(store, LOCAL, "more", code)
    assert project_codebook() == before
    assert len(store.codebooks.list()) == 2


def test_an_annotator_changes_nothing(store: AnnotationStore, home: Path) -> None:
    with pytest.raises(RoleError):
        add_code(store, person(store, "ann"), MORE)
    assert not list(home.rglob("*.toml"))


def coded(store: AnnotationStore, who: User, turn: int, ref: str, *labels: str) -> None:
    given = {"techniques": labels, "themes": ()}
    event = NewEvent(transcript_id="s01", utterance_id=turn, action="change", labels=given, codebook=ref)
    store.events.append(who, event)


def test_a_coding_says_nothing_of_a_code_its_version_did_not_have(store: AnnotationStore) -> None:
    ann, ben, book = person(store, "ann"), person(store, "ben"), add_code(store, LOCAL, MORE)
    coded(store, ann, 0, IPT.ref, "exploration")
    coded(store, ann, 2, book.ref, "exploration", "more")
    coded(store, ann, 4, book.ref, "exploration")
    for turn in (0, 2, 4):
        coded(store, ben, turn, book.ref, "exploration", "more")
    everything = codings(store, LOCAL)
    (comparison,) = comparisons(everything, book, "coder")
    turns = {row.label: row.n for row in comparison.rows["techniques"]}
    assert (comparison.turns, turns["exploration"], turns["more"]) == (3, 3, 2)
    assert [turn.item for turn in disagreements(everything, comparison)] == [("s01", 4)]


def test_a_version_that_nobody_kept_is_no_disagreement(store: AnnotationStore) -> None:
    ada, ben = person(store, "ada"), person(store, "ben")
    grown = IPT.model_dump(mode="json") | {"version": "2"}
    more = {"group": "techniques", "name": "more", "title": "More", "definition": "Asks.", "source": "this test"}
    newer = Codebook.model_validate(grown | {"labels": [*grown["labels"], more]})
    for turn in (0, 2, 4, 6):
        coded(store, ada, turn, IPT.ref, "exploration")
        coded(store, ben, turn, newer.ref, "exploration", *(["more"] if turn else []))
    (comparison,) = comparisons(codings(store, LOCAL), newer, "coder")
    turns = {row.label: row.n for row in comparison.rows["techniques"]}
    assert (turns["exploration"], turns["more"]) == (4, 0)


def test_versions_of_codings_are_told_apart(store: AnnotationStore) -> None:
    book = add_code(store, LOCAL, MORE)
    ai = person(store, "ai-A")
    first, second, third = [turn for turn in open_turns() if turn % 2 == 0][:3]
    coded(store, LOCAL, first, "own@0.9", "exploration")
    coded(store, LOCAL, second, book.ref, "exploration")
    for who in (LOCAL, ai):
        coded(store, who, third, book.ref, "exploration")
    assert [row[4] for row in said(store)] == [3, 0, 1]
    assert said(store)[-1][:3] == ["own@0.9", "", NOT_KEPT]
    hits = found(store, LOCAL, Query(label="exploration", coder="local"))
    lines = as_csv(hits, book, "exploration").decode("utf-8-sig").splitlines()
    assert [line.split(",")[-2:] for line in lines] == [
        ["Given by", "Codebook"], ["local", "own@0.9"], ["local", book.ref], ["local", book.ref],
    ]  # fmt: skip
    guessed = found(store, LOCAL, Query(label="role_dispute"))[0]
    assert (guessed.coder, guessed.codebook) == ("", "ipt@1")
    shown = hit_list(examples(store, LOCAL, "exploration"), "exploration", book)
    by = [part.split("</small>")[0] for part in shown.split("therapist · ")[1:]]
    assert by[:3] == ["coded by ai-A, an AI coder", "coded by local, under own@0.9", "coded by local"]
    assert by[3] == "suggested by the model, 80%"
