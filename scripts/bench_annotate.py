"""How fast turns are tagged, beside a Hugging Face pipeline over the same encoder in the same run.

Run: python scripts/bench_annotate.py [--turns 400] [--out benchmarks]. Figures are ratios: machines are noisy.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipt_nlp.learning.corpus import read_corpus
from ipt_nlp.model.engine import Precision
from ipt_nlp.transcript import Transcript, Utterance

ROOT = Path(__file__).resolve().parents[1]
PEER_BATCH = 32
CONTEXT_TURNS = 3


def session_of(turns: int) -> Transcript:
    """A session of ``turns`` turns of simulated talk from the corpus, case after case."""
    corpus = read_corpus([ROOT / "annotations" / "simulated.A.jsonl"])
    talk = [u for coded in corpus.transcripts for u in coded.transcript.utterances]
    chosen = [Utterance(i, u.speaker, u.text) for i, u in enumerate(talk[:turns])]
    return Transcript("bench", tuple(chosen))


def per_second(turns: int, job: Callable[[], Any], repeats: int) -> float:
    """Median turns a second over ``repeats`` runs after one that warms up."""
    job()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return turns / statistics.median(times)


def peer(texts: Sequence[str], labels: int) -> Callable[[], Any]:
    """A text-classification pipeline with a sigmoid for each label, as a user would build it."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline
    from transformers.utils import logging

    from ipt_nlp.model.base import base_folder
    from ipt_nlp.model.config import BASE_PACKAGE

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    folder = str(base_folder(BASE_PACKAGE))
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=labels, problem_type="multi_label_classification"
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tagger = pipeline("text-classification", model=model, tokenizer=tokenizer, top_k=None, device="cpu")
    return lambda: tagger(list(texts), batch_size=PEER_BATCH, truncation=True)


def with_context(transcript: Transcript) -> list[str]:
    """Each turn behind the three turns before it, as single texts."""
    texts = [u.text for u in transcript.utterances]
    return [" [SEP] ".join(texts[max(0, n - CONTEXT_TURNS) : n + 1]) for n in range(len(texts))]


def tokens_of(transcript: Transcript) -> int:
    """Tokens of the turns, a separator after each, every one counted once."""
    from ipt_nlp.model.base import load_tokenizer
    from ipt_nlp.model.config import BASE_PACKAGE

    encodings = load_tokenizer(BASE_PACKAGE).encode_batch(
        [u.text for u in transcript.utterances], add_special_tokens=False
    )
    return sum(len(encoding.ids) + 1 for encoding in encodings)


def bare_encoder(kind: Precision, window: int, windows: int) -> Callable[[], Any]:
    """The shipped encoder in one engine's arithmetic over full windows of random tokens, and nothing else."""
    import torch

    from ipt_nlp.model.engine import Engine
    from ipt_nlp.model.scoring import Scorer
    from ipt_nlp.models import find_model

    engine = Engine(kind)
    encoder = Scorer.load(find_model("default"), "default", engine)._tagger.encoder
    ids = torch.randint(1000, 20000, (windows, window))
    roles = torch.zeros_like(ids)

    def job() -> None:
        size = engine.windows_per_batch(window)
        with torch.inference_mode(), engine.precision():
            for start in range(0, windows, size):
                encoder(input_ids=ids[start : start + size], token_type_ids=roles[start : start + size])

    return job


def annotating(kind: Precision, transcript: Transcript) -> Callable[[], Any]:
    """Annotating with the shipped model in one engine's arithmetic."""
    import ipt_nlp

    os.environ["IPT_NLP_ENGINE"] = kind
    nlp = ipt_nlp.load("default")
    list(ipt_nlp.annotate(nlp, [transcript]))
    del os.environ["IPT_NLP_ENGINE"]
    return lambda: list(ipt_nlp.annotate(nlp, [transcript]))


COLD = """
import json, time
start = time.perf_counter(); cpu = time.process_time()
import ipt_nlp
load, annotate = ipt_nlp.load, ipt_nlp.annotate
imports = time.perf_counter() - start
nlp = ipt_nlp.load("default")
loaded = time.perf_counter() - start - imports
transcripts = list(ipt_nlp.read_transcripts({path!r}))
before = time.perf_counter()
list(annotate(nlp, transcripts))
import resource
print(json.dumps({{"imports_s": imports, "load_s": loaded, "inference_s": time.perf_counter() - before,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}}))
"""


def cold(transcript: Transcript) -> dict[str, float]:
    """Seconds of a fresh process by part, and its peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.jsonl"
        rows = [{"transcript_id": "bench", "speaker": u.speaker, "text": u.text} for u in transcript.utterances]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        done = subprocess.run(
            [sys.executable, "-c", COLD.format(path=str(path))], capture_output=True, text=True, check=True
        )
    return {name: round(value, 3) for name, value in json.loads(done.stdout.splitlines()[-1]).items()}


def help_cpu() -> float:
    """CPU seconds of ``ipt-nlp --help``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "ipt_nlp.cli", "--help"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(turns: int, repeats: int) -> dict[str, Any]:
    """All figures of one run."""
    import ipt_nlp
    from ipt_nlp.model.engine import choose_engine
    from ipt_nlp.model.tagger import read_config
    from ipt_nlp.models import find_model

    transcript = session_of(turns)
    engine = choose_engine().kind
    window = read_config(find_model("default")).window_tokens
    labels = len(ipt_nlp.Codebook.load("ipt").labels)
    ours = per_second(turns, annotating(engine, transcript), repeats)
    float32 = per_second(turns, annotating("float32", transcript), repeats)
    plain = per_second(turns, peer([u.text for u in transcript.utterances], labels), repeats)
    context = per_second(turns, peer(with_context(transcript), labels), repeats)
    bare = per_second(16 * window, bare_encoder(engine, window, 16), repeats)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "turns": turns,
        "engine": engine,
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "utterances_per_second": {
            "ipt_nlp": round(ours, 1),
            "ipt_nlp_float32": round(float32, 1),
            "pipeline": round(plain, 1),
            "pipeline_3": round(context, 1),
        },
        "ratio_to_pipeline": round(ours / plain, 2),
        "ratio_to_pipeline_with_context": round(ours / context, 2),
        "int8_over_float32": round(ours / float32, 2) if engine == "int8" else None,
        "bare_encoder_tokens_per_second": round(bare),
        "ratio_to_bare_encoder": round(ours * tokens_of(transcript) / turns / bare, 2),
        "cold": cold(transcript),
        "help_cpu_s": round(help_cpu(), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks")
    options = parser.parse_args()
    figures = measure(options.turns, options.repeats)
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / f"annotate-{figures['date'][:10]}.json"
    file.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
