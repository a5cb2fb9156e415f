"""Who agrees with whom in a store: coders with each other, and with the model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from statistics import median
from typing import Any, Literal

from ipt_nlp.agreement.many import many_agreement
from ipt_nlp.agreement.pairs import LabelAgreement, label_agreement
from ipt_nlp.agreement.passes import blind_pass, counts
from ipt_nlp.annotation import Annotation, Prediction
from ipt_nlp.codebook import Codebook
from ipt_nlp.store import AnnotationStore
from ipt_nlp.store.values import Adjudication, AnnotationEvent, Item, User

By = Literal["coder", "model"]
# A coding is marked where it took less than this part of its coder's median; fewer codings have no median to go by.
FAST_SHARE = 1 / 3
FEWEST_FOR_MEDIAN = 10


@dataclass(frozen=True, slots=True)
class Coding:
    """What a coder says of a turn, or a model. ``event`` is None for a model.

    Attributes:
        newest: the coder's newest event on the turn, which is a later one than ``event`` where they changed what they
            had said without suggestions once these came into view.
        seconds: that the coder spent on the turn so far.
        median: of the coder's seconds over all turns; None where there are too few to say.
    """

    annotation: Annotation
    event: int | None = None
    seconds: float = 0.0
    median: float | None = None
    newest: int | None = None

    @property
    def item(self) -> Item:
        return self.annotation.transcript_id, self.annotation.utterance_id

    @property
    def fast(self) -> bool:
        """Whether the coding was made much faster than the coder's are as a rule."""
        return self.median is not None and 0 < self.seconds < FAST_SHARE * self.median


@dataclass(frozen=True, slots=True)
class Codings:
    """All that coders and models say of the turns that somebody has coded, and what was decided on them.

    Attributes:
        coders: coder -> turn -> coding; models: model -> turn -> coding.
        blind: coder -> turn -> what they said before suggestions came into view.
        codes: ref of a codebook -> its labels, for every version that a coding names. A coding says nothing of a code
            that its version did not have.
        known: model -> labels that it can give.
        decided: turn -> the newest decision.
    """

    coders: Mapping[str, Mapping[Item, Coding]]
    models: Mapping[str, Mapping[Item, Coding]]
    known: Mapping[str, frozenset[str]]
    decided: Mapping[Item, Adjudication]
    blind: Mapping[str, Mapping[Item, Coding]]
    codes: Mapping[str, frozenset[str]]

    def lacking(self, label: str) -> frozenset[str]:
        """The refs of codebooks without ``label``."""
        return frozenset(ref for ref, labels in self.codes.items() if label not in labels)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides, or more than two coders, on all codes of a codebook.

    Attributes:
        sides: names of coders or a model, as they were compared.
        turns: that the sides share; assisted: those of them that somebody coded with a suggestion in view, which are
            left out unless they were asked for.
        rows: group of labels -> its labels.
    """

    by: By
    sides: tuple[str, ...]
    turns: int
    assisted: int
    rows: Mapping[str, tuple[LabelAgreement, ...]]


def codings(store: AnnotationStore, actor: User) -> Codings:
    """What a store holds now, for ``actor`` to see.

    Raises:
        RoleError: ``actor`` codes blind to others.
    """
    coders: dict[str, dict[Item, Coding]] = {}
    blind: dict[str, dict[Item, Coding]] = {}
    models: dict[str, dict[Item, Coding]] = {}
    known: dict[str, set[str]] = {}
    decided: dict[Item, Adjudication] = {}
    for row in store.transcripts.list():
        name = row.transcript_id
        touched: set[Item] = set()
        for events in _by_turn(store.events.of_all_coders(actor, name)):
            for said, found in ((events, coders), (blind_pass(events), blind)):
                if counts(said, events):
                    coding = _coding(said, events[-1].event_id)
                    found.setdefault(coding.annotation.coder, {})[coding.item] = coding
                    touched.add(coding.item)
        for p in store.predictions.newest(name).values() if touched else ():
            if (name, p.utterance_id) in touched:
                models.setdefault(p.model, {})[name, p.utterance_id] = Coding(_said(p))
                known.setdefault(p.model, set()).update(p.scores)
        decided |= {(name, a.decision.utterance_id): a for a in store.adjudications.of(name)}
    medians = {coder: _median(found) for coder, found in coders.items()}
    timed, free = (
        {coder: _with_median(found, medians.get(coder)) for coder, found in sorted(kind.items())}
        for kind in (coders, blind)
    )
    codes = store.codebooks.labels()
    return Codings(timed, models, {model: frozenset(labels) for model, labels in known.items()}, decided, free, codes)


def comparisons(found: Codings, codebook: Codebook, by: By, *, assisted: bool = False) -> list[Comparison]:
    """Each pair of coders that share turns, then all of them where they are more than two; or each coder and model.

    Args:
        assisted: take turns, too, that were coded with a suggestion in view. Two people who saw the same suggestion
            agree with each other, and with the model, more than they would by themselves.
    """
    if by == "model":
        pairs: Iterable[tuple[str, ...]] = product(found.coders, found.models)
    else:
        pairs = combinations(found.coders, 2)
    sides = [pair for pair in pairs if _shared(found, pair)]
    if by == "coder" and len(found.coders) > 2 and sides:
        sides.append(tuple(found.coders))
    return [_compared(found, codebook, by, names, assisted=assisted) for names in sides]


def side(found: Codings, name: str, *, assisted: bool) -> dict[Item, Coding]:
    """Turn -> what the coder or the model of that name says; before a suggestion was in view unless ``assisted``."""
    if name in found.models:
        return dict(found.models[name])
    return dict((found.coders if assisted else found.blind).get(name, {}))


def flat(comparison: Comparison) -> list[dict[str, Any]]:
    """A record for each label, for a table or a file."""
    common = {"by": comparison.by, "sides": " × ".join(comparison.sides)}
    return [common | {"group": group} | _record(row) for group, rows in comparison.rows.items() for row in rows]


def _by_turn(events: Iterable[AnnotationEvent]) -> list[list[AnnotationEvent]]:
    """The events of each coder on each turn, oldest first, as ``events`` are."""
    found: dict[tuple[str, int | str], list[AnnotationEvent]] = {}
    for event in events:
        found.setdefault((event.coder, event.utterance_id), []).append(event)
    return list(found.values())


def _coding(said: Sequence[AnnotationEvent], newest: int) -> Coding:
    """The last of ``said``, which has labels, with all the time they took."""
    last = said[-1]
    return Coding(_annotation(last, last.labels or {}), last.event_id, sum(e.seconds for e in said), newest=newest)


def _annotation(event: AnnotationEvent, labels: Mapping[str, tuple[str, ...]]) -> Annotation:
    return Annotation(
        transcript_id=event.transcript_id,
        utterance_id=event.utterance_id,
        coder=event.coder,
        labels=labels,
        sure=event.sure,
        mode=event.mode,
        coded_at=event.created_at,
        codebook=event.codebook,
    )


def _said(p: Prediction) -> Annotation:
    return Annotation(p.transcript_id, p.utterance_id, p.model, p.labels)


def _median(found: Mapping[Item, Coding]) -> float | None:
    spent = [coding.seconds for coding in found.values() if coding.seconds > 0]
    return median(spent) if len(spent) >= FEWEST_FOR_MEDIAN else None


def _with_median(found: Mapping[Item, Coding], middle: float | None) -> dict[Item, Coding]:
    return {item: replace(coding, median=middle) for item, coding in found.items()}


def _shared(found: Codings, pair: Sequence[str]) -> set[Item]:
    first, second = (side(found, name, assisted=True) for name in pair)
    return first.keys() & second.keys()


def _compared(found: Codings, codebook: Codebook, by: By, names: tuple[str, ...], *, assisted: bool) -> Comparison:
    whole = [side(found, name, assisted=True) for name in names]
    times = Counter(item for said in whole for item in said)
    shared = [item for item, count in times.items() if count > 1]
    blind = [side(found, name, assisted=False) for name in names]
    free = Counter(item for said in blind for item in said)
    used = [[c.annotation for c in said.values()] for said in (whole if assisted else blind)]
    rows = {group.name: _rows(found, codebook, group.name, names, used) for group in codebook.groups}
    clean = sum(free[item] == times[item] for item in shared)
    return Comparison(by, names, len(shared), len(shared) - clean, rows)


def _rows(
    found: Codings, codebook: Codebook, group: str, names: tuple[str, ...], used: list[list[Annotation]]
) -> tuple[LabelAgreement, ...]:
    known = found.known.get(names[-1])
    labels = [label for label in codebook.labels_of(group) if known is None or label in known]
    together: dict[frozenset[str], list[str]] = {}
    for label in labels:
        together.setdefault(found.lacking(label), []).append(label)
    by_label: dict[str, LabelAgreement] = {}
    for without, some in together.items():
        said = [[a for a in annotations if a.codebook not in without] for annotations in used]
        rows = label_agreement(said[0], said[1], group, some) if len(said) == 2 else many_agreement(said, group, some)
        by_label |= {row.label: row for row in rows}
    unknown = "the model does not know this code"
    return tuple(
        by_label.get(label, LabelAgreement(label=label, n=0, why=unknown)) for label in codebook.labels_of(group)
    )


def _record(row: LabelAgreement) -> dict[str, Any]:
    record: dict[str, Any] = {
        "label": row.label,
        "n": row.n,
        "transcripts": row.transcripts,
        "prevalence": row.prevalence if row.n else None,
    }
    spans = {**row.intervals, **({"kappa": row.interval} if row.interval else {})}
    for name in ("raw", "kappa", "ac1", "positive", "negative", "alpha"):
        low, high = spans.get(name, (None, None))
        record |= {name: getattr(row, name), f"{name}_low": low, f"{name}_high": high}
    return record | {"why": row.why}
