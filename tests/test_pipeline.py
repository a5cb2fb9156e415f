from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from hypothesis import HealthCheck, given, settings
from spacy.language import Language
from spacy.tokens import DocBin

import ipt_nlp
from ipt_nlp.errors import ModelError
from ipt_nlp.model.config import HeadGroup
from ipt_nlp.pipeline import predictions, to_doc
from ipt_nlp.pipeline.docs import tagged_doc
from ipt_nlp.pipeline.labels import needs_review
from ipt_nlp.transcript import Transcript, Utterance

from .strategies import transcripts

SESSION = Transcript(
    "s01",
    (
        Utterance("a", "therapist", "So. What did she say then?", 0.0, 2.0),
        Utterance("b", "client", "  Nothing.\nShe hung up on me. "),
        Utterance("c", "client", ""),
        Utterance("d", "other", "(phone rings)"),
        Utterance("e", "therapist", "And how did that make you feel?"),
    ),
)


@pytest.fixture(scope="module")
def nlp(tiny_model: Path) -> Language:
    return ipt_nlp.load(tiny_model)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(transcripts())
def test_offsets_in_a_doc_are_those_of_the_turns(nlp: Language, transcript: Transcript) -> None:
    doc = to_doc(nlp, transcript)
    spans = doc.spans["utterances"]
    assert [s.text for s in spans] == [u.text for u in transcript.utterances]
    assert [s._.speaker for s in spans] == [u.speaker for u in transcript.utterances]


def test_a_doc_has_tags_evidence_cues_and_versions(nlp: Language) -> None:
    doc = nlp(to_doc(nlp, SESSION))
    therapist, client, blank, other, last = doc.spans["utterances"]
    assert set(therapist._.scores) == {label.name for label in ipt_nlp.Codebook.load("ipt").labels}
    assert therapist._.techniques == dict(sorted(therapist._.techniques.items(), key=lambda item: -item[1]))
    assert all(score >= 0.5 for score in therapist._.techniques.values())
    assert all(span.text in therapist.text for spans in therapist._.evidence.values() for span in spans)
    assert set(therapist._.evidence) == set(therapist._.techniques) | set(therapist._.themes)
    assert client._.techniques == other._.techniques == {}
    assert client._.scores["clarification"] == 0.0
    assert (blank._.techniques, blank._.themes, blank._.needs_review) == ({}, {}, False)
    assert "communication_analysis" in {cue.label_ for cue in doc.spans["cues"]}
    assert doc._.model.startswith("tiny@0.0.1+")
    assert doc._.codebook == "ipt@1.1"
    assert last._.utterance_id == "e"
    assert therapist._.end_s == 2.0


def test_predictions_are_one_an_utterance_with_offsets_in_its_text(nlp: Language) -> None:
    ((transcript, found),) = ipt_nlp.annotate(nlp, [SESSION])
    assert transcript is SESSION
    assert [p.utterance_id for p in found] == ["a", "b", "c", "d", "e"]
    for utterance, prediction in zip(SESSION.utterances, found, strict=True):
        for spans in prediction.evidence.values():
            assert all(0 <= a < b <= len(utterance.text) for a, b in spans)
        for _, start, end in prediction.cues:
            assert utterance.text[start:end].strip()


def test_raw_text_with_speakers_works_too(nlp: Language) -> None:
    doc = nlp("Session 3\n\nT: What did she\nsay then?\n\nC: Nothing.\nT: Mm.")
    assert [(s._.speaker, " ".join(s.text.split())) for s in doc.spans["utterances"]] == [
        ("therapist", "What did she say then?"),
        ("client", "Nothing."),
        ("therapist", "Mm."),
    ]


def test_raw_text_without_speakers_has_no_turns(nlp: Language) -> None:
    assert len(nlp("just words").spans["utterances"]) == 0


def test_a_stream_gives_what_single_calls_give(nlp: Language) -> None:
    sessions = [SESSION, Transcript("s02", SESSION.utterances[::-1]), Transcript("s03", SESSION.utterances[:1])] * 7
    streamed = [found for _, found in ipt_nlp.annotate(nlp, sessions)]
    alone = [predictions(nlp(to_doc(nlp, session))) for session in sessions]
    for together, single in zip(streamed, alone, strict=True):
        assert [p.labels for p in together] == [p.labels for p in single]
        for a, b in zip(together, single, strict=True):
            assert a.scores == pytest.approx(b.scores, abs=2e-4)


def test_saved_to_disk_and_loaded_by_spacy(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "pipeline")
    again = spacy.load(tmp_path / "pipeline")
    before, after = (predictions(n(to_doc(n, SESSION))) for n in (nlp, again))
    assert before == after
    assert again.pipe_names == ["ipt_utterances", "ipt_cues", "ipt_tagger"]


def test_docbin_keeps_tags(nlp: Language) -> None:
    doc = nlp(to_doc(nlp, SESSION))
    data = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    (again,) = DocBin(store_user_data=True).from_bytes(data).get_docs(nlp.vocab)
    assert predictions(again) == predictions(doc)
    assert predictions(tagged_doc(nlp, SESSION, predictions(doc))) == predictions(doc)


def test_components_say_what_they_assign(nlp: Language) -> None:
    assert not nlp.analyze_pipes()["problems"]["ipt_tagger"]
    assert "span._.techniques" in nlp.get_pipe_meta("ipt_tagger").assigns


def test_a_new_code_with_cues_tags_before_any_training(tiny_model: Path, tmp_path: Path) -> None:
    source = Path(ipt_nlp.__file__).parent / "codebooks" / "ipt.toml"
    new = '\n[[labels]]\ngroup = "techniques"\nfamily = "core"\nname = "humour"\ntitle = "Humour"\n'
    new += 'definition = "Makes a joke."\nsource = "a test"\ncues = ["only joking"]\n'
    path = tmp_path / "mine.toml"
    path.write_text(source.read_text("utf-8") + new, "utf-8")
    nlp = ipt_nlp.load(tiny_model, codebook=path)
    doc = nlp("T: Only joking, go on.\nC: Only joking, he said.")
    assert [(cue.label_, cue.text) for cue in doc.spans["cues"]] == [("humour", "Only joking")]


def test_a_saved_pipeline_names_no_path_and_refuses_newer_parts(
    nlp: Language, tiny_model: Path, tmp_path: Path
) -> None:
    nlp.to_disk(tmp_path / "pipeline")
    config = tmp_path / "pipeline" / "config.cfg"
    assert str(tiny_model.parent) not in config.read_text("utf-8")
    config.write_text(config.read_text("utf-8").replace("version = 1\n", "version = 2\n"), "utf-8")
    with pytest.raises(ModelError, match=r"version 2, this is 1\. Upgrade"):
        spacy.load(tmp_path / "pipeline")


def test_a_component_takes_a_model_by_name() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("ipt_utterances")
    nlp.add_pipe("ipt_tagger", config={"model": "default"})
    assert nlp("T: What did you say then?\nC: Nothing.")._.model.startswith("default@")


def test_components_work_on_the_spans_they_are_told(tiny_model: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("ipt_utterances", config={"spans_key": "turns"})
    nlp.add_pipe("ipt_cues", config={"spans_key": "turns", "cues_key": "hints"})
    nlp.add_pipe("ipt_tagger", config={"spans_key": "turns", "model": str(tiny_model)})
    doc = nlp("T: What did she say then?\nC: Nothing.")
    assert [span._.speaker for span in doc.spans["turns"]] == ["therapist", "client"]
    assert len(doc.spans["turns"][0]._.scores) == 29
    assert [cue.label_ for cue in doc.spans["hints"]] == ["communication_analysis"]


@pytest.mark.parametrize(("score", "expected"), [(0.0, False), (0.2, False), (0.27, True), (0.38, True), (0.5, False)])
def test_a_score_close_to_its_threshold_asks_for_review(score: float, expected: bool) -> None:
    head = HeadGroup("themes", ("grief",), "any", exclusive=False)
    assert needs_review([head], {"grief": score}, {"grief": 0.33}, 0.4, "client") is expected
    assert not needs_review([head], {"grief": score}, {"grief": 0.33}, 0.4, None)


def test_two_exclusive_labels_that_are_close_ask_for_review() -> None:
    head = HeadGroup("talk", ("change", "sustain", "neutral"), "client", exclusive=True)
    assert needs_review([head], {"change": 0.42, "sustain": 0.4, "neutral": 0.18}, {}, 0.4, "client")
    assert not needs_review([head], {"change": 0.8, "sustain": 0.1, "neutral": 0.1}, {}, 0.4, "client")
