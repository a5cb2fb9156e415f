"""A turn in focus and its neighbours, as one block of HTML. Whatever was said is escaped and shows as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise

from ipt_nlp.annotation import Offsets
from ipt_nlp.codebook import Codebook
from ipt_nlp.transcript import Utterance
from ipt_nlp.ui.state.turns import Material, Suggestion, TurnView

BEFORE = 6
AFTER = 2
KEPT_BACK = {
    "until_saved": "Coded without suggestions: they are shown once you have saved this turn with Enter.",
    "never": "Always coded without suggestions, by everybody: the model is measured on turns like this one.",
}
# Terminal codes and other controls have no glyph; without one they would be invisible or change what is around them.
_CONTROLS = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {127: 0x2421}
_BIDI = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"), "\ufffd")


def shown(text: str) -> str:
    """``text`` as HTML that shows it: escaped, with a sign for each control character."""
    return escape(text.translate(_CONTROLS).translate(_BIDI), quote=True)


def marked(text: str, spans: Sequence[Offsets]) -> str:
    """``text`` as HTML with ``spans`` highlighted."""
    inside = [(max(a, 0), min(b, len(text))) for a, b in spans]
    edges = sorted({0, len(text), *(edge for span in inside for edge in span)})
    parts = []
    for start, stop in pairwise(edges):
        part = shown(text[start:stop])
        lit = any(a <= start and stop <= b for a, b in inside)
        parts.append(f"<mark>{part}</mark>" if lit else part)
    return "".join(parts)


def conversation(
    material: Material, view: TurnView, keys: Mapping[str, str], *, ahead: bool, looked_up: str = ""
) -> str:
    """The turns before, the turn in focus with what is suggested, and the turns after where ``ahead``.

    The highlighted words are the evidence of the label that is looked up, or of all suggested ones.
    """
    turns = material.transcript.utterances
    first = max(view.place - BEFORE, 0)
    before = "".join(turn(turns[n], n + 1, "", shown(turns[n].text)) for n in range(first, view.place))
    following = turns[view.place + 1 : view.place + 1 + AFTER] if ahead and not view.hidden else ()
    after = "".join(turn(u, view.place + n + 2, "ipt-after", shown(u.text)) for n, u in enumerate(following))
    given = [s for s in view.suggestions if s.given]
    spans = [span for s in [s for s in given if s.label == looked_up] or given for span in s.evidence]
    focus = turn(view.utterance, view.place + 1, "focus", marked(view.utterance.text, spans) or "<i>(no words)</i>")
    return (
        f'<div class="ipt"><div class="ipt-before" tabindex="0" aria-label="Turns before"><div>{before}</div></div>'
        f"{focus}{suggestions(view, material.codebook, keys)}{_said(view)}{after}</div>"
    )


def turn(utterance: Utterance, number: int, extra: str, words: str) -> str:
    """One turn; ``words`` is HTML, ``extra`` a class of the style sheet."""
    current = ' aria-current="true"' if extra == "focus" else ""
    return (
        f'<div class="ipt-turn {utterance.speaker} {extra}"{current}><div class="ipt-who">'
        f"<b>{utterance.speaker.capitalize()}</b>{number}{_clock(utterance.start_s)}</div>"
        f'<div class="ipt-bubble"><p class="words" dir="auto">{words}</p></div></div>'
    )


def suggestions(view: TurnView, codebook: Codebook, keys: Mapping[str, str]) -> str:
    """What the model suggests, each with a bar for how sure it is."""
    if view.kept != "no":
        return f'<p class="ipt-note">{KEPT_BACK[view.kept]}</p>'
    if view.prediction is None:
        return '<p class="ipt-note">The model has not tagged this turn.</p>'
    if not view.suggestions:
        return '<p class="ipt-note">The model suggests no code here.</p>'
    rows = "".join(_suggestion(s, codebook, keys) for s in view.suggestions)
    return f'<ul class="ipt-list" aria-label="Suggested codes">{rows}</ul>'


def _suggestion(suggestion: Suggestion, codebook: Codebook, keys: Mapping[str, str]) -> str:
    title = escape(codebook.by_name[suggestion.label].title)
    key = escape(keys.get(suggestion.label, ""))
    if suggestion.score is None:
        return f'<li><span>{title} <small>({key})</small></span><span></span><span class="ipt-n">cue</span></li>'
    percent = round(100 * suggestion.score)
    kind, sign = ("", "") if suggestion.given else ("near", "? ")
    return (
        f'<li class="{kind}"><span>{sign}{title} <small>({key})</small></span>'
        f'<span class="ipt-bar"><i style="width:{percent}%"></i></span><span class="ipt-n">{percent} %</span></li>'
    )


def _said(view: TurnView) -> str:
    """The coder's flag and note on the turn."""
    if view.event is None:
        return ""
    flag = '<span class="ipt-flag">⚑ Flagged</span> ' if view.event.flagged else ""
    note = f"Note: {shown(view.event.note)}" if view.event.note else ""
    return f'<p class="ipt-note">{flag}{note}</p>' if flag or note else ""


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f" · {int(seconds) // 60}:{int(seconds) % 60:02d}"
