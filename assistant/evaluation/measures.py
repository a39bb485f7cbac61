"""Measures as sums over questions, so that all of them are resampled and compared alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytrec_eval
from numpy.typing import NDArray

from assistant.evaluation.question_set import Question

Values = NDArray[np.float64]
MRR_CUT = 10


@dataclass(frozen=True, slots=True)
class Measure:
    """`gains` over `weights`, both (N,), one for each question of `ids`.

    A mean over questions has weights of 1; a precision over citations has as many as there
    are citations. A question of weight 0 does not count.
    """

    ids: tuple[str, ...]
    gains: Values
    weights: Values

    @property
    def value(self) -> float | None:
        """None where no question counts."""
        total = float(self.weights.sum())
        return float(self.gains.sum()) / total if total else None

    @property
    def scores(self) -> Values:
        """(N,) of each question; NaN where it does not count."""
        with np.errstate(invalid="ignore", divide="ignore"):
            scores: Values = self.gains / self.weights
        return scores


def mean_of(ids: Sequence[str], scores: Sequence[float]) -> Measure:
    values = np.asarray(scores, np.float64)
    return Measure(tuple(ids), values, np.ones_like(values))


def measure_rankings(
    questions: Sequence[Question],
    rankings: Mapping[str, Sequence[str]],
    *,
    cuts: Sequence[int] = (),
) -> dict[str, Measure]:
    """nDCG@10, recall@10, recall@100 and MRR@10, by trec_eval's own code, in this order.

    nDCG discounts a document's grade as it is (linear gain, as trec_eval and BEIR do); the
    exponential form is under `ndcg_exp@10` where a set has grades above 1.

    Args:
        rankings: id of a question -> ids of documents, best first, each once.
        cuts: other depths at which to measure as well.
    """
    ndcg_cuts = sorted({10, *cuts})
    recall_cuts = sorted({10, 100, *cuts})
    wanted = {*(f"ndcg_cut.{k}" for k in ndcg_cuts), *(f"recall.{k}" for k in recall_cuts)}
    grades = {one.id: dict(one.grades) for one in questions}
    ids = [one.id for one in questions]
    by_question = _evaluate(grades, rankings, wanted)
    found = {"ndcg@10": _column(ids, by_question, "ndcg_cut_10")}
    for k in recall_cuts:
        found[f"recall@{k}"] = _column(ids, by_question, f"recall_{k}")
    for k in sorted({MRR_CUT, *cuts}):
        top = {key: ranking[:k] for key, ranking in rankings.items()}
        found[f"mrr@{k}"] = _column(ids, _evaluate(grades, top, {"recip_rank"}), "recip_rank")
        found[f"ndcg@{k}"] = _column(ids, by_question, f"ndcg_cut_{k}")
    if any(grade > 1 for of_one in grades.values() for grade in of_one.values()):
        powers = {
            key: {document: 2**grade - 1 for document, grade in of_one.items()}
            for key, of_one in grades.items()
        }
        graded = _evaluate(powers, rankings, {"ndcg_cut.10"})
        found["ndcg_exp@10"] = _column(ids, graded, "ndcg_cut_10")
    return found


def _evaluate(
    grades: dict[str, dict[str, int]], rankings: Mapping[str, Sequence[str]], wanted: set[str]
) -> Mapping[str, Mapping[str, float]]:
    # trec_eval orders by score, and equal scores by id: the place in the ranking is the score.
    run = {
        key: {document: float(-place) for place, document in enumerate(ranking)}
        for key, ranking in rankings.items()
    }
    evaluated: Mapping[str, Mapping[str, float]] = pytrec_eval.RelevanceEvaluator(
        grades, wanted
    ).evaluate(run)
    return evaluated


def _column(
    ids: Sequence[str], by_question: Mapping[str, Mapping[str, float]], name: str
) -> Measure:
    """A question for which nothing was found scores 0."""
    return mean_of(ids, [by_question.get(key, {}).get(name, 0.0) for key in ids])
