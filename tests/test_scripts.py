from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECK = [sys.executable, str(ROOT / "scripts" / "check_corpus.py"), "--annotations"]


def test_the_shipped_corpus_holds_no_near_duplicates() -> None:
    done = subprocess.run([*CHECK, str(ROOT / "annotations")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "simulated-a20" in done.stdout


def test_a_copied_case_is_found(tmp_path: Path) -> None:
    rows = []
    for name in ("one", "two"):
        for number in range(12):
            text = " ".join(f"word{number}x{n}" for n in range(14))
            row = {
                "transcript_id": name,
                "utterance_id": number,
                "speaker": "client",
                "text": text,
                "source": "simulated",
            }
            rows.append(json.dumps(row | {"labels": {"themes": []}, "coder": "ai-A", "group": name}) + "\n")
    (tmp_path / "c.jsonl").write_text("".join(rows), "utf-8")
    done = subprocess.run([*CHECK, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "one and two share 100%" in done.stdout
