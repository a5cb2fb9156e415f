"""Who agrees with whom, where they differ, and what is decided there."""

from __future__ import annotations

import csv
import io

import pytest

from ipt_nlp.agreement.tables import Codings, Comparison, codings, comparisons, flat
from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import RoleError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.ui.state.agreement import (
    Disagreement,
    Verdict,
    agreement_csv,
    columns,
    decide,
    disagreements,
    options,
    table_rows,
    title,
    worded,
)
from ipt_nlp.ui.state.files import csv_bytes
from ipt_nlp.ui.state.rules import rule_rows, rules_to_write
from ipt_nlp.ui.views.disagreement import in_context, manual_rules
from tests.ui.coders import code, person, two_coders
from tests.ui.conftest import MODEL, fill, material, transcript

BOOK = Codebook.load("ipt")


def compared(store: AnnotationStore) -> tuple[Codings, Comparison]:
    found = codings(store, LOCAL)
    return found, comparisons(found, BOOK, "coder")[0]


def differing(store: AnnotationStore) -> list[Disagreement]:
    return disagreements(*compared(store))


def verdict(turn: Disagreement, *, reason: str = "oversight", note: str = "") -> Verdict:
    return Verdict(options(turn)[0], "high", reason, note)  # type: ignore[arg-type]


def test_two_coders_are_compared_code_by_code(store: AnnotationStore) -> None:
    two_coders(store)
    _, comparison = compared(store)
    assert title(comparison) == "ann and ben: 36 shared turns"
    rows = {row.label: row for row in comparison.rows["techniques"]}
    row = rows["exploration"]
    # Of the therapist's 18 turns Ann explores in all, Ben in 12.
    assert (row.n, row.transcripts, row.raw) == (18, 3, pytest.approx(0.6667))
    assert row.kappa == 0
    assert row.interval is not None
    assert rows["clarification"].positive == 0
    unused = next(row for row in rows.values() if not row.prevalence)
    assert (unused.kappa, unused.why) == (None, "neither coder used it")


def test_the_model_is_compared_with_each_coder(store: AnnotationStore) -> None:
    two_coders(store)
    found = comparisons(codings(store, LOCAL), BOOK, "model")
    assert [comparison.sides for comparison in found] == [("ann", MODEL), ("ben", MODEL)]
    assert any(row.prevalence for row in found[0].rows["techniques"])
    assert all(row.raw == 1 for row in found[0].rows["themes"] if row.prevalence)


def test_turns_coded_with_a_suggestion_in_view_are_left_out_and_counted(store: AnnotationStore) -> None:
    two_coders(store)
    fill(store, transcript("s04"))
    code(store, person(store, "ann"), "s04", 2, "exploration")
    code(store, person(store, "ben"), "s04", 2, "exploration", assisted=True)
    found, comparison = compared(store)
    assert (comparison.turns, comparison.assisted) == (37, 1)
    rows = {row.label: row.n for row in comparison.rows["techniques"]}
    assert rows["exploration"] == 18
    whole = comparisons(found, BOOK, "coder", assisted=True)[0]
    assert {row.label: row.n for row in whole.rows["techniques"]}["exploration"] == 19


def test_three_coders_are_compared_in_pairs_and_together(store: AnnotationStore) -> None:
    two_coders(store)
    cas = person(store, "cas")
    for turn in range(6):
        code(store, cas, "s01", turn, "exploration" if turn % 2 == 0 else "role_dispute")
    found = comparisons(codings(store, LOCAL), BOOK, "coder")
    assert [len(comparison.sides) for comparison in found] == [2, 2, 2, 3]
    row = {row.label: row for row in found[-1].rows["techniques"]}["exploration"]
    assert (row.n, row.kappa) == (18, None)
    assert row.alpha is not None
    table = columns(table_rows(found[-1], [], unused=False), BOOK, many=True)
    assert set(table["Note"]) == {"3 sessions only: the interval is rough"}
    assert "Alpha" in table
    assert "Kappa" not in table


def test_annotators_do_not_see_the_others(store: AnnotationStore) -> None:
    ann, _ = two_coders(store)
    with pytest.raises(RoleError):
        codings(store, ann)


def test_a_disagreement_names_nobody_and_marks_haste(store: AnnotationStore) -> None:
    two_coders(store)
    turns = differing(store)
    assert len(turns) == 6
    hasty = next(turn for turn in turns if turn.item == ("s01", 4))
    page = in_context(material(store), hasty)
    assert "ann" not in page.replace("annot", "")
    assert "ben" not in page
    assert "this coder&#x27;s median is 6.0 s" in page or "this coder's median is 6.0 s" in page
    assert set(hasty.labels) == {"exploration", "clarification"}
    firsts = {turn.said[0].annotation.coder for turn in turns}
    assert firsts == {"ann", "ben"}
    assert "<details open>" in manual_rules(BOOK, hasty.labels)


def test_a_decision_is_stored_and_moves_its_turn_to_the_end(store: AnnotationStore) -> None:
    two_coders(store)
    sue = person(store, "sue", "supervisor")
    turn = differing(store)[0]
    assert decide(store, sue, turn, verdict(turn), BOOK) == ""
    stored = store.adjudications.of(turn.item[0])[-1]
    assert stored.adjudicator == "sue"
    assert set(stored.decision.events) == set(turn.events)
    assert dict(stored.decision.labels) == dict(options(turn)[0])
    last = differing(store)[-1]
    assert (last.item, last.decided) == (turn.item, stored)


def test_an_incomplete_a_forbidden_and_an_outdated_decision_are_refused(store: AnnotationStore) -> None:
    ann, ben = two_coders(store)
    turn = differing(store)[0]
    assert decide(store, LOCAL, turn, Verdict(None, "high", "other"), BOOK).startswith("Choose the codes")
    assert decide(store, ann, turn, verdict(turn), BOOK).startswith("Not saved: ")
    assert decide(store, LOCAL, turn, verdict(turn), BOOK) == ""
    assert "changed by somebody else" in decide(store, LOCAL, turn, verdict(turn), BOOK)
    other = differing(store)[0]
    code(store, ben, other.item[0], int(other.item[1]), "exploration")
    assert "changed by somebody else" in decide(store, LOCAL, other, verdict(other), BOOK)
    assert len(store.adjudications.of(turn.item[0])) == 1


def test_what_the_manual_leaves_unclear_is_a_list(store: AnnotationStore) -> None:
    two_coders(store)
    first, second, *_ = differing(store)
    decide(store, LOCAL, first, verdict(first, reason="manual_unclear", note="=When is it both?"), BOOK)
    decide(store, LOCAL, second, verdict(second, reason="manual_unclear"), BOOK)
    assert len(rules_to_write(store)) == 2
    again = next(turn for turn in differing(store) if turn.item == second.item)
    decide(store, LOCAL, again, verdict(again), BOOK)
    rows = rule_rows(rules_to_write(store), BOOK)
    assert [row[1] for row in rows] == [first.item[0]]
    assert b"'=When is it both?" in csv_bytes(["Note"], [[rows[0][5]]])
    assert "words" not in str(rows)


def test_the_figures_go_into_a_file(store: AnnotationStore) -> None:
    two_coders(store)
    _, comparison = compared(store)
    table = list(csv.DictReader(io.StringIO(agreement_csv([comparison]).decode("utf-8-sig"))))
    assert len(table) == len(BOOK.labels) == len(flat(comparison))
    row = next(row for row in table if row["label"] == "exploration")
    assert (row["sides"], row["n"], row["kappa"]) == ("ann × ben", "18", "0.0")
    assert agreement_csv([]).strip() == b"\xef\xbb\xbf"
    assert worded({"themes": ()}, BOOK) == "no code"
