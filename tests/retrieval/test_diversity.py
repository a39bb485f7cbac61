"""A long document leaves room for others that are about as good."""

import pytest

from assistant.retrieval.diversity import spread
from assistant.types import ScoredId


def kept_of(documents, scores, *, k, most):
    found = [ScoredId(str(at), score) for at, score in enumerate(scores)]
    kept = [int(hit.id) for hit in spread(found, documents, k=k, most=most)]
    assert kept == sorted(kept)
    return "".join(documents[index] for index in kept)


@pytest.mark.parametrize(
    ("documents", "k", "most", "expected"),
    [
        ("aaaabc", 4, 2, "aabc"),
        ("aaaa", 3, 1, "aaa"),  # others have nothing
        ("aabab", 4, 2, "aabb"),
        ("abcd", 3, 2, "abc"),
        ("aaab", 3, 1, "aab"),  # filled up with the next best
        ("", 3, 1, ""),
    ],
)
def test_no_document_takes_more_than_its_part(documents, k, most, expected):
    assert kept_of(documents, [1.0] * len(documents), k=k, most=most) == expected


@pytest.mark.parametrize(
    ("documents", "scores", "expected"),
    [
        ("aaaabc", [1.0, 0.9, 0.8, 0.7, 0.2, 0.1], "aaaa"),
        ("aaaabc", [1.0, 0.9, 0.8, 0.7, 0.6, 0.1], "aaab"),
        ("aaabc", [1.0, 0.9, 0.8, 0.75, 0.7], "aabc"),
        ("aabbab", [1.0, 0.9, 0.8, 0.7, 0.6, 0.5], "aabb"),
    ],
)
def test_much_worse_passages_of_others_take_no_place(documents, scores, expected):
    assert kept_of(documents, scores, k=4, most=2) == expected
