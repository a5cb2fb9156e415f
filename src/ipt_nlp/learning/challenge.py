"""One retraining from the store to the store: learn, compare, admit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.codes import Codes
from ipt_nlp.learning.corpus import CodedTranscript, read_corpus
from ipt_nlp.learning.corrections import corrections, without
from ipt_nlp.learning.gate import Compared, compare
from ipt_nlp.learning.lessons import RetrainPlan, codes_of
from ipt_nlp.learning.retraining import Report, Retrained, base_parts, recipe_of, retrain
from ipt_nlp.learning.versions import ensure_champion, folder_of, publish, ref_of, reserve
from ipt_nlp.model.scoring import Scorer
from ipt_nlp.model.tagger import read_config
from ipt_nlp.models import codebook_of, coded_corpus
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import Job

DECISION = "decision.json"
CORPUS, AUDIT = "corpus", "audit"


@dataclass(frozen=True, slots=True)
class Challenger:
    """A whole model folder that the store does not know yet, and what the gate says of it."""

    folder: Path
    against: str
    codebook: str
    learned: Retrained
    compared: Compared


def challenge(store: AnnotationStore, job: Job, report: Report) -> Challenger:
    """Train a challenger on what the store says, and compare it with the champion, which stays what it is.

    Raises:
        UsageError: there is nothing to learn from, or a parameter of the job does not fit.
    """
    report(0.0, "reading")
    plan = RetrainPlan.from_values(job.parameters.get("plan", {}))
    before = ensure_champion(store, LOCAL).ref
    champion = folder_of(before)
    codebook = _codebook(job.parameters, champion)
    base = _base(job.parameters)
    found = corrections(store, base)
    parts = base_parts(without(base, found), recipe_of(champion))
    report(0.01, "reading")
    written = reserve(store, job.job_id)
    learned = retrain(champion, found, parts, codebook, written, plan, report)
    sets = {CORPUS: parts.test, AUDIT: found.audit}
    codes = codes_of(read_config(champion), recipe_of(champion), found, codebook)
    compared = _compared(champion, before, written, sets, codebook, codes, report, plan.seed)
    compared.challenger.save(written)
    (written / DECISION).write_text(json.dumps(asdict(compared.decision), indent=1) + "\n", "utf-8")
    report(0.99, "keeping")
    return Challenger(publish(written), before, codebook.ref, learned, compared)


def admit(store: AnnotationStore, challenger: Challenger) -> dict[str, Any]:
    """Register a challenger with its figures, and promote it where the gate says so, in one write.

    Returns:
        ``model``, ``promoted``, ``reasons``, ``champion``, and ``learned``: what it was trained on.

    Raises:
        StoreError: there is another champion by now than the one it was compared with.
    """
    ref, decision = ref_of(challenger.folder), challenger.compared.decision
    learned = asdict(challenger.learned)
    metrics = asdict(challenger.compared.challenger)
    metrics |= {"against": challenger.against, "decision": asdict(decision), "learned": learned}
    with store.transaction():
        store.models.register(LOCAL, ref, metrics, challenger.codebook)
        promoted, reasons = decision.promote, list(decision.reasons)
        champion = store.models.champion()
        if promoted and (champion is None or champion.ref != challenger.against):
            promoted, reasons = False, ["the champion was changed meanwhile: retrain to compare with the new one"]
        if promoted:
            store.models.promote(LOCAL, ref)
    return {
        "model": ref,
        "promoted": promoted,
        "reasons": reasons,
        "champion": ref if promoted else challenger.against,
        "learned": learned,
    }


def _codebook(parameters: Mapping[str, Any], champion: Path) -> Codebook:
    named = parameters.get("codebook")
    return Codebook.load(named) if named else codebook_of(champion)


def _base(parameters: Mapping[str, Any]) -> Sequence[CodedTranscript]:
    named = parameters.get("annotations")
    folder = coded_corpus()
    paths = [Path(path) for path in named] if named else [folder] if folder else []
    return read_corpus(paths).transcripts if paths else ()


def _compared(
    champion: Path,
    before: str,
    written: Path,
    sets: Mapping[str, Sequence[CodedTranscript]],
    codebook: Codebook,
    codes: Codes,
    report: Report,
    seed: int,
) -> Compared:
    report(0.75, "comparing")
    scorers = Scorer.load(champion, before.partition("@")[0]), Scorer.load(written, written.name)
    return compare(*scorers, sets, codebook, codes, lambda share: report(0.75 + 0.23 * share, "comparing"), seed)
