"""The same questions asked of two indexes."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from assistant.errors import QuestionError
from assistant.types import ComparedQuestion, IndexComparison, JudgedQuestion, Passage

DEPTH = 10
SEARCH_DEPTH = 50
"""Chunks looked at for ten documents."""
SHOWN = 5

Ask = Callable[[str], Sequence[Passage]]
"""A question to passages, best first."""


def read_questions(path: Path) -> list[JudgedQuestion]:
    """Of a text file with one question a line, or of a folder with BEIR's queries.jsonl and, if
    it is there, qrels.tsv.

    Raises:
        QuestionError: it cannot be read, or holds none.
    """
    try:
        found = _read_folder(path) if path.is_dir() else _read_lines(path)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise QuestionError(
            f"{path} cannot be read ({exc}); give a text file with a question a line, or a folder "
            "with queries.jsonl and qrels.tsv"
        ) from exc
    if not found:
        raise QuestionError(f"{path} holds no question")
    return found


def compare_answers(
    questions: Sequence[JudgedQuestion],
    ask: Ask,
    ask_second: Ask,
    *,
    index: int,
    second: int,
    tell: Callable[[int, int], None],
) -> IndexComparison:
    """Documents are compared, not chunks: the two indexes cut them differently.

    Args:
        tell: called after each question with how many are done, and of how many.
    """
    overlaps: list[float] = []
    same_first = 0
    gains: tuple[list[float], list[float]] = ([], [])
    times_ms: tuple[list[float], list[float]] = ([], [])
    differing: list[ComparedQuestion] = []
    for number, question in enumerate(questions, start=1):
        tops: list[list[Passage]] = []
        for own_times, one in zip(times_ms, (ask, ask_second), strict=True):
            started = time.perf_counter()
            passages = one(question.text)
            own_times.append((time.perf_counter() - started) * 1000)
            best = {passage.document_id: passage for passage in reversed(passages)}
            tops.append(sorted(best.values(), key=lambda passage: passage.rank)[:DEPTH])
        first, other = ([passage.document_id for passage in top] for top in tops)
        overlap = len({*first} & {*other}) / max(1, len(first), len(other))
        if not first and not other:
            overlap = 1.0
        overlaps.append(overlap)
        same_first += first[:1] == other[:1]
        if question.grades:
            for own, top in zip(gains, tops, strict=True):
                own.append(discounted_gain(top, question.grades))
        differing.append(
            ComparedQuestion(
                question=question.text,
                overlap=round(overlap, 4),
                titles=[passage.title for passage in tops[0][:3]],
                titles_second=[passage.title for passage in tops[1][:3]],
            )
        )
        tell(number, len(questions))
    pairs = list(zip(*gains, strict=True))
    return IndexComparison(
        index=index,
        second=second,
        questions=len(questions),
        overlap_at_10=round(statistics.fmean(overlaps), 4),
        same_first=same_first,
        judged=len(pairs),
        ndcg_at_10=_mean(gains[0]),
        ndcg_at_10_second=_mean(gains[1]),
        better=sum(after > before for before, after in pairs),
        worse=sum(after < before for before, after in pairs),
        median_ms=round(statistics.median(times_ms[0]), 2),
        median_ms_second=round(statistics.median(times_ms[1]), 2),
        most_different=sorted(differing, key=lambda one: one.overlap)[:SHOWN],
    )


def discounted_gain(top: Sequence[Passage], grades: Mapping[str, int]) -> float:
    """nDCG@10 with linear gains (Järvelin and Kekäläinen, 2002, doi:10.1145/582415.582418)."""
    got = [_grade(passage, grades) for passage in top[:DEPTH]]
    ideal = sorted(grades.values(), reverse=True)[:DEPTH]
    return _discounted(got) / _discounted(ideal)


def _discounted(grades: Sequence[int]) -> float:
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def _grade(passage: Passage, grades: Mapping[str, int]) -> int:
    """A document is judged under its id, its address, or the last part of that."""
    names = (passage.document_id, passage.uri, passage.uri.rstrip("/").rpartition("/")[2])
    return next((grades[name] for name in names if name in grades), 0)


def _mean(values: Sequence[float]) -> float | None:
    return round(statistics.fmean(values), 4) if values else None


def _read_lines(path: Path) -> list[JudgedQuestion]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [JudgedQuestion(text=line.strip()) for line in lines if line.strip()]


def _read_folder(folder: Path) -> list[JudgedQuestion]:
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    qrels = folder / "qrels.tsv"
    if qrels.exists():
        for line in qrels.read_text(encoding="utf-8").splitlines()[1:]:
            query, document, grade = line.split("\t")
            if int(grade) > 0:
                grades[query][document] = int(grade)
    lines = (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [JudgedQuestion(text=row["text"], grades=grades[row["_id"]]) for row in rows]
