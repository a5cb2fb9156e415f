"""How far coders agree, where they differ, and what is decided there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ipt_nlp.agreement.pairs import Interval, LabelAgreement
from ipt_nlp.agreement.tables import Coding, Codings, Comparison, flat, side
from ipt_nlp.codebook import Codebook
from ipt_nlp.errors import StoreError
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import Adjudication, Confidence, Item, NewAdjudication, Reason, User
from ipt_nlp.ui.state.blind import kept_back
from ipt_nlp.ui.state.desk import histories
from ipt_nlp.ui.state.files import csv_bytes

REASONS: Mapping[Reason, str] = {
    "oversight": "Oversight",
    "context_missed": "Context missed",
    "manual_unclear": "The manual is unclear",
    "wrong_label": "Wrong code",
    "other": "Other",
}
# A bootstrap over fewer sessions says too little of others.
FEWEST_SESSIONS = 10
Labels = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. ``differ``: turns on which the sides differ."""

    group: str
    figures: LabelAgreement
    differ: int

    @property
    def used(self) -> bool:
        return self.figures.prevalence > 0


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A turn that was coded differently.

    Attributes:
        said: the codings that differ, in an order that does not tell whose they are.
        labels: codes that some of them give and others do not.
        decided: the newest decision on it.
    """

    item: Item
    said: tuple[Coding, ...]
    labels: tuple[str, ...]
    decided: Adjudication | None

    @property
    def events(self) -> tuple[int, ...]:
        return tuple(coding.event for coding in self.said if coding.event is not None)

    def is_by(self, name: str) -> bool:
        """Whether one of the codings is by the person of that name."""
        return any(coding.annotation.coder == name for coding in self.said)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an adjudicator has put in; None for what is still to be said."""

    labels: Labels | None
    confidence: Confidence | None
    reason: Reason | None
    note: str = ""


def title(comparison: Comparison) -> str:
    """A comparison in words, with its turns."""
    names = comparison.sides
    if comparison.by == "model":
        who = f"{names[0]} and the model {names[1].split('+')[0]}"
    else:
        who = f"{names[0]} and {names[1]}" if len(names) == 2 else f"All {len(names)} coders"
    turns = "turn" if comparison.turns == 1 else "turns"
    return f"{who}: {comparison.turns:,} shared {turns}"


def table_rows(comparison: Comparison, differing: Sequence[Disagreement], *, unused: bool) -> list[Row]:
    """The lines of a comparison, by group in the order of the codebook; codes that nobody used only if asked for."""
    count: dict[str, int] = {}
    for turn in differing:
        for label in turn.labels:
            count[label] = count.get(label, 0) + 1
    rows = [Row(g, figures, count.get(figures.label, 0)) for g, found in comparison.rows.items() for figures in found]
    return [row for row in rows if unused or row.used]


def columns(rows: Sequence[Row], codebook: Codebook, *, many: bool) -> dict[str, list[Any]]:
    """Columns for the table; ``many``: of more than two coders, for whom there is alpha in place of kappa."""
    main, name = ("alpha", "Alpha") if many else ("kappa", "Kappa")
    figures = [row.figures for row in rows]
    return {
        "Code": [codebook.by_name[f.label].title for f in figures],
        "Turns": [f.n for f in figures],
        "Used": [round(100 * f.prevalence, 1) if f.n else None for f in figures],
        "Differ": [row.differ for row in rows],
        "Raw": [f.raw for f in figures],
        name: [getattr(f, main) for f in figures],
        "95 %": [span(f.intervals.get("alpha") if many else f.interval) for f in figures],
        "AC1": [f.ac1 for f in figures],
        "Positive": [f.positive for f in figures],
        "Negative": [f.negative for f in figures],
        "Note": [note(f) for f in figures],
    }


def span(interval: Interval | None) -> str:
    low, high = (round(x, 2) + 0.0 for x in interval or (0.0, 0.0))  # no minus before a nought
    return f"{low:.2f} to {high:.2f}" if interval else ""


def note(figures: LabelAgreement) -> str:
    """Why a figure or its interval is missing."""
    if figures.why:
        return figures.why
    if figures.transcripts == 1:
        return "one session only: no interval"
    few = 0 < figures.transcripts < FEWEST_SESSIONS
    return f"{figures.transcripts} sessions only: the interval is rough" if few else ""


def disagreements(
    found: Codings, comparison: Comparison, *, label: str | None = None, assisted: bool = False
) -> list[Disagreement]:
    """Turns on which the sides differ, on ``label`` or on any; those without a decision first."""
    sides = [side(found, name, assisted=assisted) for name in comparison.sides]
    known = found.known.get(comparison.sides[-1])
    items = dict.fromkeys(item for said in sides for item in said)
    turns = []
    for item in items:
        said = [given[item] for given in sides if item in given]
        labels = differing(said, known, found)
        if labels and (label is None or label in labels):
            turns.append(Disagreement(item, shuffled(item, said), labels, found.decided.get(item)))
    return sorted(turns, key=lambda turn: turn.decided is not None)


def without_kept_back(store: AnnotationStore, actor: User, turns: Sequence[Disagreement]) -> list[Disagreement]:
    """``turns`` less those on which what the model says is kept back from ``actor``; the figures count them all."""
    frozen = store.search.frozen()
    mine = histories(store, actor, {turn.item[0] for turn in turns})
    return [
        turn
        for turn in turns
        if kept_back(turn.item, mine.get(turn.item, ()), blind=False, frozen=turn.item[0] in frozen) == "no"
    ]


def differing(said: Sequence[Coding], known: frozenset[str] | None, found: Codings) -> tuple[str, ...]:
    """Codes that some give and others do not, in groups that all of them coded.

    Of a model's only what it knows; of codings under a version that did not have the code, nothing.
    """
    shared = set.intersection(*(set(coding.annotation.labels) for coding in said)) if len(said) > 1 else set()
    differ: dict[str, None] = {}
    for group in sorted(shared):
        for label in dict.fromkeys(x for coding in said for x in coding.annotation.labels[group]):
            without = found.lacking(label)
            given = [label in c.annotation.labels[group] for c in said if c.annotation.codebook not in without]
            if any(given) and not all(given) and (not known or label in known):
                differ[label] = None
    return tuple(differ)


def shuffled(item: Item, said: Sequence[Coding]) -> tuple[Coding, ...]:
    """``said`` in an order that is the turn's own, so that no coder is always the first."""

    def draw(coding: Coding) -> bytes:
        return hashlib.sha256(f"side-1:{item!r}:{coding.annotation.coder}".encode()).digest()

    return tuple(sorted(said, key=draw))


def options(turn: Disagreement) -> list[Labels]:
    """The different codings of a turn, to choose from."""
    seen: list[Labels] = []
    for coding in turn.said:
        labels = {group: tuple(given) for group, given in coding.annotation.labels.items()}
        if not any({g: set(x) for g, x in labels.items()} == {g: set(x) for g, x in other.items()} for other in seen):
            seen.append(labels)
    return seen


def worded(labels: Labels, codebook: Codebook) -> str:
    """Labels by their titles."""
    names = [label for given in labels.values() for label in given]
    return ", ".join(codebook.by_name[x].title if x in codebook.by_name else x for x in names) or "no code"


def decide(store: AnnotationStore, actor: User, turn: Disagreement, verdict: Verdict, codebook: Codebook) -> str:
    """Store a decision; returns what is missing, or why it was refused, or nothing."""
    if verdict.labels is None or verdict.confidence is None or verdict.reason is None:
        return "Choose the codes, say how sure you are, and why the codings differ."
    new = NewAdjudication(
        transcript_id=turn.item[0],
        utterance_id=turn.item[1],
        labels=verdict.labels,
        confidence=verdict.confidence,
        reason=verdict.reason,
        note=verdict.note.strip(),
        codebook=codebook.ref,
        events=turn.events,
    )
    try:
        with store.transaction():
            if _changed(store, actor, turn):
                return "This turn was changed by somebody else meanwhile. Look at it again."
            store.adjudications.append(actor, new)
    except StoreError as error:
        return f"Not saved: {error}"
    return ""


def _changed(store: AnnotationStore, actor: User, turn: Disagreement) -> bool:
    """Whether one of the coders, or another adjudicator, has said something else since."""
    name, number = turn.item
    newest = {e.coder: e.event_id for e in store.events.of_all_coders(actor, name) if e.utterance_id == number}
    decisions = [a.adjudication_id for a in store.adjudications.of(name) if a.decision.utterance_id == number]
    seen = turn.decided.adjudication_id if turn.decided else 0
    coders = {c.annotation.coder: c.newest for c in turn.said if c.newest is not None}
    return any(newest[coder] != event for coder, event in coders.items()) or (decisions or [0])[-1] != seen


def agreement_csv(comparisons: Sequence[Comparison]) -> bytes:
    """Every figure of every comparison, with intervals."""
    records = [record for comparison in comparisons for record in flat(comparison)]
    return csv_bytes(list(records[0]) if records else [], [list(record.values()) for record in records])
