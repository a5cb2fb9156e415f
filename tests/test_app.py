"""The app's pages as Streamlit runs them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.ui import CODEBOOK, PAGES, REVIEW, SEARCH
from tests.ui.conftest import PASSWORD, fill, transcript

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def home(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a model of one's own, which stands before the shipped one."""
    shutil.copytree(tiny_model, tmp_path / "models" / "default")
    monkeypatch.setenv("IPT_NLP_HOME", str(tmp_path))
    monkeypatch.setenv("IPT_NLP_STORE", str(tmp_path / "store.db"))
    return tmp_path


@pytest.fixture
def store(home: Path) -> AnnotationStore:
    opened = AnnotationStore.open(home / "store.db")
    fill(opened, transcript())
    return opened


def app() -> AppTest:
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)


def html(page: AppTest) -> str:
    return "\n".join(element.value for element in page.html)


@pytest.mark.usefixtures("home")
def test_an_empty_store_opens_on_the_example_and_can_be_left_for_an_empty_project() -> None:
    page = app().run()
    assert not page.exception
    assert "example project" in page.info[0].value
    assert page.dataframe[0].value["Turns"].tolist() == [76]
    page = next(button for button in page.button if button.label == "Start my own project").click().run()
    assert not page.exception
    assert "empty" in page.info[0].value
    assert "Single-user mode" in html(page)
    assert not AnnotationStore.open().transcripts.list()


def test_a_turn_is_accepted_corrected_and_undone(store: AnnotationStore) -> None:
    page = app().run()
    page.switch_page(str(REVIEW.file)).run()
    assert not page.exception
    assert "words 0" in html(page)
    page.button(key="code_clarification").click().run()
    event = store.events.current("s01", "local")[0]
    assert "clarification" in (event.labels or {})["techniques"]
    assert page.button(key="code_clarification").label.startswith("✓")
    page.button(key="do_undo").click().run()
    assert store.events.current("s01", "local")[0].labels is None
    assert not page.exception


def test_search_and_codebook_show(store: AnnotationStore) -> None:
    page = app().run()
    page.switch_page(str(SEARCH.file)).run()
    page.text_input[0].set_value("words 3").run()
    assert page.dataframe[0].value["Turn"].tolist() == [4]
    page.switch_page(str(CODEBOOK.file)).run()
    assert not page.exception
    assert "s01: words" in html(page)
    assert store.transcripts.list()


def test_people_sign_in_once_the_store_has_users(store: AnnotationStore) -> None:
    store.users.add(LOCAL, "ana", "annotator", PASSWORD)
    page = app().run()
    assert not page.dataframe
    page.text_input[0].set_value("ana")
    page.text_input[1].set_value("wrong password")
    page.button[0].click().run()
    assert "wrong" in page.error[0].value
    page.text_input[1].set_value(PASSWORD)
    page.button[0].click().run()
    assert not page.exception
    assert page.dataframe[0].value["Session"].tolist() == ["s01"]
    assert "Signed in as ana (annotator)" in html(page)
    assert not page.subheader, "annotators import nothing"


def test_every_page_file_is_there() -> None:
    assert all(page.file.is_file() for page in PAGES)
