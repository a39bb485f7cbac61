"""Passages of several documents, where one long document would take all places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def spread(found: Sequence[T], documents: Sequence[str], *, k: int, most: int) -> list[T]:
    """The `k` best, of which no document gives more than `most` while others still have some.

    Args:
        found: best first; `documents` says of which document each is.
    Returns:
        In the order of `found`.
    """
    taken: Counter[str] = Counter()
    chosen: list[int] = []
    beyond: list[int] = []
    for index, document in enumerate(documents):
        taken[document] += 1
        (chosen if taken[document] <= most else beyond).append(index)
        if len(chosen) == k:
            break
    return [found[index] for index in sorted([*chosen, *beyond[: k - len(chosen)]])]
