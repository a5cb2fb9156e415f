"""A challenger says what coders corrected, and keeps what it knew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load_file

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import UsageError
from ipt_nlp.learning.corpus import CodedTranscript, read_corpus
from ipt_nlp.learning.corrections import Corrections, corrections, without
from ipt_nlp.learning.lessons import RetrainPlan, excerpts
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.learning.retraining import Retrained, base_parts, recipe_of, retrain
from ipt_nlp.learning.splits import Split
from ipt_nlp.model.engine import Engine
from ipt_nlp.model.scoring import Scorer
from ipt_nlp.model.tagger import read_config
from ipt_nlp.models import codebook_of
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import NewAdjudication, SessionDetails, User
from ipt_nlp.transcript import Transcript, Utterance
from tests.retraining.conftest import (
    ARGUE,
    ASKED,
    BABY,
    DIED,
    DISPUTE,
    GRIEF,
    PLAN,
    TRANSITION,
    add_session,
    code,
    correct,
    learnable,
)


def themes_of(folder: Path, text: str) -> dict[str, float]:
    """Label -> probability of a client's turn after a question."""
    scorer = Scorer.load(folder, folder.name, Engine("float32"))
    (scored,) = scorer.score([([ASKED, text], ["therapist", "client"])])
    head = next(head for head in scorer.heads if head.name == "themes")
    return dict(zip(head.labels, scored.groups["themes"].turns[1], strict=True))


def parts_of(base_folder: Path, champion: Path) -> Split:
    return base_parts(read_corpus([base_folder]).transcripts, recipe_of(champion))


def challenger(
    champion: Path, base_folder: Path, found: Corrections, out: Path, plan: RetrainPlan = PLAN, **more: Any
) -> Retrained:
    codebook = more.get("codebook") or Codebook.load("ipt")
    return retrain(champion, found, parts_of(base_folder, champion), codebook, out, plan, lambda *_: None)


def test_corrections_change_what_the_challenger_says(
    store: AnnotationStore, trained: Path, base_folder: Path, tmp_path: Path
) -> None:
    assert themes_of(trained, BABY)[TRANSITION] < 0.4
    learned = correct(store, [TRANSITION])
    done = challenger(trained, base_folder, corrections(store), tmp_path / "new")
    assert (done.sessions, done.turns) == (12, learned)
    assert done.replayed > 0
    assert done.tokens <= PLAN.training_tokens * 1.2
    assert themes_of(tmp_path / "new", BABY)[TRANSITION] > 0.5
    assert themes_of(tmp_path / "new", DIED)[GRIEF] > 0.5
    assert themes_of(tmp_path / "new", ARGUE)[DISPUTE] > 0.5
    assert read_config(tmp_path / "new").version == "1.0.1"
    assert {p.name for p in (tmp_path / "new").iterdir()} == {"config.json", "config.toml", "model.safetensors"}


def test_the_same_corrections_give_the_same_weights(
    store: AnnotationStore, trained: Path, base_folder: Path, tmp_path: Path
) -> None:
    correct(store, [TRANSITION], sessions=3)
    plan = replace(PLAN, epochs=2)
    for name in ("one", "two"):
        challenger(trained, base_folder, corrections(store), tmp_path / name, plan)
    assert (tmp_path / "one/model.safetensors").read_bytes() == (tmp_path / "two/model.safetensors").read_bytes()
    challenger(trained, base_folder, corrections(store), tmp_path / "three", replace(plan, seed=14))
    assert (tmp_path / "one/model.safetensors").read_bytes() != (tmp_path / "three/model.safetensors").read_bytes()


def test_what_is_not_coded_anew_is_not_fitted_anew(
    store: AnnotationStore, trained: Path, base_folder: Path, tmp_path: Path
) -> None:
    correct(store, [TRANSITION], sessions=3)
    done = challenger(trained, base_folder, corrections(store), tmp_path / "new", replace(PLAN, epochs=1))
    before, after = read_config(trained), read_config(tmp_path / "new")
    assert DISPUTE in done.fitted
    assert TRANSITION not in done.fitted
    assert after.thresholds[TRANSITION] == before.thresholds[TRANSITION]
    assert after.calibration["themes"][TRANSITION] == before.calibration["themes"][TRANSITION]


def test_each_coders_newest_labels_count(store: AnnotationStore) -> None:
    transcript = add_session(store, "s1")
    turn = next(n for n in (1, 4) if learnable("s1", n))
    ann = store.users.add(LOCAL, "ann", "annotator", "correct horse battery")
    code(store, "s1", turn, [GRIEF])
    code(store, "s1", turn, [TRANSITION])
    code(store, "s1", turn, [DISPUTE], ann)
    (found,) = corrections(store).learn
    assert found.transcript == transcript
    assert {a.coder: a.labels["themes"] for a in found.annotations[turn]} == {
        "local": (TRANSITION,),
        "ann": (DISPUTE,),
    }


def test_adjudicated_labels_beat_all(store: AnnotationStore) -> None:
    add_session(store, "s1")
    turn = next(n for n in (1, 4) if learnable("s1", n))
    decision = NewAdjudication(
        transcript_id="s1",
        utterance_id=turn,
        labels={"themes": (DISPUTE,)},
        confidence="high",
        reason="oversight",
        codebook="ipt@1.1",
    )
    code(store, "s1", turn, [GRIEF])
    store.adjudications.append(LOCAL, decision)
    code(store, "s1", turn, [TRANSITION])
    (found,) = corrections(store).learn
    assert [a.labels["themes"] for a in found.annotations[turn]] == [(DISPUTE,)]


def test_what_was_decided_against_a_model_is_never_measured_by(store: AnnotationStore) -> None:
    name = next(f"s{n}" for n in range(99) if not learnable(f"s{n}", 1))
    add_session(store, name)
    ann, ben = (store.users.add(LOCAL, who, "annotator", "correct horse battery") for who in ("ann", "ben"))
    code(store, name, 1, [GRIEF], ann, mode="blind")
    assert decided(store, name, DISPUTE, ann) == [(GRIEF,)], "the other party was the model"
    code(store, name, 1, [TRANSITION], ben, mode="blind")
    assert decided(store, name, DISPUTE, ben) == [(GRIEF,), (TRANSITION,)]
    assert decided(store, name, DISPUTE, ann, ben) == [(DISPUTE,)]
    code(store, name, 1, [TRANSITION], ben, mode="assisted")
    assert decided(store, name, DISPUTE, ann, ben) == [(GRIEF,)], "one party had seen what the model says"


def decided(store: AnnotationStore, name: str, label: str, *parties: User) -> list[tuple[str, ...]]:
    """What turn 1 is measured by once it was decided on."""
    decision = NewAdjudication(
        transcript_id=name,
        utterance_id=1,
        labels={"themes": (label,)},
        confidence="high",
        reason="oversight",
        codebook="ipt@1.1",
        events=tuple(store.events.current(name, who.name)[1].event_id for who in parties),
    )
    store.adjudications.append(LOCAL, decision)
    (found,) = corrections(store).audit
    return [a.labels["themes"] for a in found.annotations[1]]


def test_audit_turns_are_measured_on_and_never_learned_from(store: AnnotationStore) -> None:
    names = [f"s{n:02}" for n in range(20)]
    for n, name in enumerate(names):
        add_session(store, name, repeats=n + 1)
        code(store, name, 1, [GRIEF], mode="blind")
    drawn = {name for name in names if not learnable(name, 1)}
    assert drawn
    found = corrections(store)
    assert {t.transcript.transcript_id for t in found.audit} == drawn
    assert {t.transcript.transcript_id for t in found.learn} == set(names) - drawn
    assert all(t.frozen for t in found.audit)
    for name in drawn:
        code(store, name, 1, [GRIEF], mode="assisted")
    again = corrections(store)
    assert again.audit == ()
    assert {t.transcript.transcript_id for t in again.learn} == set(names) - drawn


def test_what_is_frozen_in_the_corpus_is_frozen_in_the_store(store: AnnotationStore) -> None:
    transcript = add_session(store, "mine")
    twin = replace(transcript, transcript_id="theirs")
    turn = next(n for n in (1, 4) if learnable("mine", n))
    code(store, "mine", turn, [GRIEF], mode="blind")
    for frozen in (True, False):
        base = CodedTranscript(twin, "simulated", "author-1", {turn: ()}, frozen)
        found = corrections(store, [base])
        (kept,) = found.audit if frozen else found.learn
        assert (kept.group, kept.frozen) == ("author-1", frozen)
        assert not (found.learn if frozen else found.audit)
        assert without([base], found) == ((base,) if frozen else ())


def test_one_clients_sessions_are_one_source(store: AnnotationStore) -> None:
    for n, name in enumerate(("s1", "s2")):
        add_session(store, name, repeats=n + 2)
        store.transcripts.describe(LOCAL, name, SessionDetails(client="C7"))
        for turn in (1, 4):
            code(store, name, turn, [GRIEF])
    assert {t.group for t in corrections(store).learn} == {"review:C7"}


def test_held_out_sources_of_the_champion_stay_held_out(base_folder: Path, trained: Path) -> None:
    parts = parts_of(base_folder, trained)
    sides = [{t.group for t in part} for part in (parts.train, parts.calibration, parts.test)]
    assert all(sides)
    assert not (sides[0] & sides[1] | sides[0] & sides[2] | sides[1] & sides[2])
    few = [t for t in parts.train if t.group == min(sides[0])]
    assert base_parts(few, Recipe()).train == tuple(few)


def test_only_the_surroundings_of_coded_turns_are_trained_on() -> None:
    turns = tuple(Utterance(n, "client", "Mm.") for n in range(50))
    coded = CodedTranscript(Transcript("t", turns), "review", "g", {3: (), 8: (), 40: ()})
    found = list(excerpts(coded, around=4))
    assert [[u.utterance_id for u in e.transcript.utterances] for e in found] == [
        list(range(13)),
        list(range(36, 45)),
    ]
    assert [set(e.annotations) for e in found] == [{3, 8}, {40}]


def own_codebook(*labels: tuple[str, str]) -> Codebook:
    """The IPT codebook, a version on, with more labels."""
    known = Codebook.load("ipt").model_dump(mode="json")
    for group, name in labels:
        entry = {"group": group, "name": name, "title": name, "definition": "A baby is born.", "source": "made"}
        known["labels"].append(entry)
    return Codebook.model_validate(known | {"name": "mine", "version": "1.2"})


def test_a_new_code_gets_a_head_and_the_others_keep_theirs(
    store: AnnotationStore, trained: Path, base_folder: Path, tmp_path: Path
) -> None:
    for number in range(12):
        said = BABY if number % 2 else DIED
        add_session(store, f"s{number:02}", said, repeats=1 + number)
        code(store, f"s{number:02}", 1, ["birth"] if number % 2 else [GRIEF], codebook="mine@1.2")
    codebook = own_codebook(("themes", "birth"))
    done = challenger(trained, base_folder, corrections(store), tmp_path / "new", codebook=codebook)
    assert done.new_labels == ("birth",)
    heads = {head.name: head.labels for head in read_config(tmp_path / "new").heads}
    before = {head.name: head.labels for head in read_config(trained).heads}
    assert heads == before | {"themes": (*before["themes"], "birth")}
    assert themes_of(tmp_path / "new", BABY)["birth"] > 0.5
    assert themes_of(tmp_path / "new", DIED)["birth"] < 0.3
    assert themes_of(tmp_path / "new", DIED)[GRIEF] > 0.5
    assert codebook_of(tmp_path / "new") == codebook


def test_a_new_row_starts_from_the_share_of_its_label_and_old_rows_as_they_were(trained: Path, tmp_path: Path) -> None:
    from ipt_nlp.model.growth import grown, grown_heads

    codebook = own_codebook(("themes", "birth"))
    heads = grown_heads(read_config(trained).heads, codebook, {"birth"})
    grown(trained, heads, {"birth": -2.0}, codebook.ref, "1.0.1").save_pretrained(tmp_path / "new")
    old, new = (load_file(folder / "model.safetensors") for folder in (trained, tmp_path / "new"))
    for name, values in old.items():
        assert (new[name][: len(values)] == values).all(), name
    assert (new["heads.themes.weight"][-1] == 0).all()
    assert new["heads.themes.bias"][-1] == -2.0


def test_nothing_to_learn_from_is_said(
    store: AnnotationStore, trained: Path, base_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no correction"):
        challenger(trained, base_folder, corrections(store), tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with pytest.raises(UsageError, match="epoch"):
        RetrainPlan.from_values({"epoch": 3})


def test_without_a_base_corpus_the_store_is_enough(store: AnnotationStore, trained: Path, tmp_path: Path) -> None:
    correct(store, [TRANSITION], sessions=6)
    found, parts = corrections(store), base_parts((), Recipe())
    done = retrain(
        trained, found, parts, Codebook.load("ipt"), tmp_path / "new", replace(PLAN, epochs=4), lambda *_: None
    )
    assert (done.replayed, done.fitted) == (0, ())
    assert read_config(tmp_path / "new").thresholds == read_config(trained).thresholds
