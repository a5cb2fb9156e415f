"""Versions of the codebook are kept as they were, and codings are counted by them."""

from __future__ import annotations

import pytest

from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import RoleError
from ipt_nlp.store import LOCAL, AnnotationStore
from tests.store.conftest import person, session
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
