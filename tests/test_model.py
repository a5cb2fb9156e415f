"""The tagger: what is saved is what was trained, and a turn's score depends on nothing it should not."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from ipt_nlp.model.config import TaggerConfig
from ipt_nlp.model.engine import TOLERANCE, Engine, Precision
from ipt_nlp.model.lowrank import as_adapters, whole_layers
from ipt_nlp.model.scoring import Scorer
from ipt_nlp.model.tagger import SessionTagger, group_loss, read_config
from ipt_nlp.models import find_model

FLOAT = Engine("float32")
TALK = [
    "So how was the week?",
    "Long. I rang her. She hung up.",
    "What did she say before that?",
    "",
    "Nothing at all.",
]
SPEAKERS = ["therapist", "client", "therapist", "client", "client"]
Session = tuple[list[str], list[str]]


@pytest.fixture(scope="module")
def scorer(tiny_model: Path) -> Scorer:
    return Scorer.load(tiny_model, "tiny", FLOAT)


def test_a_reloaded_model_gives_identical_scores(tiny_model: Path, tmp_path: Path, scorer: Scorer) -> None:
    SessionTagger.from_pretrained(tiny_model).save_pretrained(tmp_path / "again")
    again = Scorer.load(tmp_path / "again", "tiny", FLOAT)
    assert again.ref == scorer.ref
    before, after = (s.score([(TALK, SPEAKERS)])[0] for s in (scorer, again))
    for name, group in before.groups.items():
        np.testing.assert_array_equal(group.turns, after.groups[name].turns)
        np.testing.assert_array_equal(group.sentences, after.groups[name].sentences)


def test_merged_adapters_score_as_unmerged_ones(tiny_model: Path) -> None:
    tagger = SessionTagger.from_pretrained(tiny_model)
    inputs = {
        "input_ids": torch.tensor([[101, 2129, 2001, 102]]),
        "attention_mask": torch.ones(1, 4, dtype=torch.long),
        "token_type_ids": torch.zeros(1, 4, dtype=torch.long),
    }
    slot = torch.tensor([[-1, 0, 0, 0]])
    with torch.inference_mode():
        before, _ = tagger.pool(slot, 1, **inputs)
        after, _ = tagger.merge().pool(slot, 1, **inputs)
    torch.testing.assert_close(before, after, atol=1e-5, rtol=1e-5)


def test_every_turn_and_every_sentence_is_scored(scorer: Scorer) -> None:
    (scores,) = scorer.score([(TALK, SPEAKERS)])
    assert [len(spans) for spans in scores.spans] == [1, 3, 1, 1, 1]
    for group in scores.groups.values():
        assert group.turns.shape[0] == 5
        assert group.sentences.shape[0] == 7
        assert ((group.turns >= 0) & (group.turns <= 1)).all()


def test_a_turn_of_one_sentence_scores_as_its_sentence(scorer: Scorer) -> None:
    (scores,) = scorer.score([(TALK, SPEAKERS)])
    for group in scores.groups.values():
        np.testing.assert_allclose(group.turns[0], group.sentences[0], atol=1e-4)


SESSION = st.lists(st.sampled_from(TALK), min_size=1, max_size=30).map(
    lambda texts: (texts, ["therapist" if n % 2 else "client" for n in range(len(texts))])
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SESSION, min_size=1, max_size=4))
def test_transcripts_do_not_leak_into_each_other(scorer: Scorer, sessions: list[Session]) -> None:
    together = scorer.turn_logits(sessions)
    for session, logits in zip(sessions, together, strict=True):
        (alone,) = scorer.turn_logits([session])
        for name, values in logits.items():
            np.testing.assert_allclose(values, alone[name], atol=1e-4)


def test_context_and_role_matter(scorer: Scorer) -> None:
    (alone,), (after,), (swapped,) = (
        scorer.turn_logits([s])
        for s in (
            (TALK[2:3], ["therapist"]),
            (TALK[:3], SPEAKERS[:3]),
            (TALK[2:3], ["client"]),
        )
    )
    assert np.abs(alone["techniques"][0] - after["techniques"][2]).max() > 1e-3
    assert np.abs(alone["techniques"][0] - swapped["techniques"][0]).max() >= 0
    assert alone["themes"].shape == (1, 4)


def test_a_turn_longer_than_a_window_is_scored_whole(scorer: Scorer) -> None:
    long = " ".join(["and then he said it again"] * 200)
    (scores,) = scorer.score([([long, "Mm."], ["client", "therapist"])])
    assert scores.groups["themes"].turns.shape == (2, 4)


@pytest.mark.parametrize("kind", ["int8", "bfloat16"])
def test_engines_agree_with_float32(kind: Precision) -> None:
    folder = find_model("default")
    (exact,), (fast,) = (Scorer.load(folder, "default", Engine(k)).score([(TALK, SPEAKERS)]) for k in ("float32", kind))
    gaps = np.concatenate([np.abs(exact.groups[n].turns - fast.groups[n].turns).ravel() for n in exact.groups])
    assert np.quantile(gaps, 0.99) <= TOLERANCE[kind]


def test_the_ref_changes_with_thresholds_and_weights(tiny_model: Path, tmp_path: Path, scorer: Scorer) -> None:
    copy = Path(shutil.copytree(tiny_model, tmp_path / "tiny"))
    config = copy / "config.json"
    config.write_text(config.read_text("utf-8").replace('"review_band": 0.4', '"review_band": 0.2'), "utf-8")
    assert Scorer.load(copy, "tiny", FLOAT).ref != scorer.ref


def test_turns_that_nobody_coded_do_not_count_in_the_loss() -> None:
    logits = torch.tensor([[2.0, -1.0], [9.0, 9.0]])
    targets = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    masked = group_loss(logits, targets, torch.tensor([1.0, 0.0]), exclusive=False)
    torch.testing.assert_close(masked, group_loss(logits[:1], targets[:1], torch.ones(1), exclusive=False))


def changed(config: TaggerConfig, rank: int) -> SessionTagger:
    """A tagger trained whole, whose layers changed by something of ``rank``."""
    torch.manual_seed(3)
    whole = whole_layers(config)
    with torch.no_grad():
        for module in whole.encoder.modules():
            if isinstance(module, torch.nn.Linear):
                rows, columns = module.weight.shape
                module.weight += torch.randn(rows, rank) @ torch.randn(rank, columns) * 0.02
        for parameter in whole.heads.parameters():
            parameter.normal_(std=0.3)
    return whole.eval()


def scores_of(tagger: SessionTagger) -> dict[str, np.ndarray]:
    found = Scorer(tagger, "tiny", FLOAT).score([(TALK, SPEAKERS)])[0]
    return {name: group.turns for name, group in found.groups.items()}


@pytest.mark.parametrize(("rank", "kept"), [(3, True), (16, False)])
def test_whole_layers_are_kept_as_far_as_the_rank_goes(tiny_model: Path, rank: int, kept: bool) -> None:
    config = read_config(tiny_model)
    after = scores_of(as_adapters(changed(config, rank), config))
    before = scores_of(changed(config, rank))
    assert all(np.allclose(group, after[name], atol=0.01) for name, group in before.items()) == kept


def test_adapters_made_of_whole_layers_are_stored_in_half_precision(tiny_model: Path, tmp_path: Path) -> None:
    config = read_config(tiny_model)
    tagger = as_adapters(changed(config, rank=3), config)
    first, second = tmp_path / "first", tmp_path / "second"
    tagger.save_pretrained(first)
    assert {t.dtype for t in load_file(first / "model.safetensors").values()} == {torch.float16}
    SessionTagger.from_pretrained(first).save_pretrained(second)
    assert (first / "model.safetensors").read_bytes() == (second / "model.safetensors").read_bytes()


def test_only_linear_layers_and_roles_learn_whole(tiny_model: Path) -> None:
    whole = whole_layers(read_config(tiny_model))
    learning = [n for n, p in whole.encoder.named_parameters() if p.requires_grad]
    assert all("weight" in name and "LayerNorm" not in name and "word" not in name for name in learning)
    assert any("token_type" in name for name in learning)
