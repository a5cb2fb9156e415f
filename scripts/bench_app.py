"""How long the review page takes from a key press to the next turn, in a session of 1,000 turns.

Run: python scripts/bench_app.py; it writes benchmarks/app-DATE.json. Time is taken in the browser, from the key event
to the frame after the next turn has been drawn.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from browsing import ROOT, chromium, opened, served, settled
from playwright.sync_api import Page

from ipt_nlp.annotation import Prediction
from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.transcript import Transcript, Utterance
from ipt_nlp.ui.state.project import example_transcript

TURNS = 1000
MODEL = "bench@1.0.0+none"
# As fast as anybody reads: without a pause the next key would come before the turn can be seen.
PAUSE_S = 0.35
WATCH = """() => {
  const shown = () => document.querySelector('.ipt-turn.focus .ipt-who')?.innerText;
  const chosen = () => document.querySelectorAll('.st-key-codes [data-testid=stBaseButton-primary]').length;
  window.times = []; let pressed = null, turn = shown(), codes = chosen();
  addEventListener('keydown', e => { pressed = performance.now(); turn = shown(); codes = chosen(); }, true);
  new MutationObserver(() => {
    const what = shown() !== turn && shown() ? 'turn' : chosen() !== codes ? 'code' : null;
    if (pressed === null || !what) return;
    const from = pressed; pressed = null;
    requestAnimationFrame(() => requestAnimationFrame(() => window.times.push([what, performance.now() - from])));
  }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}"""


def fill(store: AnnotationStore) -> None:
    """A session of 1,000 turns, made of the example's, with a prediction on each."""
    said = example_transcript().utterances
    turns = tuple(
        Utterance(n, ("therapist", "client")[n % 2], f"{said[n % len(said)].text} ({n})") for n in range(TURNS)
    )
    store.transcripts.add(LOCAL, Transcript("bench", turns))
    scores = {label.name: 0.05 for label in Codebook.load("ipt").labels}
    made = [
        Prediction("bench", u.utterance_id, scores | {"exploration": 0.8}, {"techniques": ("exploration",)}, {}, (),
                   needs_review=False, model=MODEL, codebook="ipt@1")
        for u in turns
    ]  # fmt: skip
    store.predictions.save(LOCAL, MODEL, made)


def measured(page: Page, presses: int) -> list[tuple[str, float]]:
    """Kind and milliseconds of each press: a code every fifth time, else Enter."""
    page.evaluate(WATCH)
    for number in range(presses):
        time.sleep(PAUSE_S)
        page.keyboard.press("z" if number % 5 == 4 else "Enter")
        page.wait_for_function("n => window.times.length >= n", arg=number + 1)
    found: list[tuple[str, float]] = [(kind, ms) for kind, ms in page.evaluate("window.times")]
    return found


def figures(times: list[float]) -> dict[str, float | int]:
    p50, p95, p99 = np.percentile(times, [50, 95, 99])
    return {"n": len(times), "p50_ms": round(p50), "p95_ms": round(p95), "p99_ms": round(p99)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=200)
    presses = parser.parse_args().presses
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        fill(AnnotationStore.open(home / "store.db"))
        with served(home) as url, chromium() as browser:
            page = opened(browser, f"{url}/review")
            settled(page)
            before = os.getloadavg()
            times = measured(page, presses)
    result = {
        "what": "key press to drawn, review page, session of 1,000 turns",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_before": [round(x, 1) for x in before],
        "load_after": [round(x, 1) for x in os.getloadavg()],
        "next_turn": figures([ms for kind, ms in times if kind == "turn"]),
        "code_toggled": figures([ms for kind, ms in times if kind == "code"]),
    }
    path = ROOT / "benchmarks" / f"app-{datetime.now(UTC):%Y-%m-%d}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(path.read_text("utf-8"))


if __name__ == "__main__":
    main()
