"""The app's pages as Streamlit runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import ipt_nlp
from ipt_nlp.errors import InputError
from ipt_nlp.ui.sessions import tag_example, tag_upload

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    st.cache_resource.clear()
    st.cache_data.clear()


def test_the_app_opens_on_the_example_session() -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    assert not page.exception
    assert "example session" in page.caption[0].value


def test_an_upload_is_tagged_and_leaves_nothing(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    nlp = ipt_nlp.load(tiny_model)
    data = b"Ines: And what happened then?\nRosa: I went home and nobody rang me at all.\n" * 12
    found = tag_upload(nlp, "../s01.txt", data)
    assert len(found.sessions[0][0].utterances) == 24
    assert found.notices[0].startswith("s01.txt: took 'Ines' as therapist")
    assert "nobody rang me" in found.page()
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError):
        tag_upload(nlp, "s01.txt", b"")


def test_the_example_has_a_page(tiny_model: Path) -> None:
    assert tag_example(ipt_nlp.load(tiny_model)).page().count('<li class="turn') == 76
