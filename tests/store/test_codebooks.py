"""Versions of the codebook are kept as they were, and codings are counted by them."""

from __future__ import annotations

import pytest

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import RoleError
from ipt_nlp.store import LOCAL, AnnotationStore
from tests.store.conftest import person, run, session
from tests.store.full import coded

IPT = Codebook.load("ipt")
OTHER = IPT.model_copy(update={"name": "own", "version": "1.2", "title": "“Mine” \u0001"})


def test_a_version_comes_back_as_it_was(store: AnnotationStore) -> None:
    sue = person(store, "sue", "supervisor")
    assert store.codebooks.keep(LOCAL, IPT)
    assert store.codebooks.keep(sue, OTHER)
    assert [(v.codebook, v.created_by) for v in store.codebooks.list()] == [(IPT, "local"), (OTHER, "sue")]
    assert store.audit.newest(1, what="codebook.change")[0].actor == "sue"
    assert store.verify() == []


def test_only_what_says_something_else_is_another_version(store: AnnotationStore) -> None:
    assert store.codebooks.keep(LOCAL, IPT)
    assert not store.codebooks.keep(LOCAL, IPT)
    assert store.codebooks.keep(LOCAL, IPT.model_copy(update={"title": "Changed by hand under the same version"}))
    assert len(store.codebooks.list()) == 2


def test_what_lay_in_its_file_is_nobodys(store: AnnotationStore) -> None:
    assert store.codebooks.keep(LOCAL, IPT, found=True)
    assert [v.created_by for v in store.codebooks.list()] == [""]
    assert store.verify() == []


def with_labels(*names: str) -> Codebook:
    labels = [label for label in IPT.labels if label.name in names]
    return IPT.model_copy(update={"labels": tuple(labels), "version": "7"})


def test_a_ref_that_says_two_things_has_what_both_have(store: AnnotationStore) -> None:
    for names in (("grief", "role_dispute"), ("grief", "clarification")):
        store.codebooks.keep(LOCAL, with_labels(*names))
    assert store.codebooks.labels() == {"ipt@7": {"grief"}}


def test_a_version_that_is_not_kept_has_what_was_given_under_it(store: AnnotationStore) -> None:
    store.transcripts.add(LOCAL, session())
    store.codebooks.keep(LOCAL, with_labels("grief"))
    ann, ben = person(store, "ann"), person(store, "ben")
    first = store.events.append(ann, coded(codebook="own@1.2"))
    store.events.append(ann, coded(first.event_id, codebook="own@1.2", labels={"themes": ("birth",)}))
    store.events.append(ben, coded(codebook="ipt@7"))
    assert store.codebooks.labels() == {"ipt@7": {"grief"}, "own@1.2": {"birth", "affect"}}


def test_a_version_that_is_not_kept_is_read_from_its_file_as_long_as_it_is_that_version(store: AnnotationStore) -> None:
    store.transcripts.add(LOCAL, session())
    first = store.events.append(LOCAL, coded(codebook=IPT.ref))
    store.events.append(LOCAL, coded(first.event_id, codebook="ipt@0.1", labels={"themes": ("grief",)}))
    assert store.codebooks.labels() == {IPT.ref: frozenset(IPT.by_name), "ipt@0.1": {"grief"}}


def test_a_version_that_the_program_would_not_take_says_what_it_had(url: str, store: AnnotationStore) -> None:
    content = '{"labels": [{"name": "grief", "gone": 1}]}'
    run(url, f"INSERT INTO codebooks VALUES (1, 'ipt@0', '{content}', 'ann', '2026')")  # noqa: S608
    assert store.codebooks.labels() == {"ipt@0": {"grief"}}


def test_the_codebook_is_not_for_annotators_to_change(store: AnnotationStore) -> None:
    with pytest.raises(RoleError, match=r"codebook\.change"):
        store.codebooks.keep(person(store, "ann"), IPT)
    assert store.codebooks.list() == ()


def test_codings_that_stand_are_counted_by_version(store: AnnotationStore) -> None:
    store.transcripts.add(LOCAL, session())
    ann, ben = person(store, "ann"), person(store, "ben")
    first = store.events.append(ann, coded())
    store.events.append(ben, coded(codebook="own@1.2"))
    assert store.codebooks.codings() == {"ipt@1": 1, "own@1.2": 1}
    again = store.events.append(ann, coded(first.event_id, codebook="own@1.2"))
    assert store.codebooks.codings() == {"own@1.2": 2}
    store.events.undo(ann, "s01", 0, again.event_id)
    assert store.codebooks.codings() == {"ipt@1": 1, "own@1.2": 1}
