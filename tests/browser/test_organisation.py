"""Signing in through an organisation: a provider of OpenID Connect on this machine, the app, and a browser between."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import Role
from ipt_nlp.transcript import Transcript, Utterance
from ipt_nlp.ui.keys import label_keys

ADA, ANN, BEN = "ada@clinic.example", "ann@clinic.example", "ben@clinic.example"
STRANGER = "eve@elsewhere.example"
PASSWORD = "nobody signs in with it"  # noqa: S105
HERE = ("localhost", "127.0.0.1")
WAIT_MS = 60_000
KEYS = label_keys(Codebook.load("ipt"))


def asked(address: str, method: str, **body: object) -> dict[str, Any]:
    """What the provider answers."""
    headers = {"Content-Type": "application/json"}
    request = Request(address, json.dumps(body).encode(), headers, method=method)  # noqa: S310  # our own address
    with urlopen(request, timeout=30) as answer:  # noqa: S310
        return dict(json.loads(answer.read() or b"{}"))


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A provider that knows only the clients that have registered, and believes whatever address is typed."""
    from oidc_provider_mock import run_server_in_thread

    with pytest.MonkeyPatch.context() as patch, run_server_in_thread(require_client_registration=True) as server:
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def url(home: Path, provider: str) -> Iterator[str]:
    """The app, set up as the README says."""
    from browsing import free_port, served

    port = free_port()
    redirect = f"http://localhost:{port}/oauth2callback"
    client = asked(f"{provider}/oauth2/clients", "POST", redirect_uris=[redirect])
    secrets = {
        "redirect_uri": redirect,
        "cookie_secret": token_urlsafe(),
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "server_metadata_url": f"{provider}/.well-known/openid-configuration",
    }
    (home / ".streamlit").mkdir()
    lines = [f"{name} = {json.dumps(value)}" for name, value in secrets.items()]
    (home / ".streamlit" / "secrets.toml").write_text("\n".join(["[auth]", *lines]), "utf-8")
    with served(home, port) as address:
        yield address.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def browser(url: str) -> Iterator[Any]:
    from browsing import chromium

    assert url
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page in a browser of its own, which reaches nothing but this machine."""
    elsewhere: set[str] = set()

    def kept_here(route: Any) -> None:
        host = str(urlsplit(route.request.url).hostname)
        if host in HERE:
            route.continue_()
        else:
            elsewhere.add(host)
            route.abort()

    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.route("**/*", kept_here)
    opened = context.new_page()
    opened.set_default_timeout(WAIT_MS)
    yield opened
    context.close()
    # The provider's form would like a style sheet.
    assert elsewhere <= {"cdn.jsdelivr.net"}


def store_of(home: Path) -> AnnotationStore:
    return AnnotationStore.open(home / "store.db")


def added(home: Path, name: str, role: Role) -> None:
    store = store_of(home)
    store.users.add(LOCAL, name, role, PASSWORD)
    store.close()


def signs_in(page: Any, address: str) -> None:
    """From the app to the provider, who is told an address, and back."""
    page.get_by_role("button", name="Sign in with your organisation").click()
    page.get_by_placeholder("sub").fill(address)
    page.get_by_role("button", name="Authorize").click()


def signs_out(page: Any) -> None:
    """From the app to the provider, who is asked to end the session too, and back."""
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()
    page.get_by_role("button", name="Sign in with your organisation").wait_for()


def pages_of(page: Any) -> list[str]:
    from browsing import settled

    settled(page)
    return [str(name).strip() for name in page.get_by_test_id("stTopNavLink").all_inner_texts()]


def test_a_store_without_an_admin_says_how_to_make_one(page: Any, url: str, home: Path) -> None:
    page.goto(url)
    page.get_by_role("button", name="Start my own project").click()
    page.get_by_text("this store has no users yet").wait_for()
    command = page.get_by_test_id("stCode").inner_text().strip()
    assert "you@example.org" in command
    words = shlex.split(command.replace("you@example.org", ADA))
    environment = {**os.environ, "IPT_NLP_STORE": str(home / "store.db")}
    subprocess.run([sys.executable, *words[1:]], check=True, env=environment)
    page.reload()
    signs_in(page, ADA)
    page.get_by_text(f"Signed in as {ADA} (admin)").wait_for()
    assert "Admin" in pages_of(page)


def test_who_opens_another_address_of_the_app_is_led_to_the_one_that_the_provider_knows(page: Any, url: str) -> None:
    page.goto(url.replace("localhost", "127.0.0.1"))
    with page.context.expect_page() as led:
        page.get_by_role("link", name="Go there to sign in").click()
    signs_in(led.value, ADA)
    led.value.get_by_text(f"Signed in as {ADA} (admin)").wait_for()


def test_an_admin_adds_somebody_by_their_address_alone(page: Any, url: str) -> None:
    page.goto(url)
    signs_in(page, ADA)
    page.get_by_role("link", name="Admin").click()
    page.get_by_role("textbox", name="E-mail address").fill(ANN)
    assert not page.locator("input[type=password]").count()
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text(f"{ANN} is added as annotator").wait_for()


def test_an_address_that_the_provider_has_not_verified_is_refused(page: Any, url: str, provider: str) -> None:
    asked(f"{provider}/users/mallory", "PUT", email=ADA, email_verified=False)
    page.goto(url)
    signs_in(page, "mallory")
    page.get_by_text(f"has not verified {ADA}").wait_for()


def test_a_stranger_is_told_so_and_can_sign_out(page: Any, url: str) -> None:
    page.goto(url)
    signs_in(page, STRANGER)
    page.get_by_text(f"{STRANGER} is no user of this store").wait_for()
    assert not page.get_by_test_id("stTopNavLink").count()
    signs_out(page)


def test_an_annotator_codes_and_stays_signed_in_over_a_refresh(page: Any, url: str, home: Path) -> None:
    from browsing import settled

    turns = tuple(Utterance(n, ("therapist", "client")[n % 2], f"words {n}") for n in range(4))
    store = store_of(home)
    store.transcripts.add(LOCAL, Transcript("talk", turns))
    page.goto(url)
    signs_in(page, ANN.upper())
    page.get_by_text(f"Signed in as {ANN} (annotator)").wait_for()
    assert pages_of(page) == ["Sessions", "Review", "Search", "Codebook"]
    page.goto(f"{url}/review?session=talk&assisted=false")
    page.wait_for_selector(".ipt-progress:has-text('turn 1: not saved')")
    settled(page)
    page.keyboard.press(KEYS["exploration"].lower())
    page.wait_for_selector(".ipt-progress:has-text('turn 1: saved')")
    page.reload()
    page.get_by_text(f"Signed in as {ANN} (annotator)").wait_for()
    assert page.url.startswith(f"{url}/review?")
    events = store.events.of_coder("talk", ANN)
    assert [(e.utterance_id, e.action, e.coder) for e in events] == [(0, "change", ANN)]
    store.close()


def test_another_person_signs_in_after_signing_out(page: Any, url: str, home: Path) -> None:
    added(home, BEN, "researcher")
    page.goto(f"{url}/review?session=talk")
    signs_in(page, ANN)
    page.get_by_text(f"Signed in as {ANN}").wait_for()
    signs_out(page)
    page.reload()
    signs_in(page, BEN)
    page.get_by_text(f"Signed in as {BEN} (researcher)").wait_for()
    assert "Agreement" in pages_of(page)
    assert ANN not in page.inner_text("body")


def test_whoever_is_disabled_is_out_at_once(page: Any, url: str, home: Path) -> None:
    page.goto(url)
    signs_in(page, BEN)
    page.get_by_text(f"Signed in as {BEN}").wait_for()
    store = store_of(home)
    store.users.disable(LOCAL, BEN)
    store.close()
    page.get_by_role("link", name="Search").click()
    page.get_by_text(f"{BEN} has been disabled in this store").wait_for()
    page.reload()
    page.get_by_text(f"{BEN} has been disabled in this store").wait_for()
    signs_out(page)
