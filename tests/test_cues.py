from __future__ import annotations

import pytest
import spacy
from spacy.matcher import Matcher

from ipt_nlp.codebook import Codebook
from ipt_nlp.cues import compile_cue

NLP = spacy.blank("en")


def found(cue: str, text: str) -> list[str]:
    matcher = Matcher(NLP.vocab, validate=True)
    matcher.add("cue", compile_cue(cue), greedy="LONGEST")
    return sorted(span.text for span in matcher(NLP(text), as_spans=True))


@pytest.mark.parametrize(
    ("cue", "text", "expected"),
    [
        ("what did (he|she) say", "And WHAT did she say?", ["WHAT did she say"]),
        ("tell me more", "Tell them more.", []),
        ("say a? (bit|little)? more", "Say more. Say a bit more.", ["Say a bit more", "Say more"]),
        ("don't know", "I don’t know, I don't know", ["don't know", "don’t know"]),
        ("I (don't|can't) see", "I can’t see.", ["I can’t see"]),
        ("how did ... go", "How did the big day go?", ["How did the big day go"]),
        ("how did ... go", "How did the very big long day go?", []),
        ("role-play", "Shall we role-play it?", ["role-play"]),
    ],
)
def test_cues_match_as_they_read(cue: str, text: str, expected: list[str]) -> None:
    assert found(cue, text) == expected


@pytest.mark.parametrize("cue", ["", "...", "word?", "(he|she", "(he)", "he|she", "(he||she)", "(a b|c)", "?"])
def test_what_is_no_pattern_is_refused(cue: str) -> None:
    with pytest.raises(ValueError, match=r"is no|is neither|no word"):
        compile_cue(cue)


@pytest.mark.parametrize("name", ["ipt", "annomi"])
def test_shipped_cues_are_found_in_what_they_say(name: str) -> None:
    for label in Codebook.load(name).labels:
        for cue in label.cues:
            for pattern in compile_cue(cue):
                words = [t["LOWER"]["IN"][0] for t in pattern if "LOWER" in t]
                doc = spacy.tokens.Doc(NLP.vocab, words=words)
                matcher = Matcher(NLP.vocab, validate=True)
                matcher.add("cue", [pattern])
                assert matcher(doc), cue
