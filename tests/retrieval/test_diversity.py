"""A long document leaves room for others."""

import pytest

from assistant.retrieval.diversity import spread


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
    kept = spread(range(len(documents)), documents, k=k, most=most)
    assert "".join(documents[index] for index in kept) == expected
    assert kept == sorted(kept)
