"""Champion and challenger on the same turns that neither learned from: what the gate decides on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ipt_nlp.codebook import Codebook
from ipt_nlp.learning.codes import Codes
from ipt_nlp.learning.corpus import CodedTranscript
from ipt_nlp.learning.evaluation import Evaluation, observe, score, view
from ipt_nlp.learning.measures import Observed
from ipt_nlp.learning.promotion import BlindSet, Decision, decide
from ipt_nlp.model.config import HeadGroup
from ipt_nlp.model.scoring import Scorer, TranscriptScores

Sets = Mapping[str, Sequence[CodedTranscript]]
CORE = "core"
# Small enough for a request to stop to be heard within seconds.
BATCH = 8


@dataclass(frozen=True, slots=True)
class Compared:
    """The gate's decision, and the challenger's figures on each set."""

    decision: Decision
    challenger: Evaluation


def compare(
    champion: Scorer,
    challenger: Scorer,
    sets: Sets,
    codebook: Codebook,
    codes: Codes,
    tell: Callable[[float], None],
    seed: int = 0,
) -> Compared:
    """Measure both models on ``sets`` and decide.

    Args:
        sets: name -> transcripts coded without a suggestion; empty ones are left out.
        codes: which labels their coders could give.
        tell: called with the share that is done; what it raises ends the work.
    """
    used = {name: list(transcripts) for name, transcripts in sets.items() if transcripts}
    total = max(1, 2 * sum(map(len, used.values())))
    blind, views, done = [], [], 0

    def scored(count: int) -> None:
        nonlocal done
        done += count
        tell(done / total)

    for name, transcripts in used.items():
        scores = [_score(scorer, transcripts, scored) for scorer in (champion, challenger)]
        both = zip((champion, challenger), scores, strict=True)
        seen = [_observed(scorer, transcripts, s, codes) for scorer, s in both]
        shared = {head.name: seen[0][head.name] for head in champion.heads if head.name in seen[0]}
        blind.append(BlindSet(name, shared, {g: _as(seen[1][g], o.labels) for g, o in shared.items()}))
        views.append(view(name, challenger, transcripts, scores[1], codebook, codes))
    core = {label.name for label in codebook.labels if label.family == CORE}
    return Compared(decide(blind, core, seed), Evaluation(challenger.ref, codebook.ref, views))


def _score(
    scorer: Scorer, transcripts: Sequence[CodedTranscript], tell: Callable[[int], None]
) -> list[TranscriptScores]:
    scores: list[TranscriptScores] = []
    for start in range(0, len(transcripts), BATCH):
        part = score(scorer, transcripts[start : start + BATCH])
        tell(len(part))
        scores += part
    return scores


def _observed(
    scorer: Scorer, transcripts: Sequence[CodedTranscript], scores: Sequence[TranscriptScores], codes: Codes
) -> dict[str, Observed]:
    """Group -> its coded turns; groups that nobody coded are left out."""

    def of(head: HeadGroup) -> Observed:
        probabilities = [s.groups[head.name].turns for s in scores]
        return observe(head, transcripts, probabilities, scorer.config.thresholds, codes)

    seen = {head.name: of(head) for head in scorer.heads}
    return {group: observed for group, observed in seen.items() if len(observed.gold)}


def _as(seen: Observed, labels: tuple[str, ...]) -> Observed:
    """``seen`` with the columns of ``labels`` alone: the champion has no opinion on a newer one."""
    columns = [seen.labels.index(label) for label in labels]
    return replace(
        seen,
        labels=labels,
        probabilities=seen.probabilities[:, columns],
        given=seen.given[:, columns],
        gold=seen.gold[:, columns],
    )
