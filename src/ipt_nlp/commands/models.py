"""``ipt-nlp retrain`` and ``ipt-nlp models``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ipt_nlp.commands import console
from ipt_nlp.errors import IptNlpError
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import Job, ModelVersion


class RetrainingError(IptNlpError):
    """A retraining that did not end well; its message is the job's."""


def retrain_store(url: str | None, codebook: str | None, annotations: Sequence[Path], *, as_json: bool) -> Job:
    """Retrain on what was corrected in the store, in this process, with a bar on a terminal.

    Raises:
        RetrainingError: it failed, or was cancelled.
        StoreError: another process is at it.
    """
    from ipt_nlp.learning.worker import retrain_here

    given = {
        "codebook": codebook if codebook is None or not Path(codebook).is_file() else str(Path(codebook).resolve()),
        "annotations": [str(path.resolve()) for path in annotations],
    }
    with _opened(url) as store, console.progress_bar() as bar:
        task = bar.add_task("starting", total=100)
        job = retrain_here(
            store,
            LOCAL,
            {name: value for name, value in given.items() if value},
            lambda share, message: bar.update(task, completed=round(100 * share), description=message),
        )
    if job.state != "finished":
        raise RetrainingError(job.error or f"job {job.job_id} was {job.state}.")
    if as_json:
        console.print_json(dict(job.result))
    else:
        _print_result(job.result)
    return job


def list_models(url: str | None, *, as_json: bool) -> tuple[ModelVersion, ...]:
    """The models of a store; the shipped one is its champion until another is promoted."""
    from ipt_nlp.learning.versions import listed

    with _opened(url) as store:
        versions = listed(store)
    if as_json:
        console.print_json({"models": [_row(version) for version in versions]})
    else:
        rows = [[v.ref, v.status, v.codebook, v.registered_at[:16].replace("T", " ")] for v in versions]
        console.table("Models of the store", ["", "status", "codebook", "since"], rows)
        for version in versions:
            for reason in _reasons(version):
                console.say(f"{version.ref.partition('@')[0]}: {reason}")
    return versions


def promote_model(url: str | None, name: str, *, as_json: bool) -> ModelVersion:
    """Make a model the champion, whatever the gate said, and queue the tagging of unreviewed turns with it.

    Raises:
        UsageError: no model of the store is called so.
        ModelError: its folder is gone.
    """
    from ipt_nlp.learning.versions import ensure_champion, find_ref, folder_of

    with _opened(url) as store:
        ensure_champion(store, LOCAL)
        ref = find_ref(store, name)
        folder_of(ref)
        return _changed(store, store.models.promote(LOCAL, ref), as_json=as_json)


def roll_back(url: str | None, *, as_json: bool) -> ModelVersion:
    """Take the last promotion back, and queue the tagging of unreviewed turns with the champion before.

    Raises:
        StoreError: there was no champion before.
        ModelError: its folder is gone; nothing was changed.
    """
    from ipt_nlp.learning.versions import folder_of

    with _opened(url) as store:
        with store.transaction():
            version = store.models.rollback(LOCAL)
            folder_of(version.ref)
        return _changed(store, version, as_json=as_json)


@contextmanager
def _opened(url: str | None) -> Iterator[AnnotationStore]:
    store = AnnotationStore.open(url, create=False)
    try:
        yield store
    finally:
        store.close()


def _changed(store: AnnotationStore, version: ModelVersion, *, as_json: bool) -> ModelVersion:
    from ipt_nlp.learning.worker import start_retagging

    job = start_retagging(store, LOCAL)
    if as_json:
        console.print_json({"champion": version.ref, "retag_job": job.job_id})
    else:
        console.say(f"Champion: {version.ref}. Unreviewed turns are being tagged anew (job {job.job_id}).")
    return version


def _row(version: ModelVersion) -> dict[str, Any]:
    return {
        "model": version.ref,
        "status": version.status,
        "codebook": version.codebook,
        "registered_at": version.registered_at,
        "registered_by": version.registered_by,
        "decision": version.metrics.get("decision"),
    }


def _reasons(version: ModelVersion) -> list[str]:
    reasons: list[str] = version.metrics.get("decision", {}).get("reasons", [])
    return reasons


def _print_result(result: Any) -> None:
    learned = result["learned"]
    console.say(
        f"{result['model']} learned from {learned['turns']:,} reviewed turns of {learned['sessions']:,} sessions and "
        f"{learned['replayed']:,} of the base corpus."
    )
    console.say("Promoted." if result["promoted"] else f"Not promoted; {result['champion']} stays.")
    for reason in result["reasons"]:
        console.say(f"  - {reason}")
