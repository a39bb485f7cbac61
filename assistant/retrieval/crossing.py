"""Questions in one language and passages in the other: both legs of a search made fair.

A passage in the other language has a lower cosine for the same meaning, and shares few words
with the question.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from assistant.types import ScoredId

ADVANTAGE = 0.15
"""Of the spread of a list's cosines: what the other language costs a passage."""


def even_out(dense: Sequence[ScoredId], foreign: Collection[str]) -> list[ScoredId]:
    """The dense list, best first, with the cosines of `foreign` ids raised by what the other
    language costs them."""
    if not dense or not foreign:
        return [*dense]
    scores = [hit.score for hit in dense]
    advantage = ADVANTAGE * (max(scores) - min(scores))
    raised = [
        ScoredId(hit.id, hit.score + advantage) if hit.id in foreign else hit for hit in dense
    ]
    return sorted(raised, key=lambda hit: -hit.score)


def join_texts(
    own: Sequence[ScoredId],
    translated: Sequence[ScoredId],
    foreign: Collection[str],
    *,
    k: int,
) -> list[ScoredId]:
    """The `k` best of what a question's words and its translated words found: a `foreign` id
    takes the better of its two scores, others only their own."""
    best = {hit.id: hit.score for hit in own}
    for hit in translated:
        if hit.id in foreign:
            best[hit.id] = max(best.get(hit.id, 0.0), hit.score)
    return [ScoredId(*one) for one in sorted(best.items(), key=lambda item: -item[1])[:k]]
