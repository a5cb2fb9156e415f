"""Writers of annotated transcripts: each takes one transcript at a time, so that finished work is on disk."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Protocol

from ipt_nlp.annotation import Prediction
from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import UsageError
from ipt_nlp.export.records import flat, json_line, records
from ipt_nlp.transcript import Transcript

FORMATS = ("jsonl", "csv", "parquet", "docbin", "html")
SUFFIXES = {
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".spacy": "docbin",
    ".html": "html",
    ".htm": "html",
}


class Writer(Protocol):
    """Where annotated transcripts go."""

    def write(self, transcript: Transcript, predictions: Sequence[Prediction]) -> None: ...
    def close(self) -> None: ...


def choose_format(name: str | None, out: Path | None) -> str:
    """The output format: as said, or as the suffix of ``out`` says, or JSON lines.

    Raises:
        UsageError: no such format, or one that cannot go to standard output.
    """
    chosen = name or (SUFFIXES.get(out.suffix.lower(), "jsonl") if out else "jsonl")
    if chosen not in FORMATS:
        raise UsageError(f"no format {chosen!r}. Use {', '.join(FORMATS)}.")
    if out is None and chosen in ("parquet", "docbin"):
        raise UsageError(f"{chosen} cannot be printed. Pass -o FILE.")
    return chosen


def open_writer(form: str, out: Path | None, codebook: Codebook, *, append: bool = False) -> Writer:
    """A writer for ``form`` into ``out``, or to standard output.

    HTML goes into the file ``out``, or into one file a transcript where ``out`` is a folder.

    Args:
        append: go on at the end of a file of JSON lines.

    Raises:
        UsageError: ``out`` cannot be written.
    """
    makers: dict[str, Callable[[Path | None, Codebook], Writer]] = {
        "jsonl": JsonlWriter,
        "csv": CsvWriter,
        "parquet": ParquetWriter,
        "docbin": DocBinWriter,
        "html": HtmlWriter,
    }
    try:
        if out:
            out.parent.mkdir(parents=True, exist_ok=True)
        if append:
            return JsonlWriter(out, codebook, "a")
        return makers[form](out, codebook)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}. Pass another -o.") from error


def _open(out: Path | None, mode: str = "w") -> IO[str]:
    if out is None:
        # The same bytes whatever the terminal's encoding and platform are.
        return io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="", write_through=True)
    return out.open(mode, encoding="utf-8", newline="")


def _close(file: IO[str], out: Path | None) -> None:
    if out is None:
        file.flush()
        file.detach() if isinstance(file, io.TextIOWrapper) else None
    else:
        file.close()


class JsonlWriter:
    def __init__(self, out: Path | None, codebook: Codebook, mode: str = "w") -> None:  # noqa: ARG002  # as the others
        self._out, self._file = out, _open(out, mode)

    def write(self, transcript: Transcript, predictions: Sequence[Prediction]) -> None:
        self._file.writelines(json_line(record) for record in records(transcript, predictions))
        self._file.flush()

    def close(self) -> None:
        _close(self._file, self._out)


class CsvWriter:
    def __init__(self, out: Path | None, codebook: Codebook) -> None:
        self._out, self._file = out, _open(out)
        self._groups = [group.name for group in codebook.groups]
        self._table: csv.DictWriter[str] | None = None

    def write(self, transcript: Transcript, predictions: Sequence[Prediction]) -> None:
        for record in records(transcript, predictions):
            row = flat(record, self._groups)
            if self._table is None:
                self._table = csv.DictWriter(self._file, list(row), lineterminator="\n")
                self._table.writeheader()
            self._table.writerow(row)
        self._file.flush()

    def close(self) -> None:
        _close(self._file, self._out)


class ParquetWriter:
    """One row group a transcript."""

    def __init__(self, out: Path | None, codebook: Codebook) -> None:
        assert out is not None
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._arrow, self._parquet = pa, pq
        self._groups = [group.name for group in codebook.groups]
        text = [(name, pa.string()) for name in ("transcript_id", "utterance_id", "speaker", "text")]
        times = [(name, pa.float64()) for name in ("start_s", "end_s")]
        given = [(group, pa.list_(pa.string())) for group in self._groups]
        rest = [("needs_review", pa.bool_()), ("evidence", pa.string()), ("cues", pa.string())]
        scores = [(f"score_{label.name}", pa.float64()) for label in codebook.labels]
        refs = [("model", pa.string()), ("codebook", pa.string())]
        self._schema = pa.schema([*text, *times, *given, *rest, *scores, *refs])
        self._file = pq.ParquetWriter(str(out), self._schema)

    def write(self, transcript: Transcript, predictions: Sequence[Prediction]) -> None:
        rows = [flat(record, self._groups) for record in records(transcript, predictions)]
        for row in rows:
            row["utterance_id"] = str(row["utterance_id"])
            row |= {group: [x for x in row[group].split(";") if x] for group in self._groups}
        self._file.write_table(self._arrow.Table.from_pylist(rows, schema=self._schema))

    def close(self) -> None:
        self._file.close()


class DocBinWriter:
    """spaCy's binary form: docs with their spans and custom attributes."""

    def __init__(self, out: Path | None, codebook: Codebook) -> None:  # noqa: ARG002  # one signature for all writers
        assert out is not None
        import spacy
        from spacy.tokens import DocBin

        out.touch()
        self._out, self._docs, self._nlp = out, DocBin(store_user_data=True), spacy.blank("en")

    def write(self, transcript: Transcript, predictions: Sequence[Prediction]) -> None:
        from ipt_nlp.pipeline.docs import tagged_doc

        self._docs.add(tagged_doc(self._nlp, transcript, predictions))

    def close(self) -> None:
        self._docs.to_disk(self._out)


class HtmlWriter:
    def __init__(self, out: Path | None, codebook: Codebook) -> None:
        self._out, self._codebook = out, codebook
        self._folder = out if out and (out.is_dir() or not out.suffix) else None
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
        self._sessions: list[tuple[Transcript, Sequence[Prediction]]] = []

    def write(self, transcript: Transcript, predictions: Sequence[Prediction]) -> None:
        from ipt_nlp.report.html import render

        if self._folder:
            name = re.sub(r"[^\w.-]+", "_", transcript.transcript_id) or "session"
            page = render([(transcript, predictions)], self._codebook)
            (self._folder / f"{name}.html").write_text(page, "utf-8")
        else:
            self._sessions.append((transcript, predictions))

    def close(self) -> None:
        from ipt_nlp.report.html import render

        if self._folder or not self._sessions:
            return
        file = _open(self._out)
        file.write(render(self._sessions, self._codebook))
        _close(file, self._out)
