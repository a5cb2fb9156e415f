from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipt_nlp.errors import InputError
from ipt_nlp.readers import read_transcripts
from ipt_nlp.transcript import Transcript

from .strategies import FORMATS, transcripts

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16")


def read(path: Path, **options: object) -> list[Transcript]:
    return list(read_transcripts(path, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(transcript=transcripts(), encoding=st.sampled_from(ENCODINGS), newline=st.sampled_from(("\n", "\r\n")))
def test_every_format_reads_back_what_was_written(
    name: str, transcript: Transcript, encoding: str, newline: str, tmp_path: Path
) -> None:
    form = FORMATS[name]
    path = tmp_path / f"s01{form.suffix}"
    text = form.write(transcript.utterances).replace("\r\n", "\n")
    path.write_bytes(text.replace("\n", newline).encode(encoding))
    (found,) = read(path)
    kept = [(u.speaker, " ".join(u.text.split())) for u in found.utterances]
    assert kept == [(u.speaker, " ".join(u.text.split())) for u in transcript.utterances]
    if form.keeps_times:
        assert [(u.start_s, u.end_s) for u in found.utterances] == [(u.start_s, u.end_s) for u in transcript.utterances]


def test_turns_wrap_over_lines_and_text_before_the_first_speaker_is_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "wrapped.txt"
    path.write_text("Session 4, room 2\n\nDr. Ames: How was\nthe week?\nPt: Long.\n\nDr. Ames: Go on.\n", "utf-8")
    (found,) = read(path)
    assert [(u.speaker, u.text) for u in found.utterances] == [
        ("therapist", "How was the week?"),
        ("client", "Long."),
        ("therapist", "Go on."),
    ]
    assert found.metadata["preamble"] == "Session 4, room 2"


def test_otter_headings_and_bold_names(tmp_path: Path) -> None:
    path = tmp_path / "otter.txt"
    path.write_text("**Therapist**  0:05  \nHow are you?\n\n**Client**  1:02:03\nTired.\nVery.\n", "utf-8")
    (found,) = read(path)
    assert [(u.speaker, u.text, u.start_s) for u in found.utterances] == [
        ("therapist", "How are you?", 5.0),
        ("client", "Tired. Very.", 3723.0),
    ]


def test_a_sentence_with_a_colon_opens_no_turn(tmp_path: Path) -> None:
    path = tmp_path / "colon.txt"
    path.write_text("T: And then?\nC: He said\nOne thing: never again\nT: Mm.\nC: Yes.\n", "utf-8")
    (found,) = read(path)
    assert found.utterances[1].text == "He said One thing: never again"


def test_consecutive_cues_of_one_speaker_are_one_turn(tmp_path: Path) -> None:
    path = tmp_path / "zoom.vtt"
    cues = ["Dr. Ames: How was", "Dr. Ames: the week?", "Pat Doe: Long.", "Dr. Ames: Mm."]
    blocks = [f"{n}\n00:00:0{n}.000 --> 00:00:0{n}.900 align:start\n{cue}" for n, cue in enumerate(cues, 1)]
    path.write_text("WEBVTT\n\nSTYLE\n::cue {}\n\n" + "\n\n".join(blocks), "utf-8")
    (found,) = read(path)
    assert [(u.speaker, u.text, u.start_s, u.end_s) for u in found.utterances] == [
        ("therapist", "How was the week?", 1.0, 2.9),
        ("client", "Long.", 3.0, 3.9),
        ("therapist", "Mm.", 4.0, 4.9),
    ]


def test_a_row_for_each_annotator_is_one_utterance_and_parts_of_one_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(
        "transcript_id,utterance_id,interlocutor,utterance_text,annotator_id\n"
        "7,0,therapist,Hello.,1\n7,0,therapist,Hello.,2\n7,1,client,Hi.,1\n7,1,client,How are you?,1\n"
        "8,0,client,Bye.,1\n",
        "utf-8",
    )
    first, second = read(path)
    assert [(u.utterance_id, u.text) for u in first.utterances] == [(0, "Hello."), (1, "Hi. How are you?")]
    assert second.transcript_id == "8"


def test_a_row_without_a_speaker_goes_on_with_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("Speaker,ID,Utterance\nT,0,Hello.\n,1,Come in.\nC,2,Hi.\n", "utf-8")
    (found,) = read(path)
    assert [(u.utterance_id, u.speaker) for u in found.utterances] == [
        (0, "therapist"),
        (1, "therapist"),
        (2, "client"),
    ]


def test_columns_by_other_names(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("who_speaks;said\nT;Hello.\nC;Hi.\n", "utf-8")
    (found,) = read(path, columns={"speaker": "who_speaks", "text": "said"})
    assert [u.speaker for u in found.utterances] == ["therapist", "client"]


def test_whisper_without_speakers_is_read_with_a_notice(tmp_path: Path) -> None:
    path = tmp_path / "whisper.tsv"
    path.write_text("start\tend\ttext\n0\t1500\thello there\n1500\t2000\thello\n", "utf-8")
    notes: list[str] = []
    (found,) = read(path, notify=notes.append)
    assert [(u.speaker, u.end_s) for u in found.utterances] == [("other", 1.5), ("other", 2.0)]
    assert "no speakers" in notes[0]
    assert "hello" not in notes[0]


def test_lines_without_speakers_are_turns_where_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "plain.txt"
    path.write_text("hello there\n\nand how are you\n", "utf-8")
    (found,) = read(path, speakers={"ALL": "other"})
    assert [(u.speaker, u.text) for u in found.utterances] == [("other", "hello there"), ("other", "and how are you")]


def test_all_gives_a_role_to_those_that_have_none(tmp_path: Path) -> None:
    path = tmp_path / "three.txt"
    path.write_text("Dr. Ames: Hello.\nAna: Hi.\nBen: Hi.\nAna: So.\nBen: Yes.\n", "utf-8")
    (found,) = read(path, speakers={"ben": "other", "ALL": "client"})
    assert [u.speaker for u in found.utterances[:3]] == ["therapist", "client", "other"]


def test_roles_of_two_named_speakers_are_told_from_how_they_talk(tmp_path: Path) -> None:
    path = tmp_path / "named.txt"
    turn = "Ines: And what happened then?\nRosa: I went home and I sat there for hours and nobody rang me at all.\n"
    path.write_text(turn * 12, "utf-8")
    notes: list[str] = []
    (found,) = read(path, notify=notes.append)
    assert [u.speaker for u in found.utterances[:2]] == ["therapist", "client"]
    assert "'Ines' as therapist" in notes[0]
    assert "confidence" in notes[0]
    (said,) = read(path, speakers={"Ines": "client", "Rosa": "therapist"})
    assert said.utterances[0].speaker == "client"


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "c.docx"):
        (tmp_path / name).write_text("T: Hello.\nC: Hi.\n", "utf-8")
    assert [t.transcript_id for t in read(tmp_path)] == ["a", "b"]


def test_cp1252_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_bytes("T: How’s it – going?\nC: Fine.\n".encode("cp1252"))
    (found,) = read(path)
    assert found.utterances[0].text == "How’s it – going?"


def test_utf16_without_a_mark_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "wide.txt"
    path.write_bytes("T: How is it going?\nC: Fine.\n".encode("utf-16-le"))
    assert read(path)[0].utterances[1].text == "Fine."


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no transcript"):
        read(tmp_path)
