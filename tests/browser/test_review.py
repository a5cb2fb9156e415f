"""What only a browser shows: keys, refreshes, and text that would like to be more than text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ipt_nlp.codebook import Codebook
from ipt_nlp.store import AnnotationStore
from ipt_nlp.ui.keys import label_keys

KEYS = label_keys(Codebook.load("ipt"))
HOSTILE = [
    "<script>document.title = 'owned'</script> said plainly",
    "<img src=x onerror=\"document.title='owned'\"> and </div></div><h1>big</h1>",
    "**not bold** [a link](javascript:alert(1)) # no heading :red[no colour] $x^2$",
    "red \x1b[31m alert \x07 bell",
    "שלום, this runs both ways \u202e reversed",
    "word " * 2000,
]


def lines(texts: list[str], name: str) -> bytes:
    roles = ("therapist", "client")
    turns = [
        {"transcript_id": name, "utterance_id": n, "speaker": roles[n % 2], "text": text}
        for n, text in enumerate(texts)
    ]
    return "\n".join(map(json.dumps, turns)).encode()


@pytest.fixture(scope="module")
def page(url: str) -> Iterator[Any]:
    from browsing import chromium, opened

    with chromium() as browser:
        yield opened(browser, url)


def saved(home: Path, name: str) -> list[tuple[Any, str]]:
    store = AnnotationStore.open(home / "store.db")
    return [(event.utterance_id, event.action) for event in store.events.of_coder(name, "local")]


def bring_in(page: Any, name: str, data: bytes) -> None:
    page.locator("input[type=file]").set_input_files([{"name": name, "mimeType": "text/plain", "buffer": data}])
    page.get_by_role("button", name="Import 1 session").click()
    page.get_by_text("imported and tagged").wait_for()


def test_a_file_is_imported(page: Any, home: Path) -> None:
    page.get_by_role("button", name="Start my own project").click()
    bring_in(page, "talk.jsonl", lines([f"Turn {n}: and what did Nell say?" for n in range(40)], "talk"))
    stored = AnnotationStore.open(home / "store.db").transcripts.get("talk")
    assert len(stored.utterances) == 40


def test_twenty_turns_by_keyboard_with_an_undo_and_a_refresh(page: Any, home: Path, url: str) -> None:
    from browsing import press, settled, turn_shown

    page.goto(f"{url}/review?session=talk")
    settled(page)
    for number in range(10):
        if number == 3:
            settled(page)
            page.keyboard.press("z")
            page.wait_for_selector(".ipt-progress:has-text('turn 4: saved')")
        page.wait_for_timeout(300)
        press(page, "Enter")
    assert len({turn for turn, _ in saved(home, "talk")}) == 10
    page.reload()
    settled(page)
    assert turn_shown(page).split()[1] == "11"
    for _ in range(10):
        page.wait_for_timeout(300)
        press(page, "Enter")
    before = len(saved(home, "talk"))
    press(page, "u")
    assert turn_shown(page).split()[1] == "20"
    page.wait_for_selector(".ipt-notice:has-text('Undone')")
    events = saved(home, "talk")
    assert (len(events), events[-1]) == (before + 1, (19, "undo"))
    assert len({turn for turn, _ in events}) == 20


def test_a_note_can_be_typed_without_its_letters_being_keys(page: Any, home: Path) -> None:
    from browsing import settled

    settled(page)
    page.keyboard.press("n")
    page.get_by_role("dialog").get_by_role("textbox").fill("far: U, S and 3 are no keys here")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Note: far: U, S and 3").wait_for()
    assert [action for _, action in saved(home, "talk")][-1] == "note"


def test_hostile_text_shows_as_text(page: Any, url: str) -> None:
    from browsing import press, settled

    page.goto(url)
    settled(page)
    bring_in(page, "hostile.jsonl", lines(HOSTILE, "hostile"))
    page.goto(f"{url}/review?session=hostile")
    settled(page)
    for number, text in enumerate(HOSTILE):
        page.wait_for_selector(f".ipt-turn.focus .ipt-who:has-text('{number + 1}')")
        shown = page.inner_text(".ipt-turn.focus .words")
        expected = text.replace("\x1b", "␛").replace("\x07", "␇").replace("\u202e", "\ufffd")
        assert shown.split() == expected.split()
        if number + 1 < len(HOSTILE):
            press(page, "ArrowRight")
    assert page.title() != "owned"
    assert page.locator(".ipt h1, .ipt script, .ipt img, .ipt a").count() == 0


def test_whoever_types_fast_loses_no_key(page: Any, home: Path, url: str) -> None:
    from browsing import settled

    page.goto(url)
    settled(page)
    bring_in(page, "fast.jsonl", lines([f"Turn {n}: and what did Nell say?" for n in range(12)], "fast"))
    page.goto(f"{url}/review?session=fast&assisted=false")
    settled(page)
    turns = [("exploration", "clarification"), ("role_dispute", "grief"), ("exploration", "advice")]
    for one, other in turns:
        for label in (one, other, one):
            page.keyboard.press(KEYS[label].lower())
        page.keyboard.press("Enter")
    page.wait_for_selector(".ipt-progress:has-text('turn 4: not saved')")
    store = AnnotationStore.open(home / "store.db")
    said = [
        (e.utterance_id, e.action, {x for given in (e.labels or {}).values() for x in given})
        for e in store.events.of_coder("fast", "local")
    ]
    assert said == [
        (turn, action, labels)
        for turn, (one, other) in enumerate(turns)
        for action, labels in (
            ("change", {one}), ("change", {one, other}), ("change", {other}), ("accept", {other}),
        )
    ]  # fmt: skip


def test_enter_held_down_or_pressed_twice_codes_nothing_unseen(page: Any, home: Path) -> None:
    from browsing import settled

    settled(page)
    before = saved(home, "fast")
    page.keyboard.press(KEYS["grief"].lower())
    page.keyboard.down("Enter")
    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    page.keyboard.press("Enter")
    page.wait_for_selector(".ipt-notice:has-text('before this turn could be seen')")
    assert saved(home, "fast") == [*before, (3, "change"), (3, "accept")]


def test_fast_clicks_count_like_keys(page: Any, home: Path) -> None:
    from browsing import settled

    settled(page)
    before = saved(home, "fast")
    page.wait_for_selector(".ipt-progress:has-text('turn 5: not saved')")
    page.evaluate("""() => {
      for (const name of ['code_exploration', 'code_advice', 'do_flag'])
        document.querySelector(`.st-key-${name} button`).click();
    }""")
    page.wait_for_selector(".ipt-flag")
    assert saved(home, "fast") == [*before, (4, "change"), (4, "change"), (4, "flag")]


def test_no_turn_is_in_the_log(home: Path) -> None:
    log = (home / "app.log").read_text("utf-8")
    assert "Local URL" in log or "URL:" in log
    assert not [text for text in (*HOSTILE, "what did Nell say") if text.strip() in log]
