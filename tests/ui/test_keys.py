"""The key map: no key twice, none that Streamlit keeps for itself, one for every code that ships."""

from __future__ import annotations

import pytest
from streamlit.elements.lib.shortcut_utils import normalize_shortcut

from ipt_nlp.codebook import Codebook
from ipt_nlp.ui.keys import COMMANDS, RESERVED, label_keys


@pytest.mark.parametrize("name", ["ipt", "annomi"])
def test_every_key_does_one_thing(name: str) -> None:
    codebook = Codebook.load(name)
    keys = label_keys(codebook)
    assert set(keys) == set(codebook.by_name)
    every = [normalize_shortcut(key) for key in (*COMMANDS.values(), *keys.values())]
    assert len(set(every)) == len(every)
    assert not {key.split("+")[-1] for key in every} & {key.lower() for key in RESERVED}


def test_codes_beyond_the_plain_keys_take_shift() -> None:
    codebook = Codebook.load("ipt")
    more = [codebook.labels[0].model_copy(update={"name": f"own_{n}", "title": f"Own {n}"}) for n in range(30)]
    keys = label_keys(codebook.model_copy(update={"labels": (*codebook.labels, *more)}))
    assert keys["own_0"] == "M"
    assert keys["own_1"] == "Shift+Q"
    assert len(set(keys.values())) == len(keys)


def test_a_code_keeps_its_key_when_another_is_added() -> None:
    codebook = Codebook.load("ipt")
    added = codebook.labels[0].model_copy(update={"name": "own", "title": "Own"})
    before, after = label_keys(codebook), label_keys(codebook.model_copy(update={"labels": (*codebook.labels, added)}))
    assert all(after[label] == key for label, key in before.items())
