"""What there is to learn from, the job that learns, and the models that came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ipt_nlp.annotation import Annotation, Prediction
from ipt_nlp.codebook import OWN_CODEBOOK, Codebook
from ipt_nlp.errors import IptNlpError
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.corrections import corrections
from ipt_nlp.learning.versions import ensure_champion, folder_of
from ipt_nlp.learning.worker import RETAG, RETRAIN, fail_dead, start_retagging, start_retraining
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.permissions import PERMISSIONS
from ipt_nlp.store.values import Job, ModelVersion, User
from ipt_nlp.transcript import UtteranceId
from ipt_nlp.ui.state.admin import Outcome, moment, sentence
from ipt_nlp.ui.state.project import codebook_name

ACTIVE = ("queued", "running")
# How the gate ends what it says of figures that decide nothing.
UNJUDGED = ("reported only", "not judged by itself")
SETS = {"corpus": "Coded corpus", "audit": "Random audit"}
Turn = tuple[str, UtteranceId]


@dataclass(frozen=True, slots=True)
class ToLearn:
    """What coders said so far.

    Attributes:
        turns: reviewed turns to learn from, of how many sessions; new: those coded since the present model learned,
            or all where it has never learned from any; changed: the new ones on which a coder and the model differ.
        audit: turns that are only ever measured on.
        uses, new_uses, audit_uses: label -> turns with it.
    """

    sessions: int
    turns: int
    new: int
    changed: int
    audit: int
    uses: Mapping[str, int]
    new_uses: Mapping[str, int]
    audit_uses: Mapping[str, int]


def may_change(user: User) -> bool:
    """Whether ``user`` may start, stop and promote."""
    return user.role in PERMISSIONS["job.create"]


def to_learn(store: AnnotationStore) -> ToLearn:
    """What the store has for the next model."""
    champion = store.models.champion()
    # The shipped model is registered when the first retraining begins, and has learned from nothing that is here.
    since = _read_at(store, champion) if champion and "learned" in champion.metrics else ""
    found = corrections(store)
    turns = _coded(found.learn)
    new = {turn: said for turn, said in turns.items() if any(a.coded_at > since for a in said)}
    tagged = {t.transcript.transcript_id: store.predictions.newest(t.transcript.transcript_id) for t in found.learn}
    changed = sum(differs(said, tagged[name].get(number)) for (name, number), said in new.items())
    audit = _coded(found.audit)
    return ToLearn(len(found.learn), len(turns), len(new), changed, len(audit), _uses(turns), _uses(new), _uses(audit))


def _read_at(store: AnnotationStore, model: ModelVersion) -> str:
    """Before when the codings were made that a model learned from: it was registered only once it had been trained."""
    jobs = store.jobs.list(RETRAIN)
    return next((job.created_at for job in jobs if job.result.get("model") == model.ref), model.registered_at)


def differs(said: Sequence[Annotation], prediction: Prediction | None) -> bool:
    """Whether some coder says of a turn what the model did not."""
    if prediction is None:
        return True
    groups = {group for a in said for group in a.labels}
    return any(set(a.labels.get(group, ())) != set(prediction.labels.get(group, ())) for a in said for group in groups)


def balance(found: ToLearn, codebook: Codebook) -> dict[str, list[Any]]:
    """Columns for the balance of classes, the most used first."""
    labels = sorted(codebook.labels, key=lambda label: -found.uses.get(label.name, 0))
    groups = {group.name: group.title for group in codebook.groups}
    return {
        "Code": [label.title for label in labels],
        "Group": [groups[label.group] for label in labels],
        "To learn from": [found.uses.get(label.name, 0) for label in labels],
        "New": [found.new_uses.get(label.name, 0) for label in labels],
        "Random audit": [found.audit_uses.get(label.name, 0) for label in labels],
    }


def running(store: AnnotationStore) -> Job | None:
    """The job that is going on or waits, if one does; a worker that is gone is made up for first."""
    active = [job for job in store.jobs.list() if job.state in ACTIVE and job.kind in (RETRAIN, RETAG)]
    if active:
        fail_dead(store)
        active = [job for job in store.jobs.list() if job.state in ACTIVE and job.kind in (RETRAIN, RETAG)]
    return min(active, key=lambda job: (job.state != "running", job.job_id), default=None)


def last(store: AnnotationStore) -> Job | None:
    """The newest retraining that is over."""
    return next((job for job in store.jobs.list(RETRAIN) if job.state not in ACTIVE), None)


def worded_job(job: Job) -> str:
    """What a job is doing, in words."""
    what = "Retraining" if job.kind == RETRAIN else "Tagging unreviewed turns anew"
    if job.cancel_requested:
        return f"{what}: stopping …"
    if job.state == "queued":
        return f"{what}: waiting for a worker …"
    return f"{what}: {job.message or 'starting'}, {job.progress:.0%}"


def ended(job: Job) -> Outcome:
    """How a retraining ended."""
    if job.state == "cancelled":
        return Outcome("The last retraining was cancelled. Nothing was changed.")
    if job.state == "failed":
        return Outcome(f"The last retraining failed: {job.error.rstrip('.')}. Nothing was changed.", done=False)
    name = short(str(job.result.get("model", "")))
    if job.result.get("promoted"):
        return Outcome(f"The last retraining made {name}, which was promoted on {moment(job.finished_at)}.")
    kept = short(str(job.result.get("champion", "")))
    return Outcome(f"The last retraining made {name}, which was not promoted: {kept} stayed the model in use.")


def start(store: AnnotationStore, actor: User) -> Outcome:
    """Start a retraining; while one is going on, that one is all there is."""
    before = running(store)
    if before is not None:
        return Outcome("A job is going on already. Wait for it, or cancel it.", done=False)
    own = {"codebook": OWN_CODEBOOK} if codebook_name() == OWN_CODEBOOK else {}
    return _tried(lambda: start_retraining(store, actor, own), "Retraining has started.")


def cancel(store: AnnotationStore, actor: User, job: Job) -> Outcome:
    return _tried(lambda: store.jobs.request_cancel(actor, job.job_id), "It was asked to stop.")


def promote(store: AnnotationStore, actor: User, ref: str) -> Outcome:
    """Make a model the champion, whatever the gate said, and tag what nobody has reviewed with it."""

    def act() -> None:
        ensure_champion(store, LOCAL)
        folder_of(ref)
        store.models.promote(actor, ref)
        start_retagging(store, actor)

    return _tried(act, f"{short(ref)} is the model in use now. Unreviewed turns are being tagged anew.")


def keep(store: AnnotationStore, actor: User, ref: str) -> Outcome:
    """Set a challenger aside."""
    return _tried(lambda: store.models.retire(actor, ref), f"{short(ref)} is set aside. The model in use stays.")


def roll_back(store: AnnotationStore, actor: User) -> Outcome:
    """Go back to the champion before, and tag what nobody has reviewed with it."""

    def act() -> None:
        with store.transaction():
            folder_of(store.models.rollback(actor).ref)
        start_retagging(store, actor)

    return _tried(act, "The model before is in use again. Unreviewed turns are being tagged anew.")


def history(versions: Sequence[ModelVersion]) -> dict[str, list[Any]]:
    """Columns for the list of models, newest first."""
    return {
        "Model": [short(v.ref) for v in versions],
        "Status": [STATUS[v.status] for v in versions],
        "Since (UTC)": [moment(v.registered_at) for v in versions],
        "Learned from": [learned(v) for v in versions],
        "Gate": [gate(v) for v in versions],
        "Codebook": [v.codebook for v in versions],
    }


STATUS = {"champion": "in use", "candidate": "challenger", "retired": "set aside"}


def learned(version: ModelVersion) -> str:
    found = version.metrics.get("learned")
    return f"{found['turns']:,} reviewed turns" if found else "the coded corpus"


def gate(version: ModelVersion) -> str:
    decision = version.metrics.get("decision")
    return ("promote" if decision["promote"] else "keep the one before") if decision else ""


def reasons(version: ModelVersion) -> tuple[list[str], list[str]]:
    """Why the gate decided as it did; and what it could not judge, which is a long list where little was coded."""
    found = [sentence(str(reason)) for reason in version.metrics.get("decision", {}).get("reasons", [])]
    unjudged = [reason for reason in found if reason.endswith(UNJUDGED)]
    return [reason for reason in found if reason not in unjudged], unjudged


def compared(version: ModelVersion, codebook: Codebook, *, macros: bool) -> dict[str, list[Any]]:
    """Columns for a challenger beside the champion it was compared with: group by group, or label by label."""
    rows = version.metrics.get("decision", {}).get("macros" if macros else "labels", [])
    rows = [row for row in rows if row["champion_f1"] is not None]
    groups = {group.name: group.title for group in codebook.groups}
    titles = {label.name: label.title for label in codebook.labels}
    what = [
        groups.get(row["group"], row["group"]) if macros else titles.get(row["label"], row["label"]) for row in rows
    ]
    return {
        "Group" if macros else "Code": what,
        "Measured on": [SETS.get(row["set_name"], row["set_name"]) for row in rows],
        "Codes" if macros else "Uses": [row["labels" if macros else "positives"] for row in rows],
        "Before": [row["champion_f1"] for row in rows],
        "Challenger": [row["challenger_f1"] for row in rows],
        "Change": [row["difference"] for row in rows],
        "95 %": [_span(row["interval"]) for row in rows],
        "Note": [row["why"] or _verdict(row["interval"]) for row in rows],
    }


def short(ref: str) -> str:
    """A model's name and version."""
    return ref.split("+")[0]


def _span(interval: Sequence[float] | None) -> str:
    return f"{interval[0]:+.3f} to {interval[1]:+.3f}" if interval else ""


def _verdict(interval: Sequence[float] | None) -> str:
    if interval is None:
        return ""
    return "▲ better" if interval[0] > 0 else "▼ worse" if interval[1] < 0 else "no clear change"


def _coded(transcripts: Sequence[CodedTranscript]) -> dict[Turn, tuple[Annotation, ...]]:
    return {(t.transcript.transcript_id, number): said for t in transcripts for number, said in t.annotations.items()}


def _uses(turns: Mapping[Turn, tuple[Annotation, ...]]) -> dict[str, int]:
    return Counter(
        label for said in turns.values() for label in {x for a in said for given in a.labels.values() for x in given}
    )


def _tried(act: Callable[[], object], said: str) -> Outcome:
    try:
        act()
    except IptNlpError as error:
        return Outcome(sentence(str(error)), done=False)
    return Outcome(said)
