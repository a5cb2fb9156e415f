"""Examples that a clinician can read, tagged by the shipped model.

A coded turn is ``T: [words](label, label)``; a turn without brackets carries no label. The bar is low on purpose: it
catches a broken model or packing, not a weak one; how good the model is, its card says.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from spacy.language import Language

import ipt_nlp
from ipt_nlp.transcript import Role, Transcript, Utterance

FOLDER = Path(__file__).parent / "examples"
FILES = sorted(FOLDER.glob("*.md"))
TURN = re.compile(r"^([TC]): (?:\[(?P<coded>.+)\]\((?P<labels>[^()]+)\)|(?P<plain>.+))$")
ROLES: dict[str, Role] = {"T": "therapist", "C": "client"}


@dataclass(frozen=True)
class Example:
    transcript: Transcript
    labels: list[set[str]]


def parse(file: Path) -> Example:
    utterances, labels = [], []
    for line in file.read_text("utf-8").splitlines():
        if match := TURN.match(line):
            utterances.append(Utterance(len(utterances), ROLES[match[1]], match["coded"] or match["plain"]))
            labels.append({label.strip() for label in (match["labels"] or "").split(",") if label.strip()})
    return Example(Transcript(file.stem, tuple(utterances)), labels)


@pytest.fixture(scope="module")
def nlp() -> Language:
    return ipt_nlp.load("default")


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_examples_use_labels_that_exist_where_they_apply(file: Path) -> None:
    example = parse(file)
    codebook = ipt_nlp.Codebook.load("ipt")
    assert len(example.labels) >= 8
    assert sum(map(bool, example.labels)) >= 4
    for utterance, labels in zip(example.transcript.utterances, example.labels, strict=True):
        for label in labels:
            group = next(g for g in codebook.groups if label in codebook.labels_of(g.name))
            assert group.applies_to(utterance.speaker), label


def test_every_label_has_an_example() -> None:
    used = {label for file in FILES for labels in parse(file).labels for label in labels}
    assert used == set(ipt_nlp.Codebook.load("ipt").by_name)


def test_the_shipped_model_finds_most_of_what_the_examples_show(nlp: Language) -> None:
    counts: Counter[str] = Counter()
    examples = [parse(file) for file in FILES]
    for example, (_, found) in zip(examples, ipt_nlp.annotate(nlp, [e.transcript for e in examples]), strict=True):
        for expected, prediction in zip(example.labels, found, strict=True):
            given = {label for labels in prediction.labels.values() for label in labels}
            counts.update(hit=len(given & expected), given=len(given), expected=len(expected))
    assert counts["hit"] / counts["expected"] >= 0.5
    assert counts["hit"] / counts["given"] >= 0.5
