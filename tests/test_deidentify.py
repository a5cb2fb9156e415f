"""Names on a roster, and nothing else, become surrogates."""

from __future__ import annotations

import pytest

from ipt_nlp.deidentify import NameRoster, deidentify, likely_names, parse_roster, substitute
from ipt_nlp.transcript import Transcript, Utterance

ROSTER = parse_roster("Anna Smith, Anna, Annie\n\n Will \nJosé\n")


def clean(text: str) -> str:
    return substitute(text, NameRoster(ROSTER)(text))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Anna Smith rang.", "[NAME1] rang."),
        ("ANNA'S mother, Annie’s car", "[NAME1]'S mother, [NAME1]’s car"),
        ("Hannah and annals stay", "Hannah and annals stay"),
        ("will he? Will will.", "[NAME2] he? [NAME2] [NAME2]."),
        ("José, JOSÉ", "[NAME3], [NAME3]"),
        ("anna  smith", "[NAME1]"),
        ("anna_s01", "[NAME1]_s01"),
        ("", ""),
    ],
)
def test_whole_words_in_any_case(text: str, wanted: str) -> None:
    assert clean(text) == wanted


def test_no_names_no_change() -> None:
    assert NameRoster([])("Anna") == []


def test_ids_and_metadata_are_cleaned_too() -> None:
    spoken = Transcript("anna_s01", (Utterance(0, "client", "I told Annie."),), {"client": "Anna"})
    done = deidentify(spoken, NameRoster(ROSTER))
    assert (done.transcript.transcript_id, done.transcript.metadata["client"]) == ("[NAME1]_s01", "[NAME1]")
    assert (done.count, done.changed[0].before) == (1, "I told Annie.")


def test_likely_names_are_capitals_inside_sentences() -> None:
    spoken = Transcript("s", (Utterance(0, "client", "So Nell's mother and Nell. On Monday I saw Marcus."),))
    assert likely_names(spoken) == ["Nell", "Marcus"]
