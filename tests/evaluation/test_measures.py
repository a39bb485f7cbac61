"""Measures against values worked out by hand."""

import math

import numpy as np
import pytest

from assistant.evaluation.measures import Measure, mean_of, measure_rankings
from assistant.evaluation.question_set import Question
from assistant.evaluation.statistics import bootstrap_interval, compare


def question(key: str, **grades: int) -> Question:
    return Question(key, f"question {key}", grades, (), None)


def test_graded_documents_give_linear_and_exponential_ndcg():
    found = measure_rankings([question("q", a=3, b=1)], {"q": ["x", "b", "a"]})
    ideal = 3 + 1 / math.log2(3)
    assert found["ndcg@10"].value == pytest.approx((1 / math.log2(3) + 3 / 2) / ideal)
    ideal = 7 + 1 / math.log2(3)
    assert found["ndcg_exp@10"].value == pytest.approx((1 / math.log2(3) + 7 / 2) / ideal)
    assert found["mrr@10"].value == pytest.approx(0.5)


def test_depths_cut_where_they_say():
    ranking = [f"x{place}" for place in range(10)] + ["a"]  # at place 11
    found = measure_rankings([question("q", a=1, b=1)], {"q": ranking}, cuts=[11])
    assert found["ndcg@10"].value == found["recall@10"].value == found["mrr@10"].value == 0
    assert found["recall@100"].value == pytest.approx(0.5)
    assert found["recall@11"].value == pytest.approx(0.5)
    assert found["mrr@11"].value == pytest.approx(1 / 11)


def test_a_question_for_which_nothing_was_found_scores_zero():
    found = measure_rankings([question("q", a=1), question("r", a=1)], {"q": ["a"], "r": []})
    assert found["ndcg@10"].scores.tolist() == [1.0, 0.0]
    assert found["recall@10"].value == 0.5


def test_more_than_ten_documents_stay_in_their_order():
    ranking = [f"d{place:03d}" for place in range(100)]
    found = measure_rankings([question("q", d009=1), question("r", d099=1)],
                             {"q": ranking, "r": ranking})  # fmt: skip
    assert found["mrr@10"].scores.tolist() == pytest.approx([0.1, 0.0])
    assert found["recall@100"].value == 1.0


def test_an_interval_covers_the_truth_in_about_95_of_100_samples():
    generator = np.random.default_rng(5)
    covered = 0
    for _ in range(60):
        sample = (generator.random(200) < 0.3).astype(float)
        interval = bootstrap_interval(mean_of([str(i) for i in range(200)], sample))
        covered += interval.low <= 0.3 <= interval.high
    assert 52 <= covered <= 60


def test_a_measure_that_no_question_bears_has_no_value():
    nothing = Measure(("a",), np.zeros(1), np.zeros(1))
    assert nothing.value is None
    assert bootstrap_interval(nothing) is None
    assert compare(nothing, nothing) is None


def test_settings_that_do_not_differ_are_not_told_apart():
    scores = np.random.default_rng(1).random(50)
    same = mean_of([str(i) for i in range(50)], scores)
    found = compare(same, same)
    assert (found.difference, found.p) == (0.0, 1.0)


def test_a_steady_gain_is_sure_and_a_lucky_one_is_not():
    generator = np.random.default_rng(2)
    ids = [str(i) for i in range(100)]
    first = generator.random(100)
    better = compare(mean_of(ids, first), mean_of(ids, first + 0.05))
    assert better.difference == pytest.approx(0.05)
    assert better.p < 0.001
    lucky = compare(mean_of(ids, first), mean_of(ids, generator.permutation(first)))
    assert lucky.p > 0.05
    assert lucky.interval.low < 0 < lucky.interval.high


def test_precision_over_citations_is_compared_by_question():
    ids = ("a", "b", "c")
    first = Measure(ids, np.array([1.0, 0.0, 2.0]), np.array([1.0, 0.0, 4.0]))
    second = Measure(ids, np.array([1.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]))
    found = compare(first, second)
    assert (found.first, found.second) == (pytest.approx(0.6), 1.0)
    with pytest.raises(ValueError, match="same questions"):
        compare(first, mean_of(("a", "b", "x"), [0, 0, 0]))
