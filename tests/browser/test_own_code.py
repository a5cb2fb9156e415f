"""A code of one's own, from its form to the file it is taken away in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.search import Query
from ipt_nlp.store.values import User

TITLE, NAME = "Replay cue", "replay_cue"
CODED = 4


@pytest.fixture(scope="module")
def page(url: str) -> Iterator[Any]:
    from browsing import chromium, opened

    with chromium() as browser:
        yield opened(browser, url)


@pytest.fixture(scope="module")
def example(home: Path, page: Any) -> Iterator[AnnotationStore]:  # noqa: ARG001  # the app fills it
    store = AnnotationStore.open(home / "example.db")
    yield store
    store.close()


def go(page: Any, name: str) -> None:
    from browsing import settled

    page.get_by_role("link", name=name).click()
    page.wait_for_url(f"**/{name.lower()}*")
    settled(page)


def choose(page: Any, label: str, option: str) -> None:
    """Choose in a list by typing, as its options are only there while it is open."""
    box = page.locator(".stSelectbox:visible").filter(has=page.get_by_text(label, exact=True))
    box.locator("input").click()
    page.keyboard.type(option)
    page.get_by_role("option", name=option, exact=True).wait_for()
    page.keyboard.press("Enter")


def test_a_new_code_tags_by_its_cue_phrases_at_once(page: Any, example: AnnotationStore) -> None:
    go(page, "Codebook")
    page.get_by_role("tab", name="Add a code").click()
    form = page.get_by_test_id("stForm").filter(has=page.get_by_role("button", name="Add the code"))
    form.get_by_role("textbox", name="Title").fill(TITLE)
    form.get_by_role("textbox", name="Definition").fill("Asks for the next line of an exchange.")
    form.get_by_role("textbox", name="Cue phrases").fill("and she said\nsay back")
    form.get_by_role("button", name="Add the code").click()
    page.get_by_text("2 turns have the code").wait_for()
    hits = example.search.find(User("local", "admin"), Query(label=NAME))
    assert [hit.position + 1 for hit in hits] == [23, 25]
    page.get_by_role("tab", name="One code").click()
    page.get_by_text("Show the model's codes").click()
    page.locator(".ipt-hits:has-text('found by a cue phrase')").wait_for()


def test_it_has_a_key_and_an_undo(page: Any, url: str, example: AnnotationStore) -> None:
    from browsing import press, settled

    page.goto(f"{url}/review?turn=23")
    button = page.locator(f".st-key-code_{NAME} button")
    button.locator(":text('✓')").wait_for()
    key = button.locator("kbd").inner_text().strip()
    for number in range(CODED):
        settled(page)
        page.wait_for_selector(f".st-key-code_{NAME} button:enabled")
        if number > 1:
            page.keyboard.press(key)
            button.locator(":text('✓')").wait_for()
        press(page, "Enter")
        press(page, "ArrowRight")
    assert [hit.position + 1 for hit in by_hand(example)] == [23, 25, 27, 29]
    settled(page)
    page.keyboard.press("u")
    page.wait_for_function("!document.querySelector('.ipt-turn.focus .ipt-who').innerText.includes('31')")
    settled(page)
    assert [hit.position + 1 for hit in by_hand(example)] == [23, 25, 27]


def by_hand(store: AnnotationStore) -> tuple[Any, ...]:
    return store.search.find(User("local", "admin"), Query(label=NAME, coder="local"))


def test_it_is_found_again_and_the_file_names_its_version(page: Any) -> None:
    go(page, "Search")
    choose(page, "Code", TITLE)
    choose(page, "Given by", "local")
    page.get_by_text("3 turns").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    with download.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["Turn"], row["Given by"], row["Codebook"]) for row in rows] == [
        (turn, "local", "own@1.2") for turn in ("23", "25", "27")
    ]


def test_the_version_it_came_with_is_told(page: Any) -> None:
    go(page, "Codebook")
    page.get_by_role("tab", name="Versions").click()
    page.locator(f".ipt-changes:has-text('Code added: {TITLE}')").wait_for()
