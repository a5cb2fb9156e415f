from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ipt_nlp.cli import run

TALK = "T: What did you say then?\nC: Nothing. I went home.\n"
COMMANDS = [["app"], ["annotate"], ["import"], ["agreement"], ["train"], ["evaluate"], ["retrain"]]
COMMANDS += [["codebook", "show"], ["codebook", "check"]]
COMMANDS += [["models", name] for name in ("list", "promote", "rollback")]
COMMANDS += [["store", name] for name in ("verify", "backup", "restore", "migrate")]


def shell(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "ipt_nlp.cli", *arguments], capture_output=True, text=True, encoding="utf-8", **options
    )


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_of_every_command_has_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Example" in shown
    assert f"ipt-nlp {' '.join(command)} " in " ".join(shown.split())


@pytest.mark.parametrize("arguments", [[], ["--help"], ["codebook"], ["store"]])
def test_the_root_shows_its_commands(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(arguments)
    captured = capsys.readouterr()
    assert "Commands:" in captured.out + captured.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == "0.1.0\n"


def test_records_go_to_a_pipe_and_the_summary_to_the_terminal(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "s01.txt"
    path.write_text(TALK, "utf-8")
    done = shell("annotate", str(path), "--model", str(tiny_model))
    assert done.returncode == 0
    assert [json.loads(line)["utterance_id"] for line in done.stdout.splitlines()] == [0, 1]
    assert "1 transcript, 2 turns" in done.stderr
    assert "Nothing. I went home" not in done.stderr


def test_json_prints_the_summary(tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "s01.txt", tmp_path / "o.csv"
    path.write_text(TALK, "utf-8")
    assert run(["annotate", str(path), "--model", str(tiny_model), "-o", str(out), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["turns"] == {"client": 1, "therapist": 1}
    assert summary["codebook"] == "ipt@1.1"


def test_json_without_an_output_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s01.txt"
    path.write_text(TALK, "utf-8")
    done = shell("annotate", str(path), "--json")
    assert done.returncode == 2
    assert "Pass -o FILE" in done.stderr


def test_one_bad_file_stops_the_run_before_anything_is_written(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TALK, "utf-8")
    (tmp_path / "b.txt").write_text("", "utf-8")
    out = tmp_path / "o.jsonl"
    assert run(["annotate", str(tmp_path), "--model", str(tiny_model), "-o", str(out)]) == 2
    assert not out.exists()


def test_an_interrupted_run_keeps_finished_transcripts(tiny_model: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "o.jsonl"
    folder.mkdir()
    for number in range(400):
        (folder / f"{number:03}.txt").write_text(TALK * 40, "utf-8")
    command = [sys.executable, "-m", "ipt_nlp.cli", "annotate", str(folder), "-o", str(out), "--model", str(tiny_model)]
    # Whoever runs the tests in the background may have them, and their children, ignore the signal.
    heard = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heard)
    deadline = time.monotonic() + 120
    while process.poll() is None and (not out.exists() or not out.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, message = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "interrupted" in message
    lines = out.read_text("utf-8").splitlines()
    assert lines
    assert len(lines) % 80 == 0
    assert all(json.loads(line) for line in lines)


def test_an_internal_error_quotes_nothing(tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s01.txt"
    path.write_text("T: zygomorphic\nC: Mm.\n", "utf-8")
    (tmp_path / "o.jsonl").mkdir()
    assert run(["annotate", str(path), "--model", str(tiny_model), "-o", str(tmp_path / "o.jsonl")]) == 2
    assert "zygomorphic" not in capsys.readouterr().err


def test_a_reader_that_closes_early_is_no_error(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "s01.txt"
    path.write_text(TALK * 3000, "utf-8")
    command = f'"{sys.executable}" -m ipt_nlp.cli annotate "{path}" --model "{tiny_model}" | head -1'
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True)
    assert done.returncode in (0, 1, 141)
    assert "Traceback" not in done.stderr


def test_help_and_import_load_neither_torch_nor_streamlit() -> None:
    heavy = ("torch", "streamlit", "spacy", "transformers", "pydantic")
    code = (
        "import sys, ipt_nlp; from ipt_nlp.cli import run; run(['--help']); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_nothing_is_looked_up_on_the_network(tmp_path: Path) -> None:
    path = tmp_path / "s01.txt"
    path.write_text(TALK, "utf-8")
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('network call')\n"
        "socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse\n"
        "from ipt_nlp.cli import run\n"
        f"sys.exit(run(['annotate', {str(path)!r}, '-o', {str(tmp_path / 'o.html')!r}]))"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def test_shards_share_the_transcripts_out(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.txt").write_text(TALK, "utf-8")
    found: list[str] = []
    for shard in ("1/2", "2/2"):
        out = tmp_path / f"{shard[0]}.jsonl"
        assert run(["annotate", str(folder), "-o", str(out), "--model", str(tiny_model), "--shard", shard]) == 0
        found += [json.loads(line)["transcript_id"] for line in out.read_text("utf-8").splitlines()[::2]]
    assert sorted(found) == ["0", "1", "2", "3", "4"]
    assert found[:3] == ["0", "2", "4"]
    assert run(["annotate", str(folder), "--model", str(tiny_model), "--shard", "3/2"]) == 2


def test_a_resumed_run_writes_what_a_whole_run_writes(tiny_model: Path, tmp_path: Path) -> None:
    folder, whole, again = tmp_path / "in", tmp_path / "whole.jsonl", tmp_path / "again.jsonl"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.txt").write_text(TALK, "utf-8")
    command = ["annotate", str(folder), "--model", str(tiny_model), "-o"]
    assert run([*command, str(whole)]) == 0
    lines = whole.read_text("utf-8").splitlines(keepends=True)
    elsewhere = lines[0].replace('"transcript_id": "0"', '"transcript_id": "elsewhere"')
    again.write_text(elsewhere + "".join(lines[:3]) + lines[3][:40], "utf-8")
    assert run([*command, str(again), "--resume"]) == 0
    assert again.read_text("utf-8") == elsewhere + whole.read_text("utf-8")
    assert run([*command, str(again), "--resume"]) == 0
    assert again.read_text("utf-8") == elsewhere + whole.read_text("utf-8")
    again.write_text("not ours\n" + "".join(lines), "utf-8")
    assert run([*command, str(again), "--resume"]) == 2
    assert again.read_text("utf-8").startswith("not ours")
    assert run([*command, str(tmp_path / "o.csv"), "--resume"]) == 2
