"""Generators of transcripts and of pools, and writers of every format that a reader must read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from ipt_nlp.learning.queue import Pool
from ipt_nlp.transcript import Role, Transcript, Utterance

# Everything people paste: typographic marks, emoji, zero-width and right-to-left text.
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs"), exclude_characters="<>&{}\ufeff")
WORD = st.text(LETTERS, min_size=1, max_size=12).filter(lambda w: ":" not in w and "-->" not in w and w.strip() == w)
COMMON = st.sampled_from(["I", "don’t", "know", "שלום", "😀", "well…", "a\u200bb", "it's", "she said", "what?"])
SENTENCE = st.lists(st.one_of(COMMON, WORD), min_size=1, max_size=12).map(lambda words: "so " + " ".join(words))
SPEAKER: st.SearchStrategy[Role] = st.sampled_from(("therapist", "client"))


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Sessions in which speakers alternate, both of them speak, and times increase."""
    texts = draw(st.lists(SENTENCE, min_size=2, max_size=12))
    first = draw(SPEAKER)
    second: Role = "client" if first == "therapist" else "therapist"
    return Transcript(
        "s01",
        tuple(
            Utterance(n, (first, second)[n % 2], text, float(n * 3), float(n * 3 + 2)) for n, text in enumerate(texts)
        ),
    )


@dataclass(frozen=True)
class Format:
    """How a format is written, and what of a transcript it keeps."""

    suffix: str
    write: Callable[[Sequence[Utterance]], str]
    keeps_times: bool = True


def _clock(seconds: float | None, point: str = ".") -> str:
    whole = int(seconds or 0)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}000"


def _txt(utterances: Sequence[Utterance]) -> str:
    return "".join(f"{'T' if u.speaker == 'therapist' else 'C'}: {u.text}\n" for u in utterances)


def _stamped_txt(utterances: Sequence[Utterance]) -> str:
    return "".join(f"[{_clock(u.start_s)[:8]}] {u.speaker.title()}: {u.text}\n" for u in utterances)


def _table(delimiter: str) -> Callable[[Sequence[Utterance]], str]:
    def write(utterances: Sequence[Utterance]) -> str:
        out = io.StringIO(newline="")
        table = csv.writer(out, delimiter=delimiter)
        table.writerow(["transcript_id", "utterance_id", "speaker", "text", "start_s", "end_s"])
        table.writerows(["s01", u.utterance_id, u.speaker, u.text, u.start_s, u.end_s] for u in utterances)
        return out.getvalue()

    return write


def _record(utterance: Utterance) -> dict[str, object]:
    return {
        "transcript_id": "s01",
        "utterance_id": utterance.utterance_id,
        "speaker": utterance.speaker,
        "text": utterance.text,
        "start_s": utterance.start_s,
        "end_s": utterance.end_s,
    }


def _jsonl(utterances: Sequence[Utterance]) -> str:
    return "".join(json.dumps(_record(u), ensure_ascii=False) + "\n" for u in utterances)


def _json(utterances: Sequence[Utterance]) -> str:
    return json.dumps([_record(u) for u in utterances], indent=1)


def _whisperx(utterances: Sequence[Utterance]) -> str:
    segments = [{"start": u.start_s, "end": u.end_s, "text": f" {u.text}", "speaker": u.speaker} for u in utterances]
    return json.dumps({"segments": segments, "language": "en"})


def _vtt(utterances: Sequence[Utterance]) -> str:
    cues = [f"{_clock(u.start_s)} --> {_clock(u.end_s)}\n<v {u.speaker.title()}>{u.text}</v>" for u in utterances]
    return "WEBVTT\n\nNOTE made for a test\n\n" + "\n\n".join(cues) + "\n"


def _srt(utterances: Sequence[Utterance]) -> str:
    cues = [
        f"{n}\n{_clock(u.start_s, ',')} --> {_clock(u.end_s, ',')}\n{u.speaker.title()}: {u.text}"
        for n, u in enumerate(utterances, 1)
    ]
    return "\n\n".join(cues) + "\n"


FORMATS = {
    "txt": Format(".txt", _txt, keeps_times=False),
    "stamped txt": Format(".txt", _stamped_txt, keeps_times=False),
    "csv": Format(".csv", _table(",")),
    "tsv": Format(".tsv", _table("\t")),
    "jsonl": Format(".jsonl", _jsonl),
    "json": Format(".json", _json),
    "whisperx": Format(".json", _whisperx),
    "vtt": Format(".vtt", _vtt),
    "srt": Format(".srt", _srt),
}


@st.composite
def pools(draw: st.DrawFn) -> Pool:
    """Pools of up to thirty turns, with labels that do not apply, near-duplicates and codes of every kind."""
    n, labels = draw(st.integers(1, 30)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    p = rng.choice([0.0, 0.1, 0.4, 0.5, 0.9, 1.0], (n, labels))
    p[rng.random((n, labels)) < 0.2] = np.nan
    vectors = rng.normal(size=(6, 3)).astype(np.float32)[rng.integers(0, 6, n)]
    return Pool(
        keys=tuple((f"s{row // 7}", row % 7) for row in range(n)),
        probabilities=p,
        thresholds=rng.uniform(0.15, 0.6, labels),
        vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        positives=rng.integers(0, 9, labels),
        open=rng.random(n) < 0.7,
        coded=rng.random(n) < 0.5,
        given=rng.random((n, labels)) < 0.4,
        differing=rng.integers(0, 3, n),
    )
