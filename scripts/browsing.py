"""The app in a process of its own, and a browser that looks at it: for screenshots, the benchmark and the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = shutil.which("chromium")
START_S = 300.0
# The first page may wait for the model to load and the example to be tagged, on a machine that has other work.
READY_MS = 300_000
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def served(home: Path, port: int | None = None) -> Iterator[str]:
    """The URL of an app that is started from ``home``, where its store, codebooks and secrets are."""
    port = port or free_port()
    code = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    own = {"PYTHONPATH": code, "HOME": str(home), "IPT_NLP_HOME": str(home), "IPT_NLP_STORE": str(home / "store.db")}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"]
    with (home / "app.log").open("w") as log:
        process = subprocess.Popen(command, cwd=home, env={**os.environ, **own}, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/_stcore/health")
            yield url
        finally:
            process.terminate()
            process.wait(30)


def _wait(url: str) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            with urlopen(url, timeout=5):  # noqa: S310  # our own address
                return
        except (URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def opened(browser: Browser, url: str, *, scheme: Literal["light", "dark"] = "light", height: int = 800) -> Page:
    """A page of the app, 1280 px wide, once it has been drawn to its end."""
    page = browser.new_page(viewport={"width": 1280, "height": height}, color_scheme=scheme)
    page.set_default_timeout(READY_MS)
    page.goto(url)
    settled(page)
    return page


def signed_in(
    browser: Browser, url: str, name: str, password: str, *, scheme: Literal["light", "dark"] = "light"
) -> Page:
    """The first page as ``name`` sees it, in a browser of their own that shares nothing with the others."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme).new_page()
    page.set_default_timeout(READY_MS)
    page.goto(url)
    sign_in(page, name, password)
    settled(page)
    return page


def sign_in(page: Page, name: str, password: str) -> None:
    """Fill in the form that asks who is there."""
    page.get_by_role("textbox", name="Name").fill(name)
    page.locator("input[type=password]").fill(password)
    page.get_by_role("button", name="Sign in").click()


def settled(page: Page) -> None:
    """Wait until the page is drawn to its end and nothing runs: a key before that goes nowhere."""
    page.wait_for_selector(".ipt-foot", state="attached")
    page.wait_for_selector("[data-test-script-state=notRunning]", state="attached")
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
    # The script that takes the keys of a turn comes after the turn itself.
    page.wait_for_function("!document.querySelector('[data-screen]') || !!window.iptDesk?.send")


def turn_shown(page: Page) -> str:
    """Number and time of the turn in focus."""
    return page.inner_text(".ipt-turn.focus .ipt-who")


def press(page: Page, key: str) -> None:
    """Press ``key`` and wait until another turn is in focus."""
    settled(page)
    before = turn_shown(page)
    page.keyboard.press(key)
    page.wait_for_function("t => document.querySelector('.ipt-turn.focus .ipt-who')?.innerText !== t", arg=before)
