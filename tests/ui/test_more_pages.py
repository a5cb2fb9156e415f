"""The pages for agreement, retraining and administration as Streamlit runs them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.ui import ADMIN, AGREEMENT, CODEBOOK, RETRAIN, REVIEW, PageFile
from ipt_nlp.ui.state.queues import QUEUES
from ipt_nlp.ui.views.staying import TICKET, tickets
from tests.ui.coders import code, person, two_coders
from tests.ui.conftest import open_turns
from tests.ui.test_retrain import NEW, registered

WAIT_S = 180


@pytest.fixture
def tiny_home(own: AnnotationStore, tiny_model: Path) -> None:
    """The small model beside the store, whose thresholds the queues go by."""
    shutil.copytree(tiny_model, Path(own.database.name).parent / "models" / "default")


def shown(page: PageFile, who: str = "ada") -> AppTest:
    test = AppTest.from_file(str(page.file), default_timeout=WAIT_S)
    test.session_state[TICKET] = tickets().issue(AnnotationStore.open(), who)
    test.session_state["example"] = False
    test.run()
    assert not test.exception
    return test


def texts(test: AppTest) -> str:
    said = [*test.info, *test.success, *test.error, *test.warning, *test.markdown]
    return " ".join(str(element.value) for element in said).replace("\\", "")


def test_agreement_is_decided_on_the_page(own: AnnotationStore) -> None:
    two_coders(own)
    person(own, "ada", "admin")
    test = shown(AGREEMENT)
    assert "6 turns differ on any code, 6 to decide" in texts(test)
    page = " ".join(element.value for element in test.get("html"))  # type: ignore[attr-defined]
    assert "Coding A" in page
    button = next(b for b in test.button if b.label == "Decide, next")
    button.click().run()
    assert "Choose the codes" in texts(test)
    radio = next(r for r in test.radio if r.label == "The codes should be")
    radio.set_value(0)
    next(g for g in test.get("button_group") if g.label == "How sure are you?").set_value("high")  # type: ignore[attr-defined]
    next(s for s in test.selectbox if s.label == "Why do they differ?").set_value("manual_unclear")
    next(b for b in test.button if b.label == "Decide, next").click().run()
    assert not test.exception
    assert "6 turns differ on any code, 5 to decide" in texts(test)
    assert len(own.adjudications.manual_unclear()) == 1
    assert any("Rules to write (1)" in tab.label for tab in test.tabs)


def test_agreement_is_not_for_annotators_nor_admin_for_others(own: AnnotationStore) -> None:
    two_coders(own)
    person(own, "sue", "supervisor")
    assert "for supervisors" in texts(shown(AGREEMENT, "ann"))
    assert "for supervisors" in texts(shown(RETRAIN, "ann"))
    assert "for admins" in texts(shown(ADMIN, "sue"))
    retrain = shown(RETRAIN, "sue")
    assert next(b for b in retrain.button if b.label == "Retrain now").disabled


def test_an_admin_adds_a_user_verifies_and_backs_up(own: AnnotationStore) -> None:
    person(own, "ada", "admin")
    test = shown(ADMIN)
    test.text_input[0].set_value("ann")
    next(t for t in test.text_input if t.label == "Password").set_value("a long password")
    next(b for b in test.button if b.label == "Add").click().run()
    assert "ann is added as annotator" in texts(test)
    next(b for b in test.button if b.label == "Verify the chain").click().run()
    assert "Sound: all" in texts(test)
    next(t for t in test.text_input if t.label == "Name of the backup").set_value("monday")
    next(b for b in test.button if b.label == "Write the backup").click().run()
    assert not test.exception
    assert (Path(own.database.name).parent / "backups" / "monday.zip").is_file()


@pytest.mark.usefixtures("started")
def test_retraining_starts_once_and_shows_how_far_it_is(own: AnnotationStore) -> None:
    two_coders(own)
    person(own, "ada", "admin")
    registered(own)
    test = shown(RETRAIN)
    assert test.metric[0].value != "0"
    next(b for b in test.button if b.label == "Retrain now").click().run()
    assert not test.exception
    assert [job.state for job in own.jobs.list()] == ["queued"]
    assert next(b for b in test.button if b.label == "Retrain now").disabled
    next(b for b in test.button if b.label == "Cancel").click().run()
    assert own.jobs.list()[0].state == "cancelled"
    next(b for b in test.button if b.label == "Set aside").click().run()
    assert next(v for v in own.models.list() if v.ref == NEW).status == "retired"


def test_an_empty_project_says_what_is_missing(own: AnnotationStore) -> None:
    assert own.users.single_user() == LOCAL
    assert "No turn was coded by two people" in texts(shown(AGREEMENT))
    assert "Nobody has been added" in texts(shown(ADMIN))
    assert next(b for b in shown(RETRAIN).button if b.label == "Retrain now").disabled


def reviewing(who: str, queue: str = "") -> AppTest:
    test = AppTest.from_file(str(REVIEW.file), default_timeout=WAIT_S)
    test.session_state[TICKET] = tickets().issue(AnnotationStore.open(), who)
    test.session_state["example"] = False
    if queue:
        test.query_params["queue"] = QUEUES[queue].title
    test.run()
    assert not test.exception
    return test


def html(test: AppTest) -> str:
    return " ".join(str(element.value) for element in test.get("html"))  # type: ignore[attr-defined]


@pytest.mark.usefixtures("tiny_home")
def test_that_coders_differ_is_told_only_to_those_who_may_see_others(own: AnnotationStore) -> None:
    two_coders(own)
    person(own, "sue", "supervisor")
    title = QUEUES["disagreements"].title
    asked = reviewing("ann", "disagreements")
    assert title not in asked.selectbox(key="queue").options
    assert asked.selectbox(key="queue").value == "session"
    led = reviewing("sue", "disagreements")
    assert led.selectbox(key="queue").value == "disagreements"
    assert led.caption[0].value == QUEUES["disagreements"].about
    assert "words 0" in html(led) or "words 4" in html(led)
    assert not [button.label for button in led.button if "✓" in button.label and "Exploration" not in button.label]


def test_the_codebook_that_is_coded_under_is_kept_once(own: AnnotationStore) -> None:
    person(own, "ann")
    person(own, "ada", "admin")
    for _ in range(2):
        reviewing("ann")
        st.cache_resource.clear()
    assert [(kept.codebook, kept.created_by) for kept in own.codebooks.list()] == [(Codebook.load("ipt"), "")]


def test_cues_are_looked_for_where_they_changed_and_what_fails_is_told(own: AnnotationStore) -> None:
    person(own, "ada", "admin")
    registered(own)
    own.models.promote(LOCAL, NEW)  # its folder is gone
    stamp = own.predictions.stamp("s01")
    for key, text in (("definition_exploration", "Asks for more."), ("cues_exploration", "and more")):
        page = shown(CODEBOOK)
        page.selectbox(key="code_to_change").set_value("exploration").run()
        page.text_area(key=key).set_value(text)
        next(b for b in page.button if b.label == "Save as a new version").click().run()
        assert not page.exception
        assert "is changed" in texts(page)
        assert ("not looked for everywhere" in texts(page)) == (key == "cues_exploration")
    assert own.predictions.stamp("s01") == stamp


@pytest.mark.usefixtures("tiny_home")
def test_likely_mistakes_are_kept_with_enter(own: AnnotationStore) -> None:
    ann = person(own, "ann")
    person(own, "ada", "admin")
    wrong, *right = (n for n in open_turns() if n % 2 == 0)
    for turn in right:
        code(own, ann, "s01", turn, "exploration", assisted=True)
    code(own, ann, "s01", wrong, "clarification", assisted=True)
    page = reviewing("ann", "likely_mistakes")
    assert page.session_state["cursor"].utterance_id == wrong
    assert page.button(key="code_clarification").label.startswith("✓")
    before = own.events.current("s01", "ann")[wrong]
    cursor = page.session_state["cursor"]
    page.session_state["cursor"] = replace(cursor, arrived=cursor.arrived - 10)
    page.button(key="do_accept").click().run()
    assert not page.exception
    kept = own.events.current("s01", "ann")[wrong]
    assert (kept.labels, kept.ordinal) == (before.labels, before.ordinal + 1)
    again = reviewing("ann", "likely_mistakes")
    assert "cursor" not in again.session_state or again.session_state["cursor"].utterance_id != wrong
