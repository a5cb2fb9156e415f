"""Each kind of bad input: one line that names file, line and remedy, the right exit code, and no word of the client."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ipt_nlp.cli import run

from .conftest import set_config

SECRET = "zygomorphic"  # noqa: S105  # stands in every transcript below; must stand in no message


@dataclass(frozen=True)
class Bad:
    name: str
    data: bytes
    says: str
    remedy: str
    line: int | None = None


def _text(text: str) -> bytes:
    return text.encode("utf-8")


BAD_FILES = {
    "empty": Bad("a.txt", b"", "is empty", "Pass a transcript"),
    "blank": Bad("a.txt", b"\xef\xbb\xbf \n \n", "is empty", "Pass a transcript"),
    "binary": Bad("a.txt", b"T: hi\nC: \x00\x01\x02\x80" * 9, "binary", "Pass one of", 2),
    "packed": Bad("a.docx", b"PK\x03\x04" + b"\x00" * 30, "cannot be read yet", "Save it as"),
    "recording": Bad("a.mp3", b"ID3", "is a recording", "Transcribe it first"),
    "no speakers": Bad(
        "a.txt", _text(f"we talked\n{SECRET} and so on\n"), "no line begins with a speaker", "--speaker ALL=other", 1
    ),
    "three speakers": Bad(
        "a.txt",
        _text(f"Ana: {SECRET}\nBen: yes\nCid: no\nAna: why?\nBen: so\nCid: mm\n"),
        "'Ana', 'Ben', 'Cid'",
        "--speaker Ana=",
        1,
    ),
    "two speakers alike": Bad(
        "a.txt", _text(f"Ana: {SECRET}\nBen: {SECRET}\n" * 12), "'Ana', 'Ben'", "--speaker Ana=", 1
    ),
    "unknown encoding": Bad("a.txt", b"T: hello\nC: \x81\x8d\x9d\n", "encoding that cannot be told", "UTF-8", 2),
    "damaged UTF-16": Bad("a.txt", b"\xff\xfeT\x00:\x00\x00", "damaged UTF-16", "UTF-8"),
    "5 MB turn": Bad("a.txt", _text("C: yes\nT: " + f"{SECRET} " * 420_000), "characters", "its own line", 2),
    "5 MB cell": Bad("a.csv", _text("speaker,text\nT," + SECRET * 480_000 + "\n"), "no valid table row", "CSV", 2),
    "missing columns": Bad("a.csv", _text(f"name,notes\nT,{SECRET}\n"), "no text column", "--column text=", 1),
    "missing speaker column": Bad("a.csv", _text(f"n,text\n1,{SECRET}\n"), "no speaker column", "--column speaker=", 1),
    "short row": Bad("a.csv", _text(f"speaker,text\nT,{SECRET}\nC\n"), "has 1 columns", "Quote", 3),
    "no first speaker": Bad("a.csv", _text(f"speaker,text\n,{SECRET}\nT,hi\n"), "names no speaker", "Fill in", 2),
    "time that is none": Bad("a.csv", _text(f"speaker,text,start\nT,{SECRET},noon\n"), "is no time", "hh:mm:ss", 2),
    "open quote": Bad("a.csv", _text(f'speaker,text\nT,"{SECRET}\n'), "no valid table row", "CSV", 2),
    "ids restart": Bad(
        "a.csv",
        _text(f"speaker,text,id\nT,{SECRET},0\nC,b,1\nT,c,0\n"),
        "is there twice",
        "--column transcript=",
        4,
    ),
    "malformed VTT": Bad("a.vtt", _text(f"WEBVTT\n\n00:xx --> 00:02\n{SECRET}\n"), "malformed", "00:00:01.000", 3),
    "VTT without times": Bad("a.vtt", _text(f"WEBVTT\n\n{SECRET}\nmore\n"), "no time line", "start --> end", 3),
    "VTT without cues": Bad("a.vtt", b"WEBVTT\n\nNOTE nothing\n", "no timed cue", "Export", 1),
    "JSON cut short": Bad("a.json", _text(f'[{{"speaker": "T", "text": "{SECRET}"'), "no valid JSON", "Export", 1),
    "JSON of another kind": Bad("a.json", _text(f'{{"talk": "{SECRET}"}}'), "no utterances", "segments", 1),
    "JSON wrong type": Bad(
        "a.jsonl",
        _text(f'{{"speaker": "T", "text": "{SECRET}"}}\n{{"speaker": "C", "text": 5}}\n'),
        "a text that is no string",
        "utterance_text",
        2,
    ),
    "JSON wrong speaker": Bad("a.jsonl", _text(f'{{"speaker": 1, "text": "{SECRET}"}}'), "speaker", "interlocutor", 1),
    "JSON wrong time": Bad(
        "a.jsonl", _text(f'{{"speaker": "T", "text": "{SECRET}", "start_s": "x"}}'), "start_s", "seconds", 1
    ),
    "JSON id twice": Bad(
        "a.jsonl", _text(f'{{"speaker": "T", "text": "{SECRET}", "utterance_id": 1}}\n' * 2), "twice", "its own id"
    ),
    "JSON line that is a list": Bad("a.jsonl", _text(f'["{SECRET}"]\n'), "no JSON object", "one object", 1),
    "JSON nested": Bad("a.json", b"[" * 200_000, "nested too deeply", "list of utterances"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_files(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = BAD_FILES[kind]
    path, out = tmp_path / bad.name, tmp_path / "out.jsonl"
    path.write_bytes(bad.data)
    assert run(["annotate", str(path), "-o", str(out)]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert str(path) in message
    assert bad.says in message
    assert bad.remedy in message
    assert bad.line is None or f"line {bad.line}:" in message
    assert SECRET not in message
    assert not out.exists()


def test_a_missing_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["annotate", str(tmp_path / "none.txt")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_twenty_thousand_turns_are_tagged(tiny_model: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "long.txt", tmp_path / "out.jsonl"
    path.write_text("T: And then what happened?\nC: He left.\n" * 10_000, "utf-8")
    assert run(["annotate", str(path), "-o", str(out), "--model", str(tiny_model)]) == 0
    with out.open("r", encoding="utf-8") as lines:
        assert [json.loads(line)["utterance_id"] for line in lines] == list(range(20_000))


BAD_USES: dict[str, tuple[list[str], str]] = {
    "unknown model": (["--model", "nope"], "no model 'nope'. Known: default"),
    "unknown codebook": (["--codebook", "nope"], "no codebook 'nope'. Use annomi or ipt"),
    "codebook of other groups": (["--codebook", "annomi"], "other label groups"),
    "unknown format": (["--format", "pdf"], "no format 'pdf'. Use jsonl, csv"),
    "unknown role": (["--speaker", "T=boss"], "a role is one of therapist, client, other"),
    "option without a value": (["--speaker", "T"], "write it as --speaker NAME=VALUE"),
    "unknown column field": (["--column", "x=y"], "no such field"),
}


@pytest.mark.parametrize("kind", BAD_USES)
def test_bad_uses(kind: str, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options, says = BAD_USES[kind]
    path = tmp_path / "a.csv"
    path.write_text("speaker,text\nT,Hello.\nC,Hi.\n", "utf-8")
    model = [] if "--model" in options else ["--model", str(tiny_model)]
    assert run(["annotate", str(path), "-o", str(tmp_path / "o"), *model, *options]) == 2
    assert says in capsys.readouterr().err


def test_an_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["annotate", "--nope"]) == 2
    assert "--nope" in capsys.readouterr().err


def _spoil_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])


def _spoil_config(folder: Path) -> None:
    (folder / "config.json").write_text("{", "utf-8")


BAD_MODELS: dict[str, tuple[Callable[[Path], None], str]] = {
    "corrupted adapter": (_spoil_weights, "the adapter is damaged or missing. Restore"),
    "adapter gone": (lambda folder: (folder / "model.safetensors").unlink(), "damaged or missing. Restore"),
    "corrupted configuration": (_spoil_config, "no readable tagger configuration. Restore"),
    "adapter of another shape": (lambda folder: set_config(folder, adapter_rank=8), "does not fit its config.json"),
    "base weights with another hash": (lambda folder: set_config(folder, base_sha256="0" * 64), "another SHA-256"),
    "base not installed": (lambda folder: set_config(folder, base="no_such_base"), "pip install no-such-base"),
    "newer format": (lambda folder: set_config(folder, format_version=99), "Upgrade ipt-nlp"),
    "no groups": (lambda folder: set_config(folder, groups=[]), "names no label groups"),
}


@pytest.mark.parametrize("kind", BAD_MODELS)
def test_bad_models(kind: str, damaged_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil, says = BAD_MODELS[kind]
    spoil(damaged_model)
    path = tmp_path / "a.txt"
    path.write_text(f"T: Hello.\nC: {SECRET}\n", "utf-8")
    assert run(["annotate", str(path), "-o", str(tmp_path / "o.jsonl"), "--model", str(damaged_model)]) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert says in message
    assert SECRET not in message
