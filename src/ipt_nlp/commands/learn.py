"""``ipt-nlp train`` and ``ipt-nlp evaluate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from ipt_nlp.codebook import Codebook
from ipt_nlp.commands import console
from ipt_nlp.errors import UsageError
from ipt_nlp.learning.corpus import Corpus, read_annotations, read_corpus
from ipt_nlp.learning.evaluation import Evaluation, View, coder_agreement, evaluate
from ipt_nlp.learning.recipe import Recipe
from ipt_nlp.models import codebook_of, find_model

DEFAULT_VERSION = "1.0.0"


def train_model(
    annotations: Sequence[Path],
    out: Path,
    config: Path | None,
    codebook: str | None,
    base: str | None,
    texts: Mapping[str, str],
    *,
    resume: bool,
    as_json: bool,
) -> Evaluation:
    """Train into ``out`` and measure on the sources that were held out of training."""
    recipe = Recipe.load(config) if config else Recipe()
    changes = {"codebook": codebook, "base": base}
    recipe = recipe.model_copy(update={name: value for name, value in changes.items() if value})
    paths = {source: Path(path) for source, path in texts.items()}
    corpus = _read(annotations, paths)

    from ipt_nlp.learning.card import write_card
    from ipt_nlp.learning.pictures import reliability_diagram
    from ipt_nlp.learning.training import train
    from ipt_nlp.model.scoring import Scorer

    trained = train(corpus, recipe, out, paths, DEFAULT_VERSION, resume=resume)
    known = Codebook.load(recipe.codebook)
    coders = coder_agreement(read_annotations(annotations), trained.split.test, known)
    evaluation = evaluate(Scorer.load(out, out.name), trained.split.test, known, coders)
    evaluation.save(out)
    bins = {group: figures.reliability for group, figures in evaluation.views[0].groups.items()}
    reliability_diagram(bins, out / "reliability.png")
    write_card(out, evaluation, trained.split, recipe, known)
    _print(evaluation, as_json=as_json)
    console.say(f"Written: {out}")
    return evaluation


def evaluate_model(model: str, annotations: Sequence[Path], texts: Mapping[str, str], *, as_json: bool) -> Evaluation:
    """Compare ``model`` with every coded transcript in ``annotations``."""
    folder = find_model(model)
    corpus = _read(annotations, {source: Path(path) for source, path in texts.items()})

    from ipt_nlp.model.scoring import Scorer

    scorer = Scorer.load(folder, folder.name)
    evaluation = evaluate(scorer, corpus.transcripts, codebook_of(folder))
    _print(evaluation, as_json=as_json)
    return evaluation


def _read(annotations: Sequence[Path], texts: Mapping[str, Path]) -> Corpus:
    corpus = read_corpus(annotations, texts)
    for source, count in corpus.without_text.items():
        console.notice(f"{count:,} codes of {source} have no text here and are left out. Pass --text {source}=PATH.")
    if not corpus.transcripts:
        raise UsageError("no coded utterance has its text at hand. Pass --text SOURCE=PATH.")
    return corpus


def _print(evaluation: Evaluation, *, as_json: bool) -> None:
    if as_json:
        console.print_json(asdict(evaluation))
        return
    for view in evaluation.views:
        _print_macro(view)
    for group, figures in evaluation.views[0].labels.items():
        rows = [
            [
                f.label,
                str(f.positives),
                *(_number(x) for x in (f.precision, f.recall, f.f1)),
                _span(f.f1_interval),
                _number(f.kappa),
            ]
            for f in figures
        ]
        columns = ["label", "n", "precision", "recall", "F1", "95 %", "kappa"]
        console.table(f"{group} of {view_title(evaluation.views[0])}", columns, rows)


def view_title(view: View) -> str:
    """A view in words."""
    return f"{view.name} ({view.transcripts:,} transcripts, {view.turns:,} coded turns)"


def _print_macro(view: View) -> None:
    rows = [
        [
            name,
            str(m.labels),
            _number(m.f1),
            _span(m.interval),
            str(m.frequent_labels),
            _number(m.frequent_f1),
            _span(m.frequent_interval),
        ]
        for name, m in view.macro.items()
    ]
    columns = ["macro-F1", "labels", "F1", "95 %", "n ≥ 20", "F1", "95 %"]
    console.table(view_title(view), columns, rows)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _span(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.2f}–{interval[1]:.2f}"
