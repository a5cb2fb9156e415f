"""A turn that was coded differently, as HTML: what stands around it, the codings without names, the rules."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ipt_nlp.agreement.tables import Coding
from ipt_nlp.codebook import Codebook
from ipt_nlp.ui.state.agreement import Disagreement, worded
from ipt_nlp.ui.state.turns import Material
from ipt_nlp.ui.views.conversation import shown, turn
from ipt_nlp.ui.views.entry import entry

BEFORE, AFTER = 4, 2


def in_context(material: Material, found: Disagreement) -> str:
    """The turn with those before and after, and its codings."""
    turns = material.transcript.utterances
    place = material.places[found.item[1]]
    first = max(place - BEFORE, 0)
    before = "".join(turn(turns[n], n + 1, "", shown(turns[n].text)) for n in range(first, place))
    focus = turn(turns[place], place + 1, "focus", shown(turns[place].text) or "<i>(no words)</i>")
    following = turns[place + 1 : place + 1 + AFTER]
    after = "".join(turn(u, place + n + 2, "ipt-after", shown(u.text)) for n, u in enumerate(following))
    said = "".join(_coding(n, coding, material.codebook) for n, coding in enumerate(found.said))
    return (
        f'<div class="ipt"><div class="ipt-before" tabindex="0" aria-label="Turns before"><div>{before}</div></div>'
        f'{focus}<ul class="ipt-codings">{said}</ul>{_decided(found, material.codebook)}{after}</div>'
    )


def coding_name(number: int) -> str:
    """What a coding is called, since its coder is not."""
    return f"Coding {chr(ord('A') + number)}"


def _coding(number: int, coding: Coding, codebook: Codebook) -> str:
    fast = ""
    if coding.fast and coding.median:
        spent = f"coded in {coding.seconds:.1f} s; this coder's median is {coding.median:.1f} s"
        fast = f'<span class="ipt-flag">⚡ {spent}</span>'
    unsure = "" if coding.annotation.sure else "<i>not sure</i>"
    codes = escape(worded(coding.annotation.labels, codebook))
    return f"<li><b>{coding_name(number)}</b> <span>{codes}</span> {unsure} {fast}</li>"


def _decided(found: Disagreement, codebook: Codebook) -> str:
    if found.decided is None:
        return ""
    decision = found.decided.decision
    note = f" Note: {shown(decision.note)}" if decision.note else ""
    return (
        f'<p class="ipt-note">Decided on {found.decided.created_at[:10]}: '
        f"<b>{escape(worded(decision.labels, codebook))}</b> ({decision.confidence} confidence).{note}</p>"
    )


def manual_rules(codebook: Codebook, labels: Sequence[str]) -> str:
    """The manual's entries for ``labels``, to unfold; the first is open."""
    parts = []
    for number, name in enumerate(label for label in labels if label in codebook.by_name):
        opened = "" if number else " open"
        title = escape(codebook.by_name[name].title)
        parts.append(
            f"<details{opened}><summary><b>{title}</b></summary>{entry(codebook, name, in_full=True)}</details>"
        )
    return f'<div class="ipt ipt-manual"><h4>What the manual says</h4>{"".join(parts)}</div>'
