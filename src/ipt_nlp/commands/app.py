"""``ipt-nlp app``."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec

from ipt_nlp.errors import IptNlpError, StoreError
from ipt_nlp.models import PACKAGE
from ipt_nlp.store import AnnotationStore

# The same as .streamlit/config.toml, which an installed package does not have.
OPTIONS = (
    "--browser.gatherUsageStats=false",
    "--client.toolbarMode=minimal",
    "--server.address=127.0.0.1",
    "--server.fileWatcherType=none",
    "--server.headless=true",
    "--theme.light.primaryColor=#0b57d0",
    "--theme.dark.primaryColor=#2f6fdb",
)


def start(port: int) -> int:
    """Run the app until it is stopped; it listens on this machine alone.

    Raises:
        IptNlpError: Streamlit is not installed.
    """
    if find_spec("streamlit") is None:
        raise IptNlpError("the app needs Streamlit. Run: pip install 'ipt-nlp[app]'")
    with suppress(StoreError):  # where there is none yet, nothing waits; what else is wrong with it the app says itself
        go_on()
    entry = next(file for file in (PACKAGE.parents[1] / "app.py", PACKAGE / "app.py") if file.is_file())
    command = [sys.executable, "-m", "streamlit", "run", str(entry), f"--server.port={port}", *OPTIONS]
    return subprocess.run(command, check=False).returncode  # noqa: S603  # our own command, no input in it but a number


def go_on() -> None:
    """Start a worker for what was left unfinished when the app was closed, or the machine went down."""
    store = AnnotationStore.open(create=False)
    try:
        if any(job.state in ("queued", "running") for job in store.jobs.list()):
            from ipt_nlp.learning.worker import fail_dead

            fail_dead(store)
    finally:
        store.close()
