"""Pictures of every page, light and dark, 1280 px wide, into docs/screenshots.

Run: python scripts/screenshots.py
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Literal

from browsing import ROOT, chromium, opened, press, served, settled, signed_in
from coded_project import ADMIN, PASSWORD, fill
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page

OUT = ROOT / "docs" / "screenshots"
COLOURS = 128
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
IMPORT = "Therapist: How was it when Nell rang?\nClient: Nell's voice was, I don't know. Flat.\n" * 3


def save(page: Page, name: str, scheme: str) -> None:
    """A small PNG of what is on the screen."""
    settled(page)
    page.wait_for_timeout(1500)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(COLOURS).save(OUT / f"{name}-{scheme}.png", optimize=True)


def example(browser: Browser, url: str, scheme: Literal["light", "dark"]) -> None:
    """The pages with the example session."""
    page = opened(browser, url, scheme=scheme)
    save(page, "sessions", scheme)
    page.goto(f"{url}/review?turn=15")
    page.wait_for_selector(".ipt-turn.focus")
    save(page, "review", scheme)
    press(page, "ArrowRight")
    save(page, "review-client", scheme)
    for name in ("search", "codebook"):
        page.goto(f"{url}/{name}")
        settled(page)
        save(page, name, scheme)
    page.get_by_role("tab", name="Add a code").click()
    save(page, "codebook-add", scheme)


def importing(browser: Browser, url: str, scheme: Literal["light", "dark"]) -> None:
    """The import with its preview."""
    page = opened(browser, url, scheme=scheme)
    page.get_by_role("button", name="Start my own project").click()
    data = FilePayload(name="nell_session-04.txt", mimeType="text/plain", buffer=IMPORT.encode())
    page.locator("input[type=file]").set_input_files([data])
    page.get_by_role("textbox", name="Names").fill("Nell, Nelly")
    page.keyboard.press("Control+Enter")
    page.get_by_text("replacements in").wait_for()
    page.get_by_text("replacements in").scroll_into_view_if_needed()
    save(page, "import", scheme)


def together(browser: Browser, url: str, scheme: Literal["light", "dark"]) -> None:
    """The pages of a project with several coders."""
    page = signed_in(browser, url, ADMIN, PASSWORD, scheme=scheme)
    for name, sign in (
        ("Agreement", "The codes should be"),
        ("Retrain", "Retrain now"),
        ("Admin", "Add somebody"),
    ):
        page.get_by_role("link", name=name).click()
        page.get_by_text(sign).first.wait_for(timeout=120_000)
        save(page, name.lower(), scheme)
        if name == "Agreement":
            page.set_viewport_size({"width": 1280, "height": 1700})
            save(page, "adjudication", scheme)
            page.set_viewport_size({"width": 1280, "height": 900})
    page.get_by_role("tab", name="Audit trail").click()
    save(page, "audit", scheme)


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as url, chromium() as browser:
        for scheme in SCHEMES:
            example(browser, url, scheme)
            importing(browser, url, scheme)
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        with served(Path(folder)) as url, chromium() as browser:
            for scheme in SCHEMES:
                together(browser, url, scheme)


if __name__ == "__main__":
    main()
