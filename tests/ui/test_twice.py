"""The queue of turns that two coders code, each by themselves."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from streamlit.testing.v1 import AppTest

from ipt_nlp.agreement.tables import codings, comparisons
from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import AnnotationEvent, Item, User
from ipt_nlp.ui import AGREEMENT, REVIEW, PageFile
from ipt_nlp.ui.state.agreement import Verdict, decide, disagreements, options
from ipt_nlp.ui.state.blind import always_blind
from ipt_nlp.ui.state.queues import QUEUES, Queue, next_item, still_wanted
from ipt_nlp.ui.views.staying import TICKET, tickets
from tests.ui.coders import code, person
from tests.ui.conftest import fill, open_turns, transcript

TWICE, ONCE = QUEUES["twice"], QUEUES["random"]
BOOK = Codebook.load("ipt")
FREE = open_turns()


def said(store: AnnotationStore, who: str, *, assisted: bool = False, skipped: bool = False) -> list[AnnotationEvent]:
    """A coder's only event on a turn."""
    coder = person(store, who)
    made = code(store, coder, "s01", FREE[0], "grief", assisted=assisted)
    return [made] if not skipped else [store.events.undo(coder, "s01", FREE[0], made.event_id)]


def order(store: AnnotationStore, who: User, queue: Queue = TWICE) -> list[Item]:
    assert queue.order is not None
    return list(queue.order(store, who))


def coded(store: AnnotationStore, who: User, item: Item | None, *, assisted: bool = False) -> Item:
    assert item is not None
    code(store, who, item[0], int(item[1]), "grief", assisted=assisted, saved=True)
    return item


def work(store: AnnotationStore, who: User, turns: int) -> list[Item]:
    """The turns that come to a coder who codes them all."""
    items, now, done = order(store, who), None, []
    for _ in range(turns):
        now = next_item(store, who, TWICE, items, now)
        done.append(coded(store, who, now))
    return done


def test_a_turn_is_wanted_until_two_have_coded_it_blind(store: AnnotationStore) -> None:
    ann, ben, eve = said(store, "ann"), said(store, "ben"), said(store, "eve", assisted=True)
    nobody: frozenset[str] = frozenset()
    assert still_wanted(TWICE, "cas", {"ann": ann}, nobody)
    assert still_wanted(TWICE, "cas", {"ann": ann, "eve": eve}, nobody)
    assert not still_wanted(TWICE, "cas", {"ann": ann, "ben": ben}, nobody)
    assert not still_wanted(TWICE, "cas", {"ann": ann}, {"ben"})
    assert still_wanted(TWICE, "cas", {"ann": ann}, {"ann", "cas"})
    assert not still_wanted(TWICE, "ann", {"ann": ann}, nobody)
    assert not still_wanted(ONCE, "cas", {"ann": ann}, nobody)
    assert not still_wanted(ONCE, "cas", {"eve": eve}, nobody)
    assert not still_wanted(ONCE, "cas", {}, {"ann"})


def test_nobody_gets_a_turn_whose_suggestions_they_have_seen(store: AnnotationStore) -> None:
    ann = person(store, "ann")
    made = code(store, ann, "s01", FREE[0], "grief", assisted=True)
    store.events.undo(ann, "s01", FREE[0], made.event_id)
    events = store.events.of_coder("s01", "ann")
    assert events[-1].labels is None
    assert not still_wanted(TWICE, "ann", {"ann": events}, frozenset())
    items = order(store, ann)
    others = [item for item in items if item != ("s01", FREE[0])]
    store.glimpses.add(ann, others[:-1])
    assert next_item(store, ann, TWICE, items, None) == others[-1]


def test_two_get_the_same_turns_in_the_order_of_chance_and_a_third_what_is_left(store: AnnotationStore) -> None:
    fill(store, transcript("long", 60))
    ann, ben, cas = (person(store, name) for name in ("ann", "ben", "cas"))
    by_chance = order(store, LOCAL, ONCE)
    assert order(store, ann) == order(store, ben) == by_chance
    audit = sum(map(always_blind, by_chance))
    assert 0 < audit < 20
    assert work(store, ann, 20) == by_chance[:20]
    assert work(store, ben, 10) == by_chance[:10]
    # Ben has the next two on lease; what Ann alone has coded after them is in want of a second coder.
    assert work(store, cas, 6) == by_chance[12:18]


def test_no_third_gets_what_two_hold_or_have_coded(store: AnnotationStore) -> None:
    ann, ben, cas = (person(store, name) for name in ("ann", "ben", "cas"))
    first, *rest = order(store, ann)
    assert next_item(store, ann, TWICE, [first], None) == next_item(store, ben, TWICE, [first], None) == first
    assert next_item(store, cas, TWICE, [first], None) is None
    coded(store, ann, first)
    assert next_item(store, cas, TWICE, [first], None) is None
    assert next_item(store, ann, TWICE, [first, *rest], first) == rest[0]
    assert next_item(store, cas, TWICE, [first], None) is None
    assert next_item(store, ben, TWICE, [first], first) is None
    assert next_item(store, cas, TWICE, [first], None) == first


def test_what_two_have_finished_is_left_out_of_the_order_and_keeps_no_writer_waiting(store: AnnotationStore) -> None:
    fill(store, transcript("long", 150))
    ann, ben, cas = (person(store, name) for name in ("ann", "ben", "cas"))
    before = order(store, cas)
    *finished, once, helped, free = before
    for item in finished:
        coded(store, ann, item)
        coded(store, ben, item)
    coded(store, ann, once)
    coded(store, ann, helped)
    coded(store, ben, helped, assisted=True)
    assert order(store, cas) == [once, helped, free]
    writes: list[bool] = []
    event.listen(
        store.database.engine, "begin", lambda c: writes.append(bool(c.get_execution_options().get("ipt_write")))
    )
    assert next_item(store, cas, TWICE, before, None) == once
    assert (len(before), sum(writes)) == (162, 1)


def test_what_one_coded_with_suggestions_is_wanted_from_two_others(store: AnnotationStore) -> None:
    ann, ben, cas = (person(store, name) for name in ("ann", "ben", "cas"))
    item: Item = ("s01", FREE[0])
    coded(store, ann, item, assisted=True)
    for coder in (ben, cas):
        coded(store, coder, next_item(store, coder, TWICE, [item], None))
    assert next_item(store, person(store, "dan"), TWICE, [item], None) is None


def test_what_was_coded_counts_as_blind_passes_and_differences_are_decided(store: AnnotationStore) -> None:
    ann, ben, sue = person(store, "ann"), person(store, "ben"), person(store, "sue", "supervisor")
    (one, two, three), items = work(store, ann, 3), order(store, ben)
    code(store, ben, one[0], int(one[1]), "grief")
    code(store, ben, two[0], int(two[1]), "role_dispute")
    code(store, ben, three[0], int(three[1]), "grief")
    assert next_item(store, ben, TWICE, items, None) not in (one, two, three)
    found = codings(store, sue)
    (pair,) = comparisons(found, BOOK, "coder")
    assert (pair.sides, pair.turns, pair.assisted) == (("ann", "ben"), 3, 0)
    assert {figures.n for figures in pair.rows["themes"]} == {3}
    (turn,) = disagreements(found, pair)
    assert turn.item == two
    assert decide(store, sue, turn, Verdict(options(turn)[0], "high", "oversight"), BOOK) == ""


THEMES = {"ann": ("grief", "grief", "grief"), "ben": ("grief", "role_dispute", "grief")}


@pytest.fixture
def coders(own: AnnotationStore) -> AnnotationStore:
    """A project of two annotators and a researcher, which the pages find by themselves."""
    for name in ("ann", "ben"):
        person(own, name)
    person(own, "rae", "researcher")
    return own


def window(own: AnnotationStore, page: PageFile, who: str) -> AppTest:
    test = AppTest.from_file(str(page.file), default_timeout=180)
    ticket = tickets().issue(own, who)
    for name, value in {TICKET: ticket, "example": False, "queue": TWICE.name}.items():
        test.session_state[name] = value
    test.run()
    assert not test.exception
    return test


def test_two_people_code_the_same_turns_on_the_page_without_seeing_each_other(coders: AnnotationStore) -> None:
    pages = {name: window(coders, REVIEW, name) for name in THEMES}
    for step in range(3):
        assert pages["ann"].session_state["cursor"].item == pages["ben"].session_state["cursor"].item
        for name, page in pages.items():
            assert not [button for button in page.button if "✓" in button.label]
            assert "Suggested codes" not in " ".join(str(e.value) for e in page.get("html"))  # type: ignore[attr-defined]
            page.button(key=f"code_{THEMES[name][step]}").click().run()
            page.button(key="do_accept").click().run()
            assert not page.exception
    assert coders.search.coded_by("ann") == coders.search.coded_by("ben")
    assert {said.mode for name in THEMES for said in coders.events.by(name)} == {"blind"}


def test_the_figures_are_those_of_what_two_have_coded(coders: AnnotationStore) -> None:
    items = order(coders, person(coders, "ann"))[:3]
    for name, themes in THEMES.items():
        for (session, turn), theme in zip(items, themes, strict=True):
            code(coders, person(coders, name), session, int(turn), theme, saved=True)
    shown = window(coders, AGREEMENT, "rae")
    assert shown.selectbox(key="between_coder").options == ["ann and ben: 3 shared turns"]
    table = shown.dataframe[0].value
    assert {code: tuple(row) for code, *row in table[["Code", "Turns", "Differ"]].itertuples(index=False)} == {
        BOOK.by_name["grief"].title: (3, 1),
        BOOK.by_name["role_dispute"].title: (3, 1),
    }
    assert "1 turn differs on any code, 1 to decide" in " ".join(str(e.value) for e in shown.markdown)
