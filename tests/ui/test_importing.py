"""Files into the store."""

from __future__ import annotations

from pathlib import Path

import pytest
from spacy.language import Language

import ipt_nlp
from ipt_nlp.deidentify import NameRoster
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.ui.state.importing import (
    Prepared,
    described,
    details_of,
    details_table,
    guess_details,
    import_one,
    prepare,
    read_upload,
)
from ipt_nlp.ui.state.people import Refused, oidc_user, working_user
from ipt_nlp.ui.state.project import fill_example, is_new
from ipt_nlp.ui.state.sessions import Wanted, listed, reading_page, table
from tests.ui.conftest import PASSWORD, material

ONCE = b"Ines: And what happened then?\nRosa: I went home and nobody rang me, not even Nell's mother.\n"
TALK = ONCE * 2


@pytest.fixture(scope="module")
def nlp(tiny_model: Path) -> Language:
    return ipt_nlp.load(tiny_model)


def prepared(data: bytes, name: str = "s03_2026-03-04.txt", names: list[list[str]] | None = None) -> Prepared:
    return prepare(read_upload(name, data, {"Ines": "therapist", "Rosa": "client"}), NameRoster(names or []))[0]


def test_roles_are_asked_for_where_they_cannot_be_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    file = read_upload("../a.txt", b"Ines: Hm.\nRosa: Hm.\n" * 2, {})
    assert (file.unclear, [s.name for s in file.speakers], file.transcripts) == (True, ["Ines", "Rosa"], ())
    file = read_upload("a.txt", b"Ines: Hm.\nRosa: Hm.\n" * 2, {"Ines": "client", "Rosa": "therapist"})
    assert [u.speaker for u in file.transcripts[0].utterances] == ["client", "therapist"] * 2
    guessed = read_upload("a.txt", TALK * 6, {})
    assert (guessed.unclear, guessed.unsure) == (False, True)
    assert not read_upload("a.txt", b"Therapist: Hm?\nClient: Hm.\n", {}).unsure
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_read_says_why_without_its_text() -> None:
    file = read_upload("a.csv", b"secret,words\n1,2\n", {})
    assert file.problem
    assert ".csv" not in file.problem
    assert read_upload("a.txt", b"", {}).problem


def test_names_are_gone_before_anything_is_stored(store: AnnotationStore, nlp: Language) -> None:
    item = prepared(TALK, names=[["Nell"]])
    assert import_one(store, LOCAL, nlp, item).stored
    stored = store.transcripts.get("s03_2026-03-04")
    assert "[NAME1]'s mother" in stored.utterances[1].text
    assert item.deidentified.count == 2
    assert len(store.predictions.newest("s03_2026-03-04")) == 4


def test_importing_twice_is_said_and_changes_nothing(store: AnnotationStore, nlp: Language) -> None:
    import_one(store, LOCAL, nlp, prepared(TALK))
    entries = len(store.audit.newest(1000))
    again = import_one(store, LOCAL, nlp, prepared(TALK, "other name.txt"))
    assert "already, as s03_2026-03-04" in again.message
    assert len(store.audit.newest(1000)) == entries
    other = import_one(store, LOCAL, nlp, prepared(TALK * 2))
    assert (other.stored, "another id" in other.message) == (False, True)


def test_an_import_that_was_cut_short_is_made_good(store: AnnotationStore, nlp: Language) -> None:
    item = prepared(TALK)
    store.transcripts.add(LOCAL, item.transcript)
    assert "tagged" in import_one(store, LOCAL, nlp, item).message
    assert store.predictions.stamp("s03_2026-03-04")


def test_details_are_guessed_and_edited() -> None:
    item = prepared(TALK)
    assert (guess_details(item.transcript).date, guess_details(item.transcript).session_number) == ("2026-03-04", 3)
    edited = details_table([item])
    edited["Session id"], edited["Client code"], edited["Number"] = ["c7-03"], ["C7"], ["x"]
    name, details = details_of(edited, 0)
    changed = described(item, name, details)
    assert (changed.transcript.transcript_id, changed.details.client) == ("c7-03", "C7")
    assert changed.details.session_number is None


def test_the_example_is_put_in_once(tmp_path: Path, nlp: Language) -> None:
    store = AnnotationStore.open(tmp_path / "example.db")
    assert is_new(store)
    fill_example(store, nlp)
    fill_example(store, nlp)
    assert not is_new(store)
    rows = listed(store, Wanted("C01"))
    assert table(rows)["Turns"] == [76]
    assert not listed(store, Wanted(state="done"))
    page = reading_page(store, LOCAL, material(store, "example"))
    assert page.count('<li class="turn') == 76


def test_who_is_working(store: AnnotationStore) -> None:
    assert working_user(store, None) == LOCAL
    store.users.add(LOCAL, "ana@clinic.example", "admin", PASSWORD)
    store.users.add(LOCAL, "ben@clinic.example", "annotator", PASSWORD)
    assert working_user(store, None) is None
    assert working_user(store, "nobody") is None
    assert oidc_user(store, {"email": "Ana@Clinic.example"}) == store.users.get("ana@clinic.example")
    unknown = oidc_user(store, {"email": "eve@clinic.example"})
    assert isinstance(unknown, Refused)
    assert "eve@clinic.example" in unknown.why
    for said in ({"email": "ben@clinic.example", "email_verified": False}, {"email": None}, {}):
        assert isinstance(oidc_user(store, said), Refused)
    store.users.disable(LOCAL, "ben@clinic.example")
    assert working_user(store, "ben@clinic.example") is None
    assert isinstance(oidc_user(store, {"email": "ben@clinic.example"}), Refused)
