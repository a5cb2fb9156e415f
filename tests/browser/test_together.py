"""Several people on one project: two code blind to each other, a third decides where they differ, and retrains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ipt_nlp
from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.transcript import Transcript, Utterance
from ipt_nlp.ui.keys import label_keys
from tests.coded_lines import line

PASSWORD = "correct horse battery"  # noqa: S105
PEOPLE = {"ada": "admin", "ann": "annotator", "ben": "annotator", "rae": "researcher"}
TURNS, CASES, ROUNDS = 8, 64, 12
ASKED, ANSWERED = "What did you say to her then?", "Nothing. I hung up on my sister."
DIFFER = (2, 5)
KEYS = label_keys(Codebook.load("ipt"))
WORK_MS = 300_000


def spoken() -> Transcript:
    turns = [Utterance(n, ("therapist", "client")[n % 2], (ASKED, ANSWERED)[n % 2] + " " * n) for n in range(TURNS)]
    return Transcript("talk", tuple(turns))


def base_lines() -> str:
    """A corpus of one's own in place of the shipped one: the eighth to measure on is too small for the gate to decide.

    It is large enough that the page is seen to follow the work.
    """
    rows = []
    for case in range(CASES):
        common = {"transcript_id": f"t{case}", "group": f"made-{case}"}
        asked = {"techniques": ["exploration"], "themes": []}
        told = {"themes": ["role_dispute" if case % 2 else "grief"]}
        for turn in range(0, 2 * ROUNDS, 2):
            rows.append(line(turn, speaker="therapist", text=ASKED, labels=asked, **common))
            rows.append(line(turn + 1, text=f"{ANSWERED} {case} times.", labels=told, **common))
    return "".join(rows)


def store_of(home: Path) -> AnnotationStore:
    return AnnotationStore.open(home / "store.db")


@pytest.fixture(scope="module")
def project(home: Path, tiny_model: Path) -> Path:
    """A project of four people with one session, tagged by the tiny model."""
    (home / "annotations").mkdir()
    (home / "annotations" / "made.jsonl").write_text(base_lines(), "utf-8")
    store = store_of(home)
    for name, role in PEOPLE.items():
        store.users.add(LOCAL, name, role, PASSWORD)  # type: ignore[arg-type]
    store.transcripts.add(LOCAL, spoken())
    _, made = next(ipt_nlp.annotate(ipt_nlp.load(tiny_model), [spoken()]))
    store.predictions.save(LOCAL, made[0].model, made)
    store.close()
    return home


@pytest.fixture(scope="module")
def browser(project: Path, url: str) -> Iterator[Any]:
    from browsing import chromium

    assert project.is_dir()
    assert url
    with chromium() as opened:
        yield opened


def labels_of(name: str) -> list[str]:
    """What a coder says turn by turn; the two differ on some."""
    said = [("exploration", "role_dispute")[turn % 2] for turn in range(TURNS)]
    for turn in DIFFER if name == "ben" else ():
        said[turn] = ("clarification", "grief")[turn % 2]
    return said


def code_blind(page: Any, name: str) -> Iterator[int]:
    """Code the session without suggestions, looking on each turn at what the page shows; yields after each turn."""
    from browsing import press, settled

    page.get_by_role("link", name="Review").click()
    page.get_by_text("Show suggestions").click()
    page.wait_for_url("**assisted=false*")
    # The switch that was clicked must not keep the keys.
    page.wait_for_function("document.activeElement === document.body")
    for turn, label in enumerate(labels_of(name)):
        page.wait_for_selector(f".ipt-progress:has-text('turn {turn + 1}: not saved')")
        settled(page)
        page.wait_for_selector(".ipt-note:has-text('without')")
        sees_nothing_of_others(page, name)
        page.keyboard.press(KEYS[label].lower())
        page.wait_for_selector(f".ipt-progress:has-text('turn {turn + 1}: saved')")
        if turn == 1:
            page.reload()
            settled(page)
            page.wait_for_selector(".ipt-progress:has-text('turn 3: not saved')")
            page.keyboard.press("ArrowLeft")
            page.wait_for_selector(".ipt-progress:has-text('turn 2: saved')")
            assert page.locator(".ipt-list li").count() == 0
        page.wait_for_timeout(300)
        if turn + 1 < TURNS:
            press(page, "Enter")
        else:
            settled(page)
            page.keyboard.press("Enter")
            page.wait_for_selector(".ipt-progress:has-text('Every turn of this session is coded')")
        yield turn


def sees_nothing_of_others(page: Any, name: str) -> None:
    assert page.locator(".ipt-list li").count() == 0
    assert not [text for text in page.locator(".stButton button").all_inner_texts() if "✓" in text]
    words = set(re.findall(r"\w+", page.inner_text("body")))
    assert not words & (set(PEOPLE) - {name})


def test_two_people_code_the_same_turns_without_seeing_each_other(browser: Any, url: str, project: Path) -> None:
    from browsing import settled, signed_in

    pages = {name: signed_in(browser, url, name, PASSWORD) for name in ("ann", "ben")}
    assert not [page for page in pages.values() if page.get_by_role("link", name="Agreement").count()]
    for ann, ben in zip(*(code_blind(page, name) for name, page in pages.items()), strict=True):
        assert ann == ben
    for name, page in pages.items():
        page.get_by_role("link", name="Search").click()
        page.wait_for_selector("text=Select one to open it")
        settled(page)
        sees_nothing_of_others(page, name)
        page.context.close()
    store = store_of(project)
    for name in ("ann", "ben"):
        events = store.events.current("talk", name)
        said = [[x for given in (events[turn].labels or {}).values() for x in given] for turn in range(TURNS)]
        assert said == [[label] for label in labels_of(name)]
        assert {event.mode for event in events.values()} == {"blind"}
    store.close()


def decide(page: Any, title: str) -> None:
    """Choose the coding that says ``title``, and why."""
    page.get_by_role("radiogroup").get_by_text(re.compile(rf"^Coding [AB]: {title}$")).click()
    page.get_by_role("radio", name="high").click()
    page.get_by_role("combobox", name=re.compile("Why do they differ")).click()
    page.get_by_role("option", name="Oversight").click()
    page.get_by_role("textbox", name="Note").fill("said once more")
    page.keyboard.press("Control+Enter")


def test_a_third_decides_where_they_differ(browser: Any, url: str, project: Path) -> None:
    from browsing import signed_in

    page = signed_in(browser, url, "rae", PASSWORD)
    page.get_by_role("link", name="Agreement").click()
    page.get_by_text("2 turns differ on any code, 2 to decide").wait_for()
    assert page.locator(".ipt-codings li").count() == 2
    codings = page.inner_text(".ipt-codings")
    assert not set(re.findall(r"\w+", codings)) & set(PEOPLE)
    decide(page, "Clarification")
    page.get_by_text("2 turns differ on any code, 1 to decide").wait_for()
    decide(page, "Role dispute")
    page.get_by_text("2 turns differ on any code, 0 to decide").wait_for()
    store = store_of(project)
    decided = {a.decision.utterance_id: a for a in store.adjudications.of("talk")}
    assert set(decided) == set(DIFFER)
    assert decided[2].decision.labels["techniques"] == ("clarification",)
    assert decided[5].decision.labels["themes"] == ("role_dispute",)
    assert {(a.adjudicator, a.decision.reason, a.decision.note) for a in decided.values()} == {
        ("rae", "oversight", "said once more")
    }
    store.close()
    page.context.close()


def champion(home: Path) -> str:
    store = store_of(home)
    found = store.models.champion()
    store.close()
    return found.ref.partition("@")[0] if found else "none"


def when_idle(page: Any, button: str) -> None:
    """Wait for the job in the background to end, then press."""
    page.get_by_text("Tagging unreviewed turns anew").wait_for(state="detached", timeout=WORK_MS)
    page.locator(f"button:has-text('{button}'):not([disabled])").click(timeout=WORK_MS)


def test_a_model_is_retrained_promoted_and_rolled_back_by_clicks(browser: Any, url: str, project: Path) -> None:
    from browsing import signed_in

    page = signed_in(browser, url, "rae", PASSWORD)
    page.get_by_role("link", name="Retrain").click()
    page.get_by_role("button", name="Retrain now").click()
    page.get_by_text("Retraining has started").wait_for()
    page.get_by_role("progressbar").wait_for()
    page.get_by_text(re.compile("Retraining: (training|calibrating|comparing)")).wait_for(timeout=WORK_MS)
    page.get_by_text("retrained-1@0.0.2, which was not promoted").wait_for(timeout=WORK_MS)
    page.get_by_text("What the gate says: keep the model before").wait_for()
    page.get_by_text("No set is large enough to decide on").wait_for()
    assert champion(project) == "default"
    when_idle(page, "Promote")
    page.get_by_role("button", name="Yes").click()
    page.get_by_text("is the model in use now").wait_for()
    assert champion(project) == "retrained-1"
    when_idle(page, "Roll back")
    page.get_by_role("button", name="Yes").click()
    page.get_by_text("The model before is in use again").wait_for()
    assert champion(project) == "default"
    store = store_of(project)
    assert store.verify() == []
    store.close()
    page.context.close()


def test_no_turn_is_in_the_log(home: Path) -> None:
    assert not [text for text in (ASKED, ANSWERED) if text in (home / "app.log").read_text("utf-8")]
