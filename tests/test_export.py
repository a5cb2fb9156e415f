from __future__ import annotations

import csv
import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pyarrow.parquet as pq
import pytest
import spacy
from spacy.tokens import DocBin

from ipt_nlp.cli import run
from ipt_nlp.pipeline import predictions
from ipt_nlp.readers import read_transcripts

NASTY = (
    'T: <script>alert(1)</script> & what did he say? \x1b[31mred\x1b[0m **bold**\nC: שלום, he said 😀 "no", I left\n'
)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / "s01.txt"
    path.write_text(NASTY * 3, "utf-8")
    return path


def annotate(session: Path, out: Path, model: Path, *more: str) -> None:
    assert run(["annotate", str(session), "-o", str(out), "--model", str(model), *more]) == 0


def test_json_lines_fit_their_schema_and_are_read_back(session: Path, tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    annotate(session, out, tiny_model)
    schema = json.loads((files("ipt_nlp") / "export" / "utterance.schema.json").read_text("utf-8"))
    lines = out.read_text("utf-8").splitlines()
    for line in lines:
        jsonschema.validate(json.loads(line), schema)
    (before,), (after,) = read_transcripts(session), read_transcripts(out)
    assert after.utterances == before.utterances
    assert after.digest() == before.digest()


def test_two_runs_write_the_same_bytes(session: Path, tiny_model: Path, tmp_path: Path) -> None:
    for suffix in ("jsonl", "csv", "html"):
        first, second = tmp_path / f"1.{suffix}", tmp_path / f"2.{suffix}"
        annotate(session, first, tiny_model)
        annotate(session, second, tiny_model)
        assert first.read_bytes() == second.read_bytes()


def test_csv_and_parquet_hold_a_row_an_utterance(session: Path, tiny_model: Path, tmp_path: Path) -> None:
    annotate(session, tmp_path / "o.csv", tiny_model)
    annotate(session, tmp_path / "o.parquet", tiny_model)
    with (tmp_path / "o.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(tmp_path / "o.parquet").to_pylist()
    assert [row["text"] for row in rows] == [row["text"] for row in table]
    assert [row["techniques"].split(";") if row["techniques"] else [] for row in rows] == [
        r["techniques"] for r in table
    ]
    assert [float(row["score_grief"]) for row in rows] == [row["score_grief"] for row in table]


def test_docbin_holds_the_tags(session: Path, tiny_model: Path, tmp_path: Path) -> None:
    annotate(session, tmp_path / "o.spacy", tiny_model)
    annotate(session, tmp_path / "o.jsonl", tiny_model)
    (doc,) = DocBin().from_disk(tmp_path / "o.spacy").get_docs(spacy.blank("en").vocab)
    lines = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text("utf-8").splitlines()]
    assert [dict(p.scores) for p in predictions(doc)] == [line["scores"] for line in lines]


def test_the_page_shows_text_as_text(session: Path, tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.html"
    annotate(session, out, tiny_model)
    page = out.read_text("utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert page.count('<li class="turn') == 6
    for loaded in ("http://", "https://", "src=", "@import", "url("):
        assert loaded not in page
    assert "default-src 'none'" in page


def test_a_folder_gets_a_page_a_session(session: Path, tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "pages"
    (session.parent / "s02.txt").write_text(NASTY, "utf-8")
    annotate(session.parent, out, tiny_model, "--format", "html")
    assert sorted(p.name for p in out.iterdir()) == ["s01.html", "s02.html"]


def test_a_number_on_the_page_is_the_number_of_turns_behind_it(session: Path, tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.html"
    annotate(session, out, tiny_model)
    annotate(session, tmp_path / "o.jsonl", tiny_model)
    page = out.read_text("utf-8")
    given: dict[str, int] = {}
    for line in (tmp_path / "o.jsonl").read_text("utf-8").splitlines():
        for group in ("techniques", "themes"):
            for item in json.loads(line)[group]:
                given[item["label"]] = given.get(item["label"], 0) + 1
    for label, count in given.items():
        button = page.split(f'data-label="{label}"')[1].split("</button>")[0]
        assert f'<span class="n">{count}</span>' in button
    assert given
