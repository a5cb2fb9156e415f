"""From bytes to text, or to an error that says what the bytes are."""

from __future__ import annotations

from pathlib import Path

from ipt_nlp.errors import InputError
from ipt_nlp.transcript import normalise_newlines

MAX_BYTES = 512 * 1024 * 1024
READABLE = ".txt, .vtt, .srt, .csv, .tsv, .json and .jsonl"
_AUDIO = {".mp3", ".wav", ".m4a", ".mp4", ".ogg", ".flac", ".aac", ".wma", ".webm", ".mov"}
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\f\x1b")


def read_text(path: Path) -> str:
    """The text of ``path`` with LF line ends.

    UTF-8 and UTF-16 are recognised with or without a mark; other text is taken as cp1252.

    Raises:
        InputError: missing, empty, too large, audio, binary, or in an encoding that cannot be told.
    """
    try:
        size = path.stat().st_size
        if path.suffix.lower() in _AUDIO:
            raise InputError(path, "is a recording", f"Transcribe it first (WhisperX does); {READABLE} can be read")
        if size > MAX_BYTES:
            raise InputError(path, f"has {size / 1e6:,.0f} MB, the most is {MAX_BYTES / 1e6:,.0f}", "Split it")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(path, error.strerror or "cannot be read", "Check the path and its permissions") from error
    if not data.strip():
        raise InputError(path, "is empty", "Pass a transcript with text in it")
    text = normalise_newlines(_decode(data, path))
    if not text.strip("\ufeff \n\t"):
        raise InputError(path, "is empty", "Pass a transcript with text in it")
    return text


def _decode(data: bytes, path: Path) -> str:
    if data.startswith((b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0")):
        kind = path.suffix.lower() or "packed"
        raise InputError(path, f"{kind} files cannot be read yet", f"Save it as one of {READABLE}")
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), None) or _utf16_without_mark(data)
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        if encoding:
            raise InputError(path, f"is damaged {encoding.upper()} text", "Save it as UTF-8") from None
        text = _decode_cp1252(data, path)
    if any(c in data for c in _CONTROL) and encoding not in ("utf-16", "utf-16-le", "utf-16-be"):
        raise InputError(
            path, "is a binary file", f"Pass one of {READABLE}", 1 + data[: _first_control(data)].count(b"\n")
        )
    return text


def _utf16_without_mark(data: bytes) -> str | None:
    """Which UTF-16 the bytes are, from where the zeros of ASCII letters and blanks stand."""
    head = data[:4096]
    if len(head) < 4 or b"\x00" not in head:
        return None
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    return "utf-16-le" if odd > 0.4 > even else "utf-16-be" if even > 0.4 > odd else None


def _decode_cp1252(data: bytes, path: Path) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(path, "is in an encoding that cannot be told", "Save it as UTF-8", line) from None


def _first_control(data: bytes) -> int:
    return next(index for index, byte in enumerate(data) if byte in _CONTROL)
