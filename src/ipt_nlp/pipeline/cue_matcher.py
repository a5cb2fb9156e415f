"""Finding a codebook's cue phrases: hundreds of patterns, of which a turn holds a few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from spacy.matcher import Matcher
from spacy.tokens import Span
from spacy.util import filter_spans
from spacy.vocab import Vocab

from ipt_nlp.codebook import Codebook
from ipt_nlp.cues import TokenPattern, compile_cue


@dataclass(frozen=True, slots=True)
class _Cue:
    """One pattern, and for each word that must occur the forms it may take."""

    label: str
    required: tuple[frozenset[str], ...]
    matcher: Matcher


class CueMatcher:
    """spaCy's ``Matcher`` behind an index of words.

    The matcher tries every pattern at every token. Here a pattern is tried only in turns that hold all of its words,
    which makes it some twenty times as fast.
    """

    def __init__(self, vocab: Vocab, codebook: Codebook) -> None:
        self._by_word: dict[str, list[_Cue]] = defaultdict(list)
        for label in codebook.labels:
            for cue in label.cues:
                for pattern in compile_cue(cue):
                    self._add(vocab, label.name, pattern)

    def _add(self, vocab: Vocab, label: str, pattern: TokenPattern) -> None:
        matcher = Matcher(vocab, validate=True)
        matcher.add(label, [pattern], greedy="LONGEST")
        required = tuple(frozenset(t["LOWER"]["IN"]) for t in pattern if "LOWER" in t and "OP" not in t)
        # The longest word is the rarest, near enough.
        anchor = max(required, key=lambda forms: min(map(len, forms)))
        for word in anchor:
            self._by_word[word].append(_Cue(label, required, matcher))

    def __call__(self, turn: Span) -> list[Span]:
        """The cues in ``turn`` in the order of their place and label; those of one label do not overlap."""
        words = {token.lower_ for token in turn}
        found: dict[str, list[Span]] = defaultdict(list)
        for cue in self._candidates(words):
            for match in cue.matcher(turn, as_spans=True):
                found[cue.label].append(Span(turn.doc, match.start, match.end, label=match.label))
        spans = (span for same_label in found.values() for span in filter_spans(same_label))
        return sorted(spans, key=lambda span: (span.start, span.end, span.label_))

    def _candidates(self, words: set[str]) -> Iterator[_Cue]:
        for word in words & self._by_word.keys():
            for cue in self._by_word[word]:
                if all(forms & words for forms in cue.required):
                    yield cue
