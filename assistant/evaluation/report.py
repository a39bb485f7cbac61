"""The report of an evaluation: Markdown, plots and one line a question, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import DataDirectoryError
from assistant.evaluation import plots
from assistant.evaluation.comparison import Comparison, Delta
from assistant.evaluation.evaluate import DIGITS, Evaluation
from assistant.evaluation.measures import Measure
from assistant.evaluation.statistics import Difference, bootstrap_interval

WORST_SHOWN = 10
MEANINGS = """\
- nDCG@10, recall, MRR: by trec_eval's code; a document counts once, where its best chunk stands.
  nDCG has linear gain; `ndcg_exp@10` has the exponential one, where grades differ.
- em, f1: exact match and token F1 as in SQuAD, the best over the expected answers, French articles
  and elisions taken off too; a refusal scores 0. `contains_answer`: an expected answer stands in
  what was said.
- citation_precision: share of citations of a relevant document whose quoted span holds an
  expected answer (of one longer than ten words: half of the span's words stand in it).
  citation_recall: share of answerable questions with such a citation.
  citation_document_precision: share of citations of relevant documents. sentence_support: share of
  written sentences whose words and numbers stand in what they cite.
- refusal_precision: share of refusals that were right; refusal_recall: share of unanswerable
  questions that were refused. `answered`: share of answerable questions that were not.
- Intervals: 95%, percentile bootstrap over questions. p: paired randomisation test, two-sided."""


def write_report(
    path: Path, evaluation: Evaluation, comparison: Comparison | None = None
) -> list[Path]:
    """Write `path` and, beside it, its plots (NAME-*.svg) and NAME-questions.jsonl.

    Returns:
        the files written.
    Raises:
        DataDirectoryError: one cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = _draw(path, evaluation, comparison)
        rows = path.with_name(f"{path.stem}-questions.jsonl")
        with rows.open("w", encoding="utf-8") as file:
            for row in _question_rows(evaluation, comparison):
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        text = "\n".join(_lines(evaluation, comparison, drawn, rows))
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as exc:
        raise DataDirectoryError(
            f"{path} cannot be written ({exc.strerror or exc}); choose another file with --report"
        ) from exc
    return [path, rows, *drawn.values()]


def _draw(path: Path, evaluation: Evaluation, comparison: Comparison | None) -> dict[str, Path]:
    drawn: dict[str, Path] = {}

    def place(name: str) -> Path:
        drawn[name] = path.with_name(f"{path.stem}-{name}.svg")
        return drawn[name]

    if evaluation.measures:
        plots.plot_intervals(place("finding"), evaluation.measures)
        plots.plot_scores(place("ndcg"), evaluation.measures["ndcg@10"], "nDCG@10")
    if evaluation.answer_measures:
        plots.plot_intervals(place("answers"), evaluation.answer_measures)
    if evaluation.reliability is not None:
        plots.plot_reliability(place("reliability"), evaluation.reliability)
    if comparison is not None:
        for name, slug in (("ndcg@10", "ndcg-change"), ("f1", "f1-change")):
            if name in comparison.lost:
                first, second = (_measure(one, name) for one in _sides(comparison))
                plots.plot_deltas(place(slug), first, second, name)
    return drawn


def _lines(
    evaluation: Evaluation,
    comparison: Comparison | None,
    drawn: Mapping[str, Path],
    rows: Path,
) -> Iterator[str]:
    name = _cell(evaluation.questions.name)
    yield f"# Evaluation: {name}\n"
    yield (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Philo {version('philo')}. "
        f"{evaluation.documents} documents in {evaluation.chunks} chunks; embedder "
        f"{evaluation.embedder}, generator {evaluation.generator}. "
        f"What each question scored is in [{rows.name}]({rows.name}).\n"
    )
    for warning in evaluation.warnings:
        yield f"- Note: {_cell(warning)}"
    if evaluation.measures:
        yield f"\n## Finding ({len(evaluation.questions.searched)} questions)\n"
        yield from _measure_table(evaluation.measures)
        yield from _pictures(drawn, "finding", "ndcg")
        yield f"\n### The {WORST_SHOWN} questions found worst\n"
        yield from _worst(evaluation)
    if evaluation.judged:
        yield f"\n## Answers ({len(evaluation.judged)} questions)\n"
        yield from _measure_table(evaluation.answer_measures)
        if evaluation.latencies_ms:
            middle, high = np.quantile(evaluation.latencies_ms, [0.5, 0.95])
            yield f"\nTime of an answer: median {middle:.0f} ms, p95 {high:.0f} ms."
        yield from _pictures(drawn, "answers")
    if evaluation.reliability is not None:
        found = evaluation.reliability
        yield "\n### Is the gate's probability true?\n"
        yield (
            f"Expected calibration error {found.error:.3f}, Brier score {found.brier:.3f} over "
            f"{found.count} questions.\n"
        )
        yield from _table(
            ["questions", "mean probability", "passages hold the answer"],
            [[str(one.count), f"{one.predicted:.2f}", f"{one.observed:.2f}"] for one in found.bins],
        )
        yield from _pictures(drawn, "reliability")
    if comparison is not None:
        yield from _comparison_lines(comparison, drawn)
    yield f"\n## What the figures mean\n\n{MEANINGS}"


def _comparison_lines(comparison: Comparison, drawn: Mapping[str, Path]) -> Iterator[str]:
    yield "\n## Comparison with other settings\n"
    if comparison.changes:
        yield from _table(
            ["setting", "first", "second"],
            [
                [f"`{one.setting}`", _cell(one.first), _cell(one.second)]
                for one in comparison.changes
            ],
        )
    else:
        yield "The settings are the same."
    yield ""
    yield from _difference_table(comparison.differences | comparison.answer_differences)
    for name, lost in comparison.lost.items():
        yield from _pictures(drawn, "ndcg-change" if name == "ndcg@10" else "f1-change")
        yield f"\n### Lost most {name}\n"
        yield from _lost_table(lost)


def _measure_table(measures: Mapping[str, Measure]) -> Iterator[str]:
    rows = []
    for name, measure in measures.items():
        interval, value = bootstrap_interval(measure), measure.value
        if interval is None or value is None:
            rows.append([name, "no question", ""])
        else:
            rows.append([name, f"{value:.3f}", f"{interval.low:.3f} to {interval.high:.3f}"])
    yield from _table(["measure", "value", "95% interval"], rows)


def _difference_table(differences: Mapping[str, Difference]) -> Iterator[str]:
    yield from _table(
        ["measure", "first", "second", "difference", "95% interval", "p"],
        [
            [
                name,
                f"{one.first:.3f}",
                f"{one.second:.3f}",
                f"{one.difference:+.3f}",
                f"{one.interval.low:+.3f} to {one.interval.high:+.3f}",
                f"{one.p:.4f}",
            ]
            for name, one in differences.items()
        ],
    )


def _lost_table(lost: Sequence[Delta]) -> Iterator[str]:
    if not lost:
        yield "No question lost."
        return
    rows = [
        [_cell(one.query), _cell(one.question), f"{one.first:.3f}", f"{one.second:.3f}"]
        for one in lost
    ]
    yield from _table(["id", "question", "first", "second"], rows)


def _worst(evaluation: Evaluation) -> Iterator[str]:
    scores = evaluation.measures["ndcg@10"].scores
    rows = []
    for index in np.argsort(scores, kind="stable")[:WORST_SHOWN]:
        question = evaluation.questions.searched[int(index)]
        ranking = evaluation.rankings[question.id]
        places = [ranking.index(one) + 1 for one in question.grades if one in ranking]
        first = str(min(places)) if places else "not among 100"
        rows.append([_cell(question.id), _cell(question.text), f"{scores[index]:.3f}", first])
    yield from _table(["id", "question", "nDCG@10", "first relevant document"], rows)


def _question_rows(
    evaluation: Evaluation, comparison: Comparison | None
) -> Iterator[dict[str, Any]]:
    sides = _sides(comparison) if comparison is not None else (evaluation,)
    scores = [
        {
            name: dict(zip(measure.ids, measure.scores.tolist(), strict=True))
            for name, measure in (side.measures | side.answer_measures).items()
        }
        for side in sides
    ]
    said = {
        one.question.id: " ".join(sentence.text for sentence in one.answer.sentences)
        for one in evaluation.judged
        if one.answer is not None
    }
    for question in evaluation.questions.questions:
        row: dict[str, Any] = {"_id": question.id, "text": question.text}
        for label, side in zip(("scores", "second_scores"), scores, strict=False):
            row[label] = {
                name: round(by_id[question.id], DIGITS)
                for name, by_id in side.items()
                if question.id in by_id and by_id[question.id] == by_id[question.id]
            }
        if question.id in said:
            row["answer"] = said[question.id]
        yield row


def _sides(comparison: Comparison) -> tuple[Evaluation, Evaluation]:
    return comparison.first, comparison.second


def _measure(evaluation: Evaluation, name: str) -> Measure:
    return (evaluation.measures | evaluation.answer_measures)[name]


def _pictures(drawn: Mapping[str, Path], *names: str) -> Iterator[str]:
    for name in names:
        if name in drawn:
            yield f"\n![{name}](<{drawn[name].name}>)"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cell(value: object) -> str:
    """Text that neither ends its cell nor is taken for markup."""
    line = " ".join(str(value).split())
    for sign in "\\`*_{}[]<>|#!":
        line = line.replace(sign, f"\\{sign}")
    return line
