"""Tagging the turns that nobody has reviewed with the champion, transcript by transcript."""

from __future__ import annotations

from typing import Any

from ipt_nlp.annotation import Prediction
from ipt_nlp.codebook import OWN_CODEBOOK, own_codebooks
from ipt_nlp.learning.retraining import Report
from ipt_nlp.learning.versions import champion_folder, ref_of
from ipt_nlp.pipeline import annotate, load
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.transcript import Transcript, UtteranceId


def retag(store: AnnotationStore, report: Report) -> dict[str, Any]:
    """Tag what the champion has not tagged yet; a turn that anybody has touched keeps the prediction it has.

    Each transcript is one write, so that a killed job loses one at most; the next job goes on from there. Where another
    champion is promoted meanwhile, it starts again with that. Cues are those of the project's codebook, whatever the
    champion was trained under: a code of one's own does not vanish with the model that learned it.
    """
    saved = 0
    names = [row.transcript_id for row in store.transcripts.list()]
    done, ref, nlp = set[str](), champion_ref(store), None
    while left := [name for name in names if name not in done]:
        now = champion_ref(store)
        if now != ref or nlp is None:
            ref, nlp, done, left = now, load(champion_folder(store), codebook=own_codebook()), set(), names
        report(len(done) / len(names), "tagging anew")
        transcript = store.transcripts.get(left[0])
        if outdated(store, transcript, ref):
            _, made = next(annotate(nlp, [transcript]))
            saved += _save(store, ref, made)
        done.add(left[0])
    return {"model": ref, "transcripts": len(names), "turns": saved}


def own_codebook() -> str | None:
    """The name of the project's own codebook; None where it has none, and the model's is in use."""
    return OWN_CODEBOOK if (own_codebooks() / f"{OWN_CODEBOOK}.toml").is_file() else None


def outdated(store: AnnotationStore, transcript: Transcript, ref: str) -> bool:
    """Whether a turn that nobody has touched lacks a prediction by the model ``ref``."""
    newest, kept = store.predictions.newest(transcript.transcript_id), reviewed(store, transcript.transcript_id)
    ids = [u.utterance_id for u in transcript.utterances if u.utterance_id not in kept]
    return any(i not in newest or newest[i].model != ref for i in ids)


def reviewed(store: AnnotationStore, transcript_id: str) -> frozenset[UtteranceId]:
    """The turns that somebody has touched or decided on."""
    decided = (a.decision.utterance_id for a in store.adjudications.of(transcript_id))
    return store.events.touched(transcript_id) | frozenset(decided)


def _save(store: AnnotationStore, ref: str, made: list[Prediction]) -> int:
    # In one write with the look at what was reviewed: a turn reviewed in between would lose what its coder saw.
    with store.transaction():
        kept = reviewed(store, made[0].transcript_id)
        return store.predictions.save(LOCAL, ref, [p for p in made if p.utterance_id not in kept])


def champion_ref(store: AnnotationStore) -> str:
    """The ref of the store's champion; the shipped model's where none was ever promoted."""
    champion = store.models.champion()
    return champion.ref if champion else ref_of(champion_folder(store))
