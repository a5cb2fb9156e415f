"""What protects the store: triggers, the audit, verification, migrations, transactions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from ipt_nlp.errors import ConflictError, StoreError
from ipt_nlp.store import LOCAL, AnnotationStore, schema
from ipt_nlp.store.audit import entry_hash
from ipt_nlp.store.values import NewAdjudication, User
from ipt_nlp.transcript import Transcript
from tests.store.conftest import PASSWORD, drop, new_url, run, session
from tests.store.full import coded, unlocked

# Which row of each table is changed behind the store's back, and what verification must name.
TAMPERED = {
    "transcripts": ("UPDATE transcripts SET created_by = 'eve'", "transcripts s01: it was changed"),
    "utterances": ("UPDATE utterances SET text = 'never said' WHERE position = 2", "transcripts s01: its turns"),
    "details": ("UPDATE details SET phase = 'late'", "details 1: it was changed"),
    "models": ("UPDATE models SET ref = 'b@1'", "models 1: it was changed"),
    "prediction_batches": ("UPDATE prediction_batches SET model = 'b@1'", "prediction_batches 1: it was changed"),
    "predictions": ("UPDATE predictions SET scores = '{}'", "prediction_batches 1: its predictions were changed"),
    "annotations": ("UPDATE annotations SET labels = '{}' WHERE event_id = 2", "annotations 2: it was changed"),
    "adjudications": ("UPDATE adjudications SET reason = 'other'", "adjudications 1: it was changed"),
    "sign_offs": ("UPDATE sign_offs SET decision = 'agree'", "sign_offs 1: it was changed"),
    "sign_ins": ("UPDATE sign_ins SET outcome = 'succeed'", "sign_ins 1: it was changed"),
    "audit": ("UPDATE audit SET actor = 'eve' WHERE seq = 3", "audit 3: it was changed"),
}


def said(store: AnnotationStore) -> list[str]:
    return [str(problem) for problem in store.verify()]


def test_a_full_store_is_sound(full: AnnotationStore) -> None:
    assert full.verify() == []


def test_append_only_tables_are(full: AnnotationStore, url: str) -> None:
    for table in schema.APPEND_ONLY:
        name, column = table.name, next(iter(table.columns)).name
        for statement in (f"UPDATE {name} SET {column} = {column}", f"DELETE FROM {name}"):  # noqa: S608  # our names
            with pytest.raises(DBAPIError, match=f"{name} is append-only"):
                run(url, statement)
    assert full.verify() == []


@pytest.mark.parametrize("table", TAMPERED)
def test_verification_names_a_row_that_was_changed(full: AnnotationStore, url: str, table: str) -> None:
    statement, problem = TAMPERED[table]
    unlocked(url, table, statement)
    found = said(full)
    assert any(line.startswith(problem) for line in found), found
    assert "never said" not in str(found)


def test_verification_names_a_user_who_made_themselves_admin(full: AnnotationStore, url: str) -> None:
    run(url, "UPDATE users SET role = 'admin' WHERE name = 'ann'", "UPDATE jobs SET created_by = 'eve'")
    assert said(full) == [
        "jobs 1: it was changed: its digest is another",
        "users ann: it was changed: its digest is another",
    ]


def test_verification_names_rows_that_are_missing_or_were_slipped_in(full: AnnotationStore, url: str) -> None:
    unlocked(
        url,
        "sign_offs",
        "INSERT INTO sign_offs (sign_off_id, transcript_id, supervisor, decision, item, reason, model, created_at) "
        "SELECT 7, transcript_id, 'eve', decision, item, reason, model, created_at FROM sign_offs",
        "DELETE FROM sign_offs WHERE sign_off_id = 1",
    )
    assert said(full) == ["sign_offs 7: the audit knows nothing of it", "sign_offs 1: the row is missing"]


def test_verification_names_a_gap_in_the_audit(full: AnnotationStore, url: str) -> None:
    unlocked(url, "audit", "DELETE FROM audit WHERE seq IN (4, 5)")
    assert "audit 6: entries 4 to 5 are missing before it" in said(full)


def test_a_hash_that_was_made_to_fit_breaks_the_chain(full: AnnotationStore, url: str) -> None:
    third = next(entry for entry in full.audit.newest() if entry.seq == 3)
    forged = entry_hash(replace(third, actor="eve"))
    unlocked(
        url,
        "audit",
        "UPDATE audit SET actor = 'eve' WHERE seq = 3",
        f"UPDATE audit SET hash = '{forged}' WHERE seq = 3",  # noqa: S608  # a digest
    )
    assert said(full) == ["audit 4: it does not follow the entry before it"]


def test_the_audit_holds_ids_and_no_text(full: AnnotationStore) -> None:
    shown = str(full.audit.newest(100))
    for text in ("s01 says", "“first”", "second", "loss of a job", "Ames", PASSWORD):
        assert text not in shown


def test_what_fails_inside_a_transaction_leaves_nothing(store: AnnotationStore, s01: Transcript, ann: User) -> None:
    before = store.audit.head()
    with pytest.raises(ConflictError):
        _add_and_fail(store, ann)
    assert [row.transcript_id for row in store.transcripts.list()] == [s01.transcript_id]
    assert store.events.of_coder("s01", "ann") == ()
    assert store.audit.head() == before


def _add_and_fail(store: AnnotationStore, ann: User) -> None:
    with store.transaction():
        store.transcripts.add(LOCAL, session("s02"))
        store.events.append(ann, coded())
        store.events.append(ann, coded())


@pytest.mark.usefixtures("s01")
def test_an_inner_transaction_can_fail_alone(store: AnnotationStore, ann: User) -> None:
    with store.transaction():
        first = store.events.append(ann, coded())
        with pytest.raises(ConflictError):
            store.events.append(ann, coded())
        assert store.events.of_coder("s01", "ann") == (first,)
        with store.transaction():
            store.events.append(ann, coded(first.event_id))
    assert len(store.events.of_coder("s01", "ann")) == 2
    assert store.verify() == []


def test_the_migrations_make_the_schema(store: AnnotationStore) -> None:
    with store.database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, schema.metadata) == []
    config = Config()
    config.set_main_option("script_location", "ipt_nlp.store:migrations")
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [schema.REVISION]


def test_opening_again_changes_nothing(store: AnnotationStore, url: str) -> None:
    assert store.migrate() == (schema.REVISION, schema.REVISION)
    again = AnnotationStore.open(url)
    assert again.transcripts.list() == ()
    again.close()


def test_a_store_of_a_newer_version_is_refused(store: AnnotationStore, url: str) -> None:
    store.close()
    run(url, "UPDATE alembic_version SET version_num = '0999'")
    with pytest.raises(StoreError, match=r"newer ipt-nlp .its version is 0999, this one knows up to 0004"):
        AnnotationStore.open(url)


def test_a_database_of_something_else_is_refused(backend: str, tmp_path: Path) -> None:
    place = new_url(backend, tmp_path)
    run(place, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match="1 tables of something else"):
        AnnotationStore.open(place)
    drop(place)


def test_errors_of_the_database_quote_nothing(store: AnnotationStore, s01: Transcript) -> None:
    row = {"transcript_id": "s01", "utterance_id": "0", "position": 0, "speaker": "client", "text": "a secret"}
    with pytest.raises(StoreError) as caught, store.transaction() as t:
        t.connection.execute(insert(schema.utterances), row)
    assert str(caught.value).startswith("the store refused a change")
    assert caught.value.__suppress_context__
    assert "secret" not in str(caught.value)
    assert store.transcripts.get("s01") == s01


def test_a_decision_without_its_labels_is_still_sound(full: AnnotationStore) -> None:
    none = NewAdjudication(transcript_id="s01", utterance_id=2, labels={}, confidence="low", reason="other")
    full.adjudications.append(LOCAL, none)
    assert full.verify() == []
