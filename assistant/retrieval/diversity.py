"""Passages of several documents, where one long document would take all places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistant.types import ScoredId

CLOSE = 0.8
"""Share of a passage's score that one of another document has at least, to take its place: what
is asked of one long paper is answered by that paper."""


def spread(
    found: Sequence[ScoredId], documents: Sequence[str], *, k: int, most: int
) -> list[ScoredId]:
    """The `k` best, of which no document gives more than `most` while others have some about as
    good.

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
    chosen = sorted([*chosen, *beyond[: k - len(chosen)]])
    for index in beyond:
        last = chosen[-1]
        if index in chosen or index > last or found[last].score >= CLOSE * found[index].score:
            continue
        chosen = sorted([*chosen[:-1], index])
    return [found[index] for index in chosen]
