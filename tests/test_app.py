"""The app's pages as Streamlit runs them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
import streamlit as st
from packaging.requirements import Requirement
from streamlit.testing.v1 import AppTest

from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.ui import CODEBOOK, PAGES, REVIEW, SEARCH
from ipt_nlp.ui.state.people import FIRST_ADMIN, OLDEST_AUTHLIB, no_authlib
from ipt_nlp.ui.views.staying import TICKET, tickets
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
    assert "s01: words" not in html(page)
    page.toggle(key="model_codes").set_value(True).run()
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


def test_whoever_signs_out_leaves_nothing_behind(store: AnnotationStore) -> None:
    store.users.add(LOCAL, "ana", "annotator", PASSWORD)
    page = app().run()
    page.text_input[0].set_value("ana")
    page.text_input[1].set_value(PASSWORD)
    page.button[0].click().run()
    page.switch_page(str(REVIEW.file)).run()
    page.button(key="code_clarification").click().run()
    page.button(key="sign_out").click().run()
    assert not page.exception
    assert [t.label for t in page.text_input] == ["Name", "Password"]
    assert "Signed in" not in html(page)
    assert not [key for key in ("cursor", "known", "glimpsed") if key in page.session_state]
    assert page.session_state[TICKET] == ""


def test_guessing_is_slowed_and_a_refresh_does_not_help(store: AnnotationStore) -> None:
    store.users.add(LOCAL, "ana", "annotator", PASSWORD)
    said = []
    for name in ("ana", "nobody"):
        for _ in range(5):
            page = app().run()
            page.text_input[0].set_value(name)
            page.text_input[1].set_value("wrong password")
            page.button[0].click().run()
        page = app().run()
        page.text_input[0].set_value(name)
        page.text_input[1].set_value(PASSWORD)
        page.button[0].click().run()
        said.append(re.sub(r"\d+", "N", page.error[0].value))
        assert not page.dataframe
    assert said == ["Too many wrong passwords for this name. Try again in N seconds."] * 2


def test_an_identity_provider_without_its_package_is_said(store: AnnotationStore) -> None:
    store.users.add(LOCAL, "ana", "annotator", PASSWORD)
    page = app()
    page.secrets["auth"] = {"redirect_uri": "http://localhost:8501/oauth2callback", "cookie_secret": "s" * 32}
    page.user = {"is_logged_in": False}
    page.run()
    assert not page.exception
    if no_authlib():
        assert "pip install 'ipt-nlp[oidc]'" in page.error[0].value.replace("\\", "")
    else:
        assert page.button[0].label == "Sign in with your organisation"


def test_an_identity_provider_before_the_first_admin_says_how_to_make_one(store: AnnotationStore) -> None:
    page = app()
    page.secrets["auth"] = {"redirect_uri": "http://localhost:8501/oauth2callback", "cookie_secret": "s" * 32}
    page.user = {"is_logged_in": False}
    page.run()
    assert not page.exception
    assert "has no users yet" in page.error[0].value
    assert page.code[0].value == FIRST_ADMIN
    subprocess.run(shlex.split(FIRST_ADMIN.replace("python", sys.executable, 1)), check=True)
    assert store.users.list()[0].role == "admin"
    page.run()
    assert not page.code


def test_the_example_gives_no_right_over_ones_own_codebook(store: AnnotationStore) -> None:
    store.users.add(LOCAL, "ann", "annotator", PASSWORD)
    store.users.add(LOCAL, "sue", "supervisor", PASSWORD)
    for name, may in (("ann", False), ("sue", True)):
        page = AppTest.from_file(str(CODEBOOK.file), default_timeout=300)
        page.session_state[TICKET], page.session_state["example"] = tickets().issue(store, name), True
        page.run()
        assert not page.exception
        assert ("Add a code" in [tab.label for tab in page.tabs]) is may


def test_a_code_is_added_on_the_page(store: AnnotationStore) -> None:
    page = app().run()
    page.switch_page(str(CODEBOOK.file)).run()
    next(t for t in page.text_input if t.label == "Title").set_value("Says more")
    next(t for t in page.text_area if t.label == "Definition").set_value("Asks for more.")
    next(t for t in page.text_area if t.label.startswith("Cue phrases")).set_value("and more")
    next(b for b in page.button if b.label == "Add the code").click().run()
    assert not page.exception
    assert "Says more is added" in page.success[0].value.replace("\\", "")
    assert "Says more" in page.selectbox[0].options
    assert ("says_more", 14, 22) in store.predictions.newest("s01")[0].cues


def test_the_extra_asks_for_what_streamlit_asks_for() -> None:
    wanted = [Requirement(line) for line in requires("streamlit") or () if 'extra == "auth"' in line]
    theirs = {r.name.casefold(): str(r.specifier) for r in wanted}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert {r.name: str(r.specifier) for r in map(Requirement, extras["oidc"])} == theirs
    assert theirs["authlib"] == ">=" + ".".join(map(str, OLDEST_AUTHLIB))


def test_every_page_file_is_there() -> None:
    assert all(page.file.is_file() for page in PAGES)
