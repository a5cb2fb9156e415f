"""``ipt-nlp agreement``."""

from __future__ import annotations

from ipt_nlp.agreement.pairs import Interval, LabelAgreement
from ipt_nlp.agreement.tables import By, Comparison, codings, comparisons, flat
from ipt_nlp.codebook import Codebook
from ipt_nlp.commands import console
from ipt_nlp.errors import UsageError
from ipt_nlp.store import LOCAL, AnnotationStore

KINDS: tuple[By, ...] = ("coder", "model")


def show_agreement(url: str | None, by: str, codebook: str, *, assisted: bool, as_json: bool) -> list[Comparison]:
    """Print how far coders agree with each other, or with the model.

    Raises:
        UsageError: ``by`` is neither, or there is nothing to compare yet.
    """
    kind = next((known for known in KINDS if known == by), None)
    if kind is None:
        raise UsageError(f"--by {by}: agreement is told by {' or '.join(KINDS)}.")
    book = Codebook.load(codebook)
    store = AnnotationStore.open(url)
    try:
        found = comparisons(codings(store, LOCAL), book, kind, assisted=assisted)
    finally:
        store.close()
    if as_json:
        console.print_json([record for comparison in found for record in flat(comparison)])
    elif not found:
        who = "two people" if kind == "coder" else "somebody"
        console.notice(f"no turn was coded by {who} yet.")
    else:
        for comparison in found:
            _print(comparison, assisted=assisted)
    return found


def _print(comparison: Comparison, *, assisted: bool) -> None:
    many = len(comparison.sides) > 2
    title = f"{' × '.join(comparison.sides)}, {comparison.turns:,} shared turns"
    if comparison.assisted:
        verb = "taken in" if assisted else "left out"
        title += f"; {comparison.assisted:,} coded with a suggestion in view are {verb}"
    rows = [_cells(row, many=many) for found in comparison.rows.values() for row in found if row.prevalence]
    main = "alpha" if many else "kappa"
    console.table(title, ["code", "n", "used", "raw", main, "95 %", "AC1", "positive", "negative", "note"], rows)


def _cells(row: LabelAgreement, *, many: bool) -> list[str]:
    main, interval = (row.alpha, row.intervals.get("alpha")) if many else (row.kappa, row.interval)
    figures = [_number(main), _span(interval), *map(_number, (row.ac1, row.positive, row.negative))]
    return [row.label, str(row.n), f"{row.prevalence:.1%}", _number(row.raw), *figures, row.why]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _span(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval[0]:.2f}–{interval[1]:.2f}"
