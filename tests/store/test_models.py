"""Models, their predictions, decisions on codings, and the corpus that comes out of it all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ipt_nlp.annotation import Prediction
from ipt_nlp.errors import RoleError, StoreError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import NewAdjudication, NewEvent, User
from ipt_nlp.transcript import Transcript, UtteranceId
from tests.store.conftest import person, session

DECISION = NewAdjudication(
    transcript_id="s01",
    utterance_id=1,
    labels={"themes": ("grief",)},
    confidence="high",
    reason="manual_unclear",
    note="loss of a job: grief or transition?",
    codebook="ipt@1",
)


def prediction(utterance_id: UtteranceId = 0, model: str = "default@1", score: float = 0.25) -> Prediction:
    return Prediction(
        transcript_id="s01",
        utterance_id=utterance_id,
        scores={"exploration": score, "clarification": 0.1},
        labels={"techniques": ("exploration",), "themes": ()},
        evidence={"exploration": ((0, 3), (4, 9))},
        cues=(("exploration", 0, 3),),
        needs_review=True,
        model=model,
        codebook="ipt@1",
    )


def code(coder: User, store: AnnotationStore, utterance_id: int, label: str, **more: object) -> int:
    labels = {"techniques": (label,) if label else ()}
    new = NewEvent(transcript_id="s01", utterance_id=utterance_id, action="change", labels=labels, codebook="ipt@1")
    return store.events.append(coder, replace(new, **more)).event_id  # type: ignore[arg-type]


@pytest.mark.usefixtures("s01")
def test_the_newest_prediction_of_an_utterance_counts(store: AnnotationStore) -> None:
    old = [prediction(n) for n in range(4)]
    assert store.predictions.save(LOCAL, "default@1", old) == 4
    assert store.predictions.newest("s01") == {p.utterance_id: p for p in old}
    new = prediction(2, "mine@2", 0.75)
    assert store.predictions.save(LOCAL, "mine@2", [new]) == 1
    assert store.predictions.newest("s01") == {p.utterance_id: p for p in old} | {2: new}
    assert store.transcripts.list()[0].model == "mine@2"
    assert store.verify() == []


@pytest.mark.usefixtures("s01")
def test_saving_the_same_again_stores_nothing(store: AnnotationStore) -> None:
    made = [prediction(n) for n in range(2)]
    store.predictions.save(LOCAL, "default@1", made)
    assert store.predictions.save(LOCAL, "default@1", made[::-1]) == 0
    assert store.predictions.save(LOCAL, "default@1", []) == 0
    assert len(store.audit.newest(what="prediction.save")) == 1


@pytest.mark.usefixtures("s01")
def test_predictions_that_do_not_fit_are_refused_together(store: AnnotationStore) -> None:
    with pytest.raises(StoreError, match="no utterance 9"):
        store.predictions.save(LOCAL, "default@1", [prediction(0), prediction(9)])
    with pytest.raises(StoreError, match="'other@1'"):
        store.predictions.save(LOCAL, "default@1", [prediction(0), prediction(1, "other@1")])
    assert store.predictions.newest("s01") == {}


def test_models_are_promoted_and_rolled_back(store: AnnotationStore) -> None:
    for ref in ("a@1", "b@1", "c@1"):
        assert store.models.register(LOCAL, ref, {"macro_f1": 0.5}, "ipt@1").status == "candidate"
    assert store.models.champion() is None
    assert store.models.promote(LOCAL, "a@1").status == "champion"
    store.models.promote(LOCAL, "b@1")
    assert [m.status for m in store.models.list()] == ["retired", "champion", "candidate"]
    assert store.models.rollback(LOCAL).ref == "a@1"
    assert [m.status for m in store.models.list()] == ["champion", "retired", "candidate"]
    with pytest.raises(StoreError, match="no champion before"):
        store.models.rollback(LOCAL)
    assert store.models.retire(LOCAL, "c@1").status == "retired"
    assert store.models.promote(LOCAL, "b@1").status == "champion"
    assert store.models.rollback(LOCAL).ref == "a@1"
    champion = store.models.champion()
    assert champion is not None
    assert (champion.ref, champion.metrics, champion.codebook) == ("a@1", {"macro_f1": 0.5}, "ipt@1")


def test_models_that_do_not_fit_are_refused(store: AnnotationStore, ann: User) -> None:
    store.models.register(LOCAL, "a@1", {}, "ipt@1")
    store.models.promote(LOCAL, "a@1")
    for call, problem in (
        (lambda: store.models.register(LOCAL, "a@1", {}, "ipt@1"), "registered already"),
        (lambda: store.models.promote(LOCAL, "b@1"), "no model 'b@1'"),
        (lambda: store.models.promote(LOCAL, "a@1"), "is the champion"),
        (lambda: store.models.retire(LOCAL, "a@1"), "is the champion"),
        (lambda: store.models.promote(ann, "a@1"), "researcher, admin"),
    ):
        with pytest.raises(StoreError, match=problem):
            call()


@pytest.mark.usefixtures("s01")
def test_decisions_are_kept_and_unclear_rules_collected(store: AnnotationStore, sue: User, ann: User) -> None:
    event = code(ann, store, 1, "")
    first = store.adjudications.append(sue, replace(DECISION, reason="other", events=(event,)))
    second = store.adjudications.append(sue, DECISION)
    assert store.adjudications.of("s01") == (first, second)
    assert store.adjudications.manual_unclear() == (second,)
    assert (first.adjudicator, first.decision.events) == ("sue", (event,))
    assert store.verify() == []


@pytest.mark.usefixtures("s01")
def test_decisions_that_do_not_fit_are_refused(store: AnnotationStore, sue: User, ann: User) -> None:
    event = code(ann, store, 0, "")
    for wrong in (
        replace(DECISION, reason="mood"),  # type: ignore[arg-type]
        replace(DECISION, confidence="certain"),  # type: ignore[arg-type]
        replace(DECISION, events=(event,)),
        replace(DECISION, utterance_id="1"),
    ):
        with pytest.raises(StoreError):
            store.adjudications.append(sue, wrong)
    with pytest.raises(RoleError):
        store.adjudications.append(ann, DECISION)


@pytest.mark.usefixtures("s01")
def test_supervisors_sign_off(store: AnnotationStore, sue: User, ann: User) -> None:
    with pytest.raises(StoreError, match="say why"):
        store.sign_offs.append(sue, "s01", "disagree", item="exploration")
    said = store.sign_offs.append(sue, "s01", "disagree", item="exploration", reason="two of them are not")
    signed = store.sign_offs.append(sue, "s01", "sign_off", model="default@1")
    assert store.sign_offs.of("s01") == (said, signed)
    assert (said.supervisor, said.item, signed.model) == ("sue", "exploration", "default@1")
    for who in (ann, person(store, "ray", "researcher")):
        with pytest.raises(RoleError, match="supervisor, admin"):
            store.sign_offs.append(who, "s01", "sign_off")


def test_the_reviewed_corpus_has_the_newest_of_each_coder_and_marks_what_was_adjudicated(
    store: AnnotationStore, s01: Transcript, ann: User, ben: User, sue: User
) -> None:
    store.transcripts.add(LOCAL, session("s02"))
    first = code(ann, store, 1, "exploration")
    code(ann, store, 1, "clarification", base_event=first, sure=False)
    code(ben, store, 1, "", mode="assisted")
    code(ben, store, 0, "exploration")
    taken_back = code(ann, store, 3, "exploration")
    store.events.undo(ann, "s01", 3, taken_back)
    store.adjudications.append(sue, replace(DECISION, labels={"themes": ()}))
    store.adjudications.append(sue, DECISION)
    (found,) = store.reviewed()
    assert found.transcript == s01
    rows = [(a.utterance_id, a.coder, a.adjudicated, dict(a.labels), a.sure, a.mode) for a in found.annotations]
    assert rows == [
        (0, "ben", False, {"techniques": ("exploration",)}, True, "blind"),
        (1, "ann", False, {"techniques": ("clarification",)}, False, "blind"),
        (1, "ben", False, {"techniques": ()}, True, "assisted"),
        (1, "sue", True, {"themes": ("grief",)}, True, "assisted"),
    ]
    assert {a.source for a in found.annotations} == {"review"}
    assert {a.coded_at for a in found.annotations} == {"2026-01-05T09:00:00.000000Z"}
