"""Finding turns, and codes of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import spacy

import ipt_nlp
import ipt_nlp.pipeline
from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import RoleError, UsageError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.search import Query
from ipt_nlp.store.values import NewEvent, User
from ipt_nlp.transcript import Transcript, Utterance
from ipt_nlp.ui.state.blind import always_blind
from ipt_nlp.ui.state.desk import arrive, current, open_desk
from ipt_nlp.ui.state.manual import confusable, examples, mark_cues
from ipt_nlp.ui.state.own_codes import NewCode, add_code
from ipt_nlp.ui.state.project import codebook_name, codebook_stamp
from ipt_nlp.ui.state.search import as_csv, coders, found, rows
from ipt_nlp.ui.state.turns import Material
from tests.ui.conftest import PASSWORD, fill, open_turns, transcript

BOOK = Codebook.load("ipt")
THERAPIST = [n for n in open_turns() if n % 2 == 0]


def places(store: AnnotationStore, query: Query) -> list[int]:
    return [hit.position for hit in found(store, LOCAL, query)]


def test_by_words_code_speaker_and_confidence(store: AnnotationStore) -> None:
    assert places(store, Query(words="WORDS 1")) == [1, 10, 11]
    assert places(store, Query(words="%")) == []
    assert places(store, Query(label="exploration")) == THERAPIST
    assert places(store, Query(label="exploration", lowest=0.9)) == []
    assert places(store, Query(speaker="client", words="words 3")) == [3]
    assert len(places(store, Query())) == 12
    hit = found(store, LOCAL, Query(words="words 3"))[0]
    assert rows([hit], BOOK, "")["Codes"] == ["Role dispute"]
    assert rows([hit], BOOK, "role_dispute")["Confidence"] == [80]


def test_by_coder(store: AnnotationStore) -> None:
    store.events.append(
        LOCAL,
        NewEvent(transcript_id="s01", utterance_id=3, action="change", labels={"themes": ("grief",)}, codebook="ipt@1"),
    )
    assert places(store, Query(coder="local")) == [3]
    assert places(store, Query(coder="local", label="grief")) == [3]
    assert places(store, Query(coder="local", label="role_dispute")) == []


def test_annotators_see_neither_other_coders_nor_what_they_are_to_code_blind(store: AnnotationStore) -> None:
    fill(store, transcript("long", 200))
    store.users.add(LOCAL, "ana", "admin", PASSWORD)
    store.users.add(LOCAL, "ben", "annotator", PASSWORD)
    ben = User("ben", "annotator")
    assert coders(store, ben) == ["ben"]
    with pytest.raises(RoleError):
        found(store, ben, Query(coder="ana"))
    seen = found(store, ben, Query(label="exploration", transcript_id="long"))
    assert 0 < len(seen) < 100
    assert not [hit for hit in seen if always_blind(("long", hit.utterance_id))]
    every = found(store, ben, Query(transcript_id="long"))
    assert len(every) == 200
    assert all(not hit.labels for hit in every if always_blind(("long", hit.utterance_id)))


def test_csv_runs_no_formula(store: AnnotationStore) -> None:
    store.transcripts.add(LOCAL, Transcript("x", (Utterance(0, "client", '=HYPERLINK("a"),"b"'),)))
    text = as_csv(found(store, LOCAL, Query(transcript_id="x")), BOOK, "").decode("utf-8-sig")
    assert text.splitlines()[1] == 'x,1,client,"\'=HYPERLINK(""a""),""b""",,,,'


def test_a_code_of_ones_own_tags_by_its_cues_and_collects_codes(
    store: AnnotationStore, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPT_NLP_HOME", str(tmp_path))
    before = codebook_stamp()
    book = add_code(store, LOCAL, NewCode("Asks for “more”", "techniques", 'Says "and more".', ("and more", "")))
    whole, _, part = BOOK.version.partition(".")
    first, second = (f"own@{whole}.{int(part or 0) + n}" for n in (1, 2))
    assert (codebook_name(), book.ref, codebook_stamp() == before) == ("own", first, False)
    nlp = ipt_nlp.load(tiny_model, codebook="own")
    assert mark_cues(store, LOCAL, nlp, book, lambda _: None) == 1
    assert mark_cues(store, LOCAL, nlp, book, lambda _: None) == 0
    material = Material(store.transcripts.get("s01"), store.predictions.newest("s01"), Codebook.load("own"))
    at = open_desk(store, LOCAL, material)
    turn = next(n for n in range(0, 12, 2) if not always_blind(("s01", n)))
    view = current(at, arrive(at, turn, 0))
    assert "asks_for_more" in view.labels
    assert next(s for s in view.suggestions if s.label == "asks_for_more").score is None
    assert [hit.position for hit in examples(store, LOCAL, "asks_for_more")] == THERAPIST
    grown = add_code(store, LOCAL, NewCode("Grief work", "themes", "Another.", ()))
    assert (grown.ref, grown.by_name["grief_work"].group) == (second, "themes")


def test_cues_are_marked_whatever_models_said(store: AnnotationStore) -> None:
    told = store.predictions.newest("s01")
    store.predictions.save(LOCAL, "new@2", [replace(told[n], model="new@2") for n in range(0, 12, 3)])
    before = {n: p.model for n, p in store.predictions.newest("s01").items()}
    nlp = spacy.blank("en")
    cues = nlp.add_pipe("ipt_cues")
    book = BOOK.model_copy(update={"version": "9"})
    stamp = store.predictions.stamp("s01")
    assert mark_cues(store, LOCAL, nlp, book, lambda _: None) == 0
    assert store.predictions.stamp("s01") == stamp
    content = BOOK.model_dump(mode="json")
    next(label for label in content["labels"] if label["name"] == "grief")["cues"] = ["words (3|4)"]
    cues.use(Codebook.model_validate(content))  # type: ignore[attr-defined]
    assert mark_cues(store, LOCAL, nlp, book, lambda _: None) == 1
    after = store.predictions.newest("s01")
    assert {n: p.model for n, p in after.items()} == before
    assert {n for n, p in after.items() if p.cues} == {n for n, p in after.items() if p.codebook == book.ref} == {3, 4}


@pytest.mark.parametrize(
    "code",
    [
        NewCode("", "techniques", "Says so."),
        NewCode("Grief", "themes", "Says so."),
        NewCode("Mine", "techniques", "Says so.", ("(a|b",)),
        NewCode("Mine", "nowhere", "Says so."),
    ],
)
def test_a_code_that_cannot_be_is_refused_and_nothing_written(
    code: NewCode, store: AnnotationStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPT_NLP_HOME", str(tmp_path))
    with pytest.raises(UsageError):
        add_code(store, LOCAL, code)
    assert not list(tmp_path.rglob("*.toml"))
    assert store.codebooks.list() == ()


def test_codes_that_an_entry_sends_to_and_that_send_to_it() -> None:
    assert confusable(BOOK, "grief")[:2] == ("role_transition", "role_dispute")
    for name, label in BOOK.by_name.items():
        others = confusable(BOOK, name)
        assert name not in others
        assert {rule.instead for rule in label.exclude if rule.instead} <= set(others)
        assert all(name in confusable(BOOK, other) for other in others)
