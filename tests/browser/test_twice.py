"""Two coders on the queue of turns that are coded twice, at the same time, and the figures of it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import ipt_nlp
from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.transcript import Transcript, Utterance
from ipt_nlp.ui.keys import label_keys
from ipt_nlp.ui.state.queues import QUEUES

PASSWORD = "correct horse battery"  # noqa: S105
PEOPLE = {"ada": "admin", "ann": "annotator", "ben": "annotator", "rae": "researcher"}
KEYS = label_keys(Codebook.load("ipt"))
SAID = {"ann": ("grief", "grief", "grief"), "ben": ("grief", "role_dispute", "grief")}


@pytest.fixture(scope="module")
def store(home: Path, tiny_model: Path) -> Iterator[AnnotationStore]:
    opened = AnnotationStore.open(home / "store.db")
    for name, role in PEOPLE.items():
        opened.users.add(LOCAL, name, role, PASSWORD)  # type: ignore[arg-type]
    nlp = ipt_nlp.load(tiny_model)
    for session in ("one", "two"):
        turns = (Utterance(n, ("therapist", "client")[n % 2], f"{session}: said {n}") for n in range(12))
        spoken = Transcript(session, tuple(turns))
        opened.transcripts.add(LOCAL, spoken)
        _, made = next(ipt_nlp.annotate(nlp, [spoken]))
        opened.predictions.save(LOCAL, made[0].model, made)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def browser(store: AnnotationStore, url: str) -> Iterator[Any]:
    from browsing import chromium

    assert store.users.list()
    assert url
    with chromium() as opened:
        yield opened


def in_focus(page: Any) -> str:
    """The words of the turn in focus, which no other turn has."""
    return str(page.locator(".ipt-turn.focus").inner_text())


def sees_nothing_of_others(page: Any, name: str) -> None:
    assert page.locator(".ipt-list li").count() == 0
    assert not [text for text in page.locator(".stButton button").all_inner_texts() if "✓" in text]
    assert not set(re.findall(r"\w+", page.inner_text("body"))) & (set(PEOPLE) - {name})


def test_two_code_the_same_turns_at_once_and_agreement_counts_them(
    browser: Any, url: str, store: AnnotationStore
) -> None:
    from browsing import press, settled, signed_in

    address = f"{url}/review?queue={quote(QUEUES['twice'].title)}"
    pages = {name: signed_in(browser, address, name, PASSWORD) for name in SAID}
    for page in pages.values():
        page.get_by_text(QUEUES["twice"].about).wait_for()
        page.wait_for_function("document.activeElement === document.body")
    for step in range(3):
        assert len({in_focus(page) for page in pages.values()}) == 1
        for name, page in pages.items():
            settled(page)
            sees_nothing_of_others(page, name)
            page.keyboard.press(KEYS[SAID[name][step]].lower())
        for page in pages.values():
            page.locator(".stButton button:has-text('✓')").wait_for()
        for page in pages.values():
            page.wait_for_timeout(300)
            press(page, "Enter")
    for page in pages.values():
        page.context.close()
    coded = {name: store.search.coded_by(name) for name in SAID}
    assert coded["ann"] == coded["ben"]
    assert len(coded["ann"]) == 3
    page = signed_in(browser, url, "rae", PASSWORD)
    page.get_by_role("link", name="Agreement").click()
    page.get_by_text("1 turn differs on any code, 1 to decide").wait_for()
    assert page.get_by_text("suggestion in view and are left out").count() == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all as CSV").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        figures = {row["label"]: row for row in csv.DictReader(file)}
    assert {(row["sides"], row["n"]) for row in (figures["grief"], figures["role_dispute"])} == {("ann × ben", "3")}
    page.context.close()
