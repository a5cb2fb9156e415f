"""A made-up project of three coders who differ now and then, and a challenger that fell short; for pictures."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipt_nlp
from ipt_nlp.annotation import Prediction
from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.versions import ensure_champion
from ipt_nlp.pipeline import annotate
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import NewEvent, SessionDetails, User
from ipt_nlp.transcript import Transcript
from ipt_nlp.ui.state.project import example_transcript

ADMIN, PASSWORD = "ada", "correct horse battery"  # of a store that lives for some minutes
SESSIONS = 3
OTHERWISE, BLIND = 0.12, 0.7
SECONDS = (1.2, 6.0, 8.0, 9.0, 12.0, 15.0)


def fill(home: Path) -> None:
    """Put the project into the store of that home."""
    store, book, draw = AnnotationStore.open(home / "store.db"), Codebook.load("ipt"), random.Random(3)  # noqa: S311
    store.users.add(LOCAL, ADMIN, "admin", PASSWORD)
    coders = [store.users.add(LOCAL, name, "annotator", PASSWORD) for name in ("ann", "ben", "cas")]
    ensure_champion(store, LOCAL)
    nlp, spoken = ipt_nlp.load("default"), example_transcript().utterances
    for number in range(SESSIONS):
        transcript = Transcript(f"session-{number + 1:02}", spoken[8 * number :])
        store.transcripts.add(LOCAL, transcript, SessionDetails(client="C01", session_number=number + 1))
        _, made = next(annotate(nlp, [transcript]))
        store.predictions.save(LOCAL, made[0].model, made)
        for coder in coders:
            code(store, coder, transcript, made, book, draw)
    first = [("session-01", u.utterance_id) for u in spoken[20:24]]
    store.leases.lease(coders[0], "random", first, 60)
    challenger(store, book)
    store.close()


def code(
    store: AnnotationStore,
    coder: User,
    transcript: Transcript,
    made: Sequence[Prediction],
    book: Codebook,
    draw: random.Random,
) -> None:
    """What the model says, but for a share of the turns."""
    for utterance, prediction in zip(transcript.utterances, made, strict=True):
        groups = [group.name for group in book.groups if group.applies_to(utterance.speaker)]
        said = {group: prediction.labels.get(group, ()) for group in groups}
        if groups and draw.random() < OTHERWISE:
            said |= {(group := draw.choice(groups)): (draw.choice(book.labels_of(group)[:9]),)}
        new = NewEvent(
            transcript_id=transcript.transcript_id,
            utterance_id=utterance.utterance_id,
            action="change",
            labels=said,
            mode="blind" if draw.random() < BLIND else "assisted",
            codebook=book.ref,
            seconds=draw.choice(SECONDS),
        )
        store.events.append(coder, new)


def challenger(store: AnnotationStore, book: Codebook) -> None:
    """A model that the gate turned down."""
    labels = [
        row("techniques", 0.60, 0.63, label=name, core=True, positives=90) for name in book.labels_of("techniques")[:8]
    ]
    macros = [row("techniques", 0.612, 0.634, labels=14), row("themes", 0.581, 0.548, labels=6)]
    reason = "corpus, themes: macro-F1 falls from 0.581 to 0.548 (95 % interval of the change -0.043 to -0.023)"
    decision = {"promote": False, "reasons": [reason], "labels": labels, "macros": macros}
    ref, champion = "retrained-1@1.0.1+0123456789ab", store.models.champion()
    assert champion is not None
    store.models.register(LOCAL, ref, {"decision": decision, "learned": {"turns": 188}}, book.ref)
    job = store.jobs.create(LOCAL, "retrain")
    store.jobs.claim("picture:1", ["retrain"])
    store.jobs.finish(job.job_id, "picture:1", {"model": ref, "promoted": False, "champion": champion.ref})


def row(group: str, before: float, after: float, **more: Any) -> dict[str, Any]:
    """A line of the gate's decision."""
    change = round(after - before, 4)
    figures = {"champion_f1": before, "challenger_f1": after, "difference": change}
    return {
        "set_name": "corpus", "group": group, "transcripts": 64, "why": "", "interval": (change - 0.01, change + 0.01),
    } | figures | more  # fmt: skip
