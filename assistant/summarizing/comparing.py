"""Several documents side by side: where they agree, and where they seem to contradict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assistant.summarizing.reading import Unit
from assistant.summarizing.salience import Matrix
from assistant.types import Language
from assistant.words import content_stems, negated

ALIKE = 0.9
"""Cosine from which two sentences speak of the same thing; of unrelated ones it is about .8."""

LEAST_COMMON = 0.3
"""Share of the shorter one's words that both must hold."""

MOST_PAIRS = 5


def find_pairs(
    first: Sequence[Unit],
    first_vectors: Matrix,
    second: Sequence[Unit],
    second_vectors: Matrix,
    language: Language,
) -> list[tuple[int, int, bool]]:
    """(index in `first`, index in `second`, whether they agree), most alike first.

    They contradict when one negates what the other says; that is a hint, not a proof.
    """
    if not first or not second:
        return []
    likeness = first_vectors @ second_vectors.T  # (N, D) @ (D, M) -> (N, M)
    words = [set(content_stems(unit.text, language)) for unit in first]
    others = [set(content_stems(unit.text, language)) for unit in second]
    pairs: list[tuple[int, int, bool]] = []
    used: tuple[set[int], set[int]] = (set(), set())
    for flat in np.argsort(-likeness, axis=None, kind="stable"):
        one, other = divmod(int(flat), len(second))
        if likeness[one, other] < ALIKE or len(pairs) >= MOST_PAIRS:
            break
        common = len(words[one] & others[other])
        least = min(len(words[one]), len(others[other]))
        if one in used[0] or other in used[1] or common < max(2, LEAST_COMMON * least):
            continue
        used[0].add(one)
        used[1].add(other)
        agree = negated(first[one].text) == negated(second[other].text)
        pairs.append((one, other, agree))
    return pairs
