"""Whoever has signed in with a password stays so in their browser, and in no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.transcript import Transcript, Utterance
from ipt_nlp.ui.keys import label_keys

PASSWORD = "correct horse battery"  # noqa: S105
WAIT_MS = 60_000
KEYS = label_keys(Codebook.load("ipt"))


@pytest.fixture(scope="module")
def store(home: Path) -> Iterator[AnnotationStore]:
    opened = AnnotationStore.open(home / "store.db")
    opened.users.add(LOCAL, "ada", "admin", PASSWORD)
    for name in ("ann", "ben"):
        opened.users.add(LOCAL, name, "annotator", PASSWORD)
    for session in ("talk", "walk"):
        turns = [Utterance(n, ("therapist", "client")[n % 2], f"words {n} of a {session}") for n in range(6)]
        opened.transcripts.add(LOCAL, Transcript(session, tuple(turns)))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def browser(store: AnnotationStore, url: str) -> Iterator[Any]:
    from browsing import chromium

    assert store.users.list()
    assert url
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Any]:
    """Where ann is signed in."""
    from browsing import signed_in

    opened = signed_in(browser, url, "ann", PASSWORD)
    opened.set_default_timeout(WAIT_MS)
    signed_in_as(opened, "ann")
    yield opened
    opened.context.close()


def signed_in_as(page: Any, name: str) -> None:
    from browsing import settled

    settled(page)
    assert f"Signed in as {name} " in page.inner_text(".ipt-foot")


def asks_who_is_there(page: Any) -> None:
    page.locator("input[type=password]").wait_for()
    assert not page.locator(".ipt-foot").count()


def test_a_refresh_keeps_the_person_and_the_place(page: Any, url: str) -> None:
    from browsing import press, turn_shown

    page.goto(f"{url}/review?session=walk")
    signed_in_as(page, "ann")
    page.keyboard.press(KEYS["exploration"].lower())
    page.wait_for_selector(".ipt-progress:has-text('turn 1: saved')")
    page.wait_for_timeout(300)
    press(page, "Enter")
    assert turn_shown(page).split()[1] == "2"
    page.reload()
    signed_in_as(page, "ann")
    assert page.url.endswith("/review?session=walk")
    assert turn_shown(page).split()[1] == "2"


def test_a_second_tab_is_signed_in_and_signing_out_ends_both(page: Any, url: str) -> None:
    second = page.context.new_page()
    second.goto(f"{url}/search")
    signed_in_as(second, "ann")
    page.get_by_role("button", name="Sign out").click()
    asks_who_is_there(page)
    second.get_by_role("link", name="Codebook").click()
    asks_who_is_there(second)
    for tab in (page, second):
        tab.reload()
        asks_who_is_there(tab)


def test_after_signing_out_another_person_signs_in_and_stays(page: Any) -> None:
    from browsing import sign_in

    page.get_by_role("button", name="Sign out").click()
    asks_who_is_there(page)
    sign_in(page, "ben", PASSWORD)
    signed_in_as(page, "ben")
    page.reload()
    signed_in_as(page, "ben")


def test_two_browsers_are_two_people(page: Any, browser: Any, url: str) -> None:
    from browsing import signed_in

    stranger = browser.new_context().new_page()
    stranger.goto(url)
    asks_who_is_there(stranger)
    other = signed_in(browser, url, "ben", PASSWORD)
    for _ in range(2):
        signed_in_as(page, "ann")
        signed_in_as(other, "ben")
        page.reload()
        other.reload()
    stranger.context.close()
    other.context.close()


def test_no_other_site_makes_the_browser_send_the_ticket(page: Any) -> None:
    [kept] = [cookie for cookie in page.context.cookies() if cookie["name"].startswith("ipt_nlp_")]
    assert (kept["sameSite"], kept["path"], kept["expires"]) == ("Strict", "/", -1)


@pytest.mark.parametrize("how", ["a new password", "disabled"])
def test_whoever_is_to_be_kept_out_is_out_in_every_tab(page: Any, url: str, store: AnnotationStore, how: str) -> None:
    second = page.context.new_page()
    second.goto(url)
    signed_in_as(second, "ann")
    if how == "disabled":
        store.users.disable(LOCAL, "ann")
    else:
        store.users.change_password(LOCAL, "ann", PASSWORD)
    page.get_by_role("link", name="Search").click()
    asks_who_is_there(page)
    second.reload()
    asks_who_is_there(second)
