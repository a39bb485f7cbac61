"""A question set in, figures out: the whole evaluation under one set of settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from assistant.errors import QuestionSetError
from assistant.evaluation.answer_measures import Judged, judge, measure_answers
from assistant.evaluation.calibration import Reliability, measure_reliability
from assistant.evaluation.collection import open_collection
from assistant.evaluation.measures import Measure, measure_rankings
from assistant.evaluation.question_set import QuestionSet
from assistant.evaluation.runs import Tick, ask_all, rank_all
from assistant.evaluation.statistics import Interval, bootstrap_interval
from assistant.settings import Settings
from assistant.types import OPERATOR, ProgressListener

DIGITS = 4


class Watcher:
    """Told how far an evaluation is; this one keeps it to itself."""

    @contextmanager
    def indexing(self) -> Iterator[ProgressListener]:
        yield lambda _progress: None

    @contextmanager
    def counting(self, _what: str, _total: int) -> Iterator[Tick]:
        yield lambda _done: None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`measures` and `answer_measures` by name, in the order in which they are shown.
    `latencies_ms` are of whole answers, `rankings` of the searched questions."""

    questions: QuestionSet
    embedder: str
    generator: str
    documents: int
    chunks: int
    measures: dict[str, Measure]
    answer_measures: dict[str, Measure]
    rankings: dict[str, list[str]]
    judged: tuple[Judged, ...]
    latencies_ms: tuple[float, ...]
    reliability: Reliability | None
    warnings: tuple[str, ...]


def evaluate(
    settings: Settings,
    questions: QuestionSet,
    *,
    answers: bool = False,
    cuts: Sequence[int] = (),
    watcher: Watcher | None = None,
) -> Evaluation:
    """Index the set's documents where that is still to do, and ask its questions.

    Args:
        answers: ask for answers as well; else only search.
        cuts: depths of the retrieval measures besides 10 and 100.
    Raises:
        QuestionSetError: the set has nothing that could be measured so.
        PhiloError: see `open_collection` and `ask_all`.
    """
    watcher = watcher or Watcher()
    warnings = list(questions.warnings)
    searched, asked = questions.searched, questions.asked if answers else ()
    _check(questions, answers, warnings)
    if not answers:
        settings = settings.without_generator()
    with watcher.indexing() as listener:
        assistant = open_collection(settings, questions, listener=listener)
    with assistant:
        documents, chunks = assistant.library.count(OPERATOR)
        if empty := len(questions.documents) - documents:
            warnings.append(f"{empty} documents hold no text and cannot be found")
        with watcher.counting("searching", len(searched)) as tick:
            ranked = rank_all(assistant, searched, tick=tick)
        if ranked.refused:
            warnings.append(f"{len(ranked.refused)} questions could not be asked; they score 0")
        with watcher.counting("answering", len(asked)) as tick:
            judged = tuple(
                judge(question, answer)
                for question, answer in zip(
                    asked, ask_all(assistant, asked, tick=tick), strict=True
                )
            )
    measures = measure_rankings(searched, ranked.documents, cuts=cuts) if searched else {}
    return Evaluation(
        questions=questions,
        embedder=assistant.embedder.id,
        generator=settings.models.generator,
        documents=documents,
        chunks=chunks,
        measures=measures,
        answer_measures=measure_answers(judged) if judged else {},
        rankings=ranked.documents,
        judged=judged,
        latencies_ms=tuple(one.answer.timings_ms.total for one in judged if one.answer is not None),
        reliability=measure_reliability(judged),
        warnings=tuple(warnings),
    )


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """The object of `philo eval --json`. Figures that no question bears are null."""
    measures = evaluation.measures
    names = dict.fromkeys(["ndcg@10", "recall@10", "recall@100", "mrr@10", *measures])
    return {
        "dataset": evaluation.questions.name,
        "queries": len(evaluation.questions.searched),
        **{name: _figure(measures.get(name)) for name in names},
        "intervals": _intervals(measures),
        "answers": _answers_json(evaluation) if evaluation.judged else None,
        "documents": evaluation.documents,
        "chunks": evaluation.chunks,
        "embedder": evaluation.embedder,
        "warnings": list(evaluation.warnings),
    }


def _answers_json(evaluation: Evaluation) -> dict[str, Any]:
    judged, times = evaluation.judged, evaluation.latencies_ms
    reliability = evaluation.reliability
    return {
        **{name: _figure(one) for name, one in evaluation.answer_measures.items()},
        "intervals": _intervals(evaluation.answer_measures),
        "questions": len(judged),
        "answerable": sum(one.question.answerable is True for one in judged),
        "refused": sum(one.refused for one in judged),
        "by_model": sum(one.answer is not None and one.answer.writer == "model" for one in judged),
        "generator": evaluation.generator,
        "latency_ms": {
            "median": round(median(times), 1) if times else None,
            "p95": round(float(np.quantile(times, 0.95)), 1) if times else None,
        },
        "reliability": None
        if reliability is None
        else {
            "questions": reliability.count,
            "calibration_error": round(reliability.error, DIGITS),
            "brier": round(reliability.brier, DIGITS),
        },
    }


def _figure(measure: Measure | None) -> float | None:
    value = None if measure is None else measure.value
    return None if value is None else round(value, DIGITS)


def _intervals(measures: dict[str, Measure]) -> dict[str, list[float] | None]:
    return {name: as_pair(bootstrap_interval(one)) for name, one in measures.items()}


def as_pair(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [round(interval.low, DIGITS), round(interval.high, DIGITS)]


def _check(questions: QuestionSet, answers: bool, warnings: list[str]) -> None:
    if not questions.searched:
        if not (answers and questions.asked):
            raise QuestionSetError(
                f"{questions.name}: no question has a relevant document that the corpus holds; "
                "qrels.tsv names query-id, corpus-id and score"
            )
        warnings.append("no question has relevant documents: finding is not measured")
    if answers and not questions.asked:
        raise QuestionSetError(
            f"{questions.name}: --answers needs answers.jsonl with `_id`, `answers` and "
            "`answerable` for questions of queries.jsonl"
        )
    if answers:
        counts = {
            state: sum(one.answerable is state for one in questions.asked)
            for state in (True, False)
        }
        if not counts[True]:
            warnings.append("0 questions are answerable: answers are not measured")
        if not counts[False]:
            warnings.append("0 questions are unanswerable: refusals are not measured")
