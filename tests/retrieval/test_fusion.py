"""Two rankings become one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval.fusion import fuse_scores, spread_of
from assistant.types import ScoredId


def hits(**scores: float) -> list[ScoredId]:
    return [ScoredId(name, score) for name, score in scores.items()]


def test_what_both_lists_hold_comes_before_what_one_holds():
    fused = fuse_scores(hits(a=0.9, b=0.85, c=0.1), hits(b=12.0, d=11.0, e=1.0), dense_weight=0.5)
    assert fused[0].id == "b"


def test_the_weight_decides_between_the_lists():
    dense, text = hits(a=1.0, z=0.0), hits(b=5.0, z=0.0)
    assert fuse_scores(dense, text, dense_weight=0.9)[0].id == "a"
    assert fuse_scores(dense, text, dense_weight=0.1)[0].id == "b"


@pytest.mark.parametrize(("dense", "text"), [({"a": 0.9, "b": 0.2}, {}), ({}, {"a": 3, "b": 1})])
def test_one_empty_list_leaves_the_other_alone(dense, text):
    fused = fuse_scores(hits(**dense), hits(**text), dense_weight=0.5)
    assert [hit.id for hit in fused] == ["a", "b"]


def test_nothing_and_nothing_is_nothing():
    assert fuse_scores([], [], dense_weight=0.5) == []


def test_of_two_lists_the_one_that_lies_apart_further_than_usual_decides():
    weigh = {"dense_weight": 0.5, "dense_spread": 0.06}
    assert fuse_scores(hits(a=0.812, b=0.81, z=0.80), hits(b=40.0, a=9.0), **weigh)[0].id == "b"
    assert fuse_scores(hits(a=0.90, b=0.80, z=0.70), hits(b=10.0, a=5.0), **weigh)[0].id == "a"


def test_the_usual_spread_goes_by_the_embedder_not_by_its_revision():
    assert spread_of("multilingual-e5-small@abc") == spread_of("multilingual-e5-small@def")
    assert spread_of("another@abc") is None


def scored(least: float, most: float) -> st.SearchStrategy[list[ScoredId]]:
    names = st.text("abcdefgh", min_size=1, max_size=2)
    hit = st.builds(ScoredId, names, st.floats(least, most))
    return st.lists(hit, unique_by=lambda hit: hit.id, max_size=20)


@given(scored(-1, 1), scored(0.01, 100), st.floats(0, 1), st.none() | st.floats(0.01, 1))
def test_scores_lie_between_0_and_1_and_fall(dense, text, weight, spread):
    fused = fuse_scores(dense, text, dense_weight=weight, dense_spread=spread)
    scores = [hit.score for hit in fused]
    assert {hit.id for hit in fused} == {hit.id for hit in [*dense, *text]}
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in scores)
    assert scores == sorted(scores, reverse=True)
