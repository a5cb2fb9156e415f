from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given

from ipt_nlp.transcript import Transcript, Utterance

from .strategies import transcripts


def test_values_are_frozen() -> None:
    utterance = Utterance(0, "client", "Hi.")
    with pytest.raises(dataclasses.FrozenInstanceError):
        utterance.text = "Bye."  # type: ignore[misc]


def test_line_ends_become_lf() -> None:
    assert Utterance(0, "client", "a\r\nb\rc").text == "a\nb\nc"


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(ValueError, match="speaker must be one of therapist, client, other"):
        Utterance(0, "boss", "Hi.")  # type: ignore[arg-type]


def test_an_id_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="has utterance 1 twice"):
        Transcript("s", (Utterance(1, "client", "a"), Utterance(1, "client", "b")))


@given(transcripts())
def test_the_digest_is_of_the_content_alone(transcript: Transcript) -> None:
    renamed = Transcript("another", transcript.utterances, {"therapist": "x"})
    assert renamed.digest() == transcript.digest()
    assert transcript.digest().startswith("transcript-1:")
    shorter = Transcript(transcript.transcript_id, transcript.utterances[:-1])
    assert shorter.digest() != transcript.digest()
