"""Dropping files: who is who, names out, details, and in they go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import streamlit as st

from ipt_nlp.deidentify import NameRoster, likely_names, parse_roster
from ipt_nlp.readers import SUFFIXES
from ipt_nlp.transcript import Role
from ipt_nlp.ui.state.importing import (
    Imported,
    Prepared,
    ReadFile,
    described,
    details_of,
    details_table,
    import_one,
    prepare,
    read_upload,
)
from ipt_nlp.ui.views.preview import preview
from ipt_nlp.ui.views.shared import actor, codebook, pipeline, plain, store

ROLES = get_args(Role)


def importer() -> None:
    """The whole import, from dropped files to a line for each session."""
    st.subheader("Import sessions", anchor=False)
    done: list[Imported] = st.session_state.pop("imported", [])
    for result in done:
        (st.success if result.stored else st.warning)(f"{plain(result.name)}: {plain(result.message)}")
    batch = st.session_state.setdefault("batch", 0)
    uploads = st.file_uploader(
        "Transcripts; they stay on this machine.",
        type=[suffix[1:] for suffix in SUFFIXES],
        accept_multiple_files=True,
        key=f"uploads_{batch}",
    )
    if not uploads:
        return
    files = [with_roles(number, upload.name, upload.getvalue()) for number, upload in enumerate(uploads)]
    prepared = without_names(files)
    if prepared:
        finish(prepared, waiting=any(file.unclear for file in files))


@st.cache_data(show_spinner="Reading …", max_entries=64)
def read(name: str, data: bytes, roles: tuple[tuple[str, Role], ...]) -> ReadFile:
    return read_upload(name, data, dict(roles))


def with_roles(number: int, name: str, data: bytes) -> ReadFile:
    """A file, with the roles of its speakers as they are chosen below its name."""
    file = read(name, data, ())
    if file.problem:
        st.error(f"{plain(name)}: {plain(file.problem)}")
    if not file.unsure:
        return file
    said = "Who is who" if file.unclear else "Please check who is who; this was told from how they talk"
    st.markdown(f"**{plain(name)}**: {said}.")
    roles: dict[str, Role] = {}
    for column, speaker in zip(st.columns(max(len(file.speakers), 4)), file.speakers, strict=False):
        index = ROLES.index(speaker.role) if speaker.role else None
        with column:
            role = st.selectbox(plain(speaker.name), ROLES, index, key=f"role_{number}_{name}_{speaker.name}")
        if role is not None:
            roles[speaker.name] = role
    return read(name, data, tuple(roles.items()))


def without_names(files: Sequence[ReadFile]) -> list[Prepared]:
    """The transcripts as they would be stored, with the preview of what changes."""
    transcripts = [transcript for file in files for transcript in file.transcripts]
    if not transcripts:
        return []
    wanted = st.toggle("Replace names before anything is stored", value=True, key="deidentify")
    people = []
    if wanted:
        typed, seen = st.columns([2, 3], gap="medium")
        with typed:
            names = st.text_area(
                "Names, one person a line; commas between the names one person goes by", key="roster", height=170
            )
            hints = list(dict.fromkeys(name for transcript in transcripts for name in likely_names(transcript)))
            st.text("Words with a capital, which may be names: " + (", ".join(hints) or "none"))
        people = parse_roster(names or "")
    prepared = [item for file in files for item in prepare(file, NameRoster(people))]
    if wanted:
        with seen:
            preview(prepared)
    return prepared


def finish(prepared: Sequence[Prepared], *, waiting: bool) -> None:
    """Details of the sessions, and the button that stores them."""
    st.text("Details of the sessions. Ids and client codes should name nobody.")
    edited: Any = st.data_editor(details_table(prepared), hide_index=True, disabled=["File", "Turns"], key="details_of")
    one, two = st.columns([1, 4], vertical_alignment="center")
    if waiting:
        two.warning("Some files wait for the roles of their speakers and are left out.")
    sessions = "session" if len(prepared) == 1 else "sessions"
    if one.button(f"Import {len(prepared)} {sessions}", type="primary", width="stretch"):
        store_all([described(p, *details_of(edited, row)) for row, p in enumerate(prepared)])


def store_all(prepared: Sequence[Prepared]) -> None:
    """Store and tag one after the other, with a bar."""
    bar = st.progress(0.0, "Loading the model …")
    nlp = pipeline(codebook().ref)
    done = []
    for number, item in enumerate(prepared):
        bar.progress(number / len(prepared), f"Tagging {plain(item.transcript.transcript_id)} …")
        done.append(import_one(store(), actor(), nlp, item))
    st.session_state["imported"] = done
    st.session_state["batch"] += 1
    st.rerun()
