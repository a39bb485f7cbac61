"""Two rankings become one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval.fusion import fuse_scores
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


scored = st.lists(
    st.builds(ScoredId, st.text("abcdefgh", min_size=1, max_size=2), st.floats(-1, 100)),
    unique_by=lambda hit: hit.id,
    max_size=20,
)


@given(scored, scored, st.floats(0, 1))
def test_scores_lie_between_0_and_1_and_fall(dense, text, weight):
    fused = fuse_scores(dense, text, dense_weight=weight)
    scores = [hit.score for hit in fused]
    assert {hit.id for hit in fused} == {hit.id for hit in [*dense, *text]}
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in scores)
    if dense and text:
        assert scores == sorted(scores, reverse=True)
