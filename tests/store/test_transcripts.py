from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from ipt_nlp.errors import RoleError, StoreError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import AddResult, NewEvent, SessionDetails, TranscriptFilter, User
from ipt_nlp.transcript import Transcript, Utterance
from tests.store.conftest import session
from tests.strategies import transcripts

PHASE = SessionDetails(date="2026-01-05", therapist="Dr Ames", client="C-17", session_number=3, phase="middle")


def test_a_transcript_comes_back_as_it_went_in(store: AnnotationStore) -> None:
    transcript = Transcript(
        "s01",
        (
            Utterance(1, "therapist", "“Well…” 😀\nשלום", 0.1, 2.7),
            Utterance("1", "client", ""),
            Utterance("b-2", "other", "a\u200bb"),
        ),
        {"source": "é"},
    )
    store.transcripts.add(LOCAL, transcript)
    assert store.transcripts.get("s01") == transcript
    assert store.transcripts.get("s01").digest() == transcript.digest()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(transcript=transcripts())
def test_any_transcript_comes_back(store: AnnotationStore, transcript: Transcript) -> None:
    transcript = replace(transcript, transcript_id=transcript.digest())
    store.transcripts.add(LOCAL, transcript)
    assert store.transcripts.get(transcript.transcript_id) == transcript


def test_the_same_content_twice_is_stored_once(store: AnnotationStore, s01: Transcript) -> None:
    before = store.audit.head()
    assert store.transcripts.add(LOCAL, s01) == AddResult("s01", "same", "s01")
    assert store.transcripts.add(LOCAL, replace(s01, transcript_id="copy")) == AddResult("copy", "same", "s01")
    assert [row.transcript_id for row in store.transcripts.list()] == ["s01"]
    assert store.audit.head() == before


def test_the_same_id_with_other_content_is_told_and_not_stored(store: AnnotationStore, s01: Transcript) -> None:
    other = replace(s01, utterances=s01.utterances[:1])
    assert store.transcripts.add(LOCAL, other) == AddResult("s01", "differs", "s01")
    assert store.transcripts.get("s01") == s01


def test_whole_numbers_as_times_keep_the_content_the_same(store: AnnotationStore) -> None:
    whole = Transcript("s01", (Utterance(0, "client", "so", 1, 2),))
    store.transcripts.add(LOCAL, whole)
    assert store.transcripts.add(LOCAL, whole).outcome == "same"
    assert store.verify() == []


@pytest.mark.parametrize("text", ["secret\x00", "secret\ud800"])
def test_what_no_database_keeps_is_refused_without_its_text(store: AnnotationStore, text: str) -> None:
    transcript = Transcript("s01", (Utterance(7, "client", text),))
    with pytest.raises(StoreError, match="'s01' utterance 7") as caught:
        store.transcripts.add(LOCAL, transcript)
    assert "secret" not in str(caught.value)
    assert store.transcripts.list() == ()


@pytest.mark.parametrize(
    "transcript",
    [
        Transcript("", (Utterance(0, "client", "so"),)),
        Transcript("s01", ()),
        Transcript("s01", (Utterance(0, "client", "so", float("nan")),)),
    ],
)
def test_what_is_no_session_is_refused(store: AnnotationStore, transcript: Transcript) -> None:
    with pytest.raises(StoreError):
        store.transcripts.add(LOCAL, transcript)


@pytest.mark.usefixtures("s01")
def test_the_newest_details_count(store: AnnotationStore, sue: User) -> None:
    assert store.transcripts.details("s01") == SessionDetails()
    store.transcripts.describe(sue, "s01", replace(PHASE, session_number=2))
    store.transcripts.describe(sue, "s01", PHASE)
    assert store.transcripts.details("s01") == PHASE
    assert [entry.actor for entry in store.audit.newest(2)] == ["sue", "sue"]


def test_details_can_come_with_the_transcript(store: AnnotationStore) -> None:
    store.transcripts.add(LOCAL, session("s02"), PHASE)
    assert store.transcripts.list()[0].details == PHASE


@pytest.mark.usefixtures("s01")
def test_the_list_counts_and_filters(store: AnnotationStore, ann: User) -> None:
    store.transcripts.add(LOCAL, session("s02", turns=2), PHASE)
    labels = {"techniques": ("exploration",)}
    first = store.events.append(
        ann, NewEvent(transcript_id="s02", utterance_id=0, action="change", labels=labels, codebook="ipt@1")
    )
    flag = NewEvent(transcript_id="s02", utterance_id=0, action="flag", flagged=True, base_event=first.event_id)
    store.events.append(ann, flag)
    row = store.transcripts.list(TranscriptFilter(search="c-17"))[0]
    assert (row.transcript_id, row.turns, row.reviewed, row.flagged, row.model) == ("s02", 2, 1, 1, None)
    assert row.reviewed_share == 0.5

    def listed(**wanted: object) -> list[str]:
        return [row.transcript_id for row in store.transcripts.list(TranscriptFilter(**wanted))]  # type: ignore[arg-type]

    assert listed() == ["s01", "s02"]
    assert listed(search="AMES") == listed(flagged=True) == listed(reviewed_from=0.5) == ["s02"]
    assert listed(flagged=False) == listed(reviewed_to=0.4) == ["s01"]
    assert listed(search="%") == listed(model="default@1") == []


def test_an_annotator_does_not_import(store: AnnotationStore, ann: User) -> None:
    with pytest.raises(RoleError, match="supervisor, researcher, admin"):
        store.transcripts.add(ann, session())


def test_what_is_not_there_is_named(store: AnnotationStore) -> None:
    with pytest.raises(StoreError, match="no transcript 'nope'"):
        store.transcripts.get("nope")
