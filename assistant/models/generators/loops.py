"""Answers that go in circles."""

from __future__ import annotations

from collections.abc import Sequence

LOOP_TOKENS = 24
LOOP_PERIOD_TOKENS = 64


def repeats_itself(tokens: Sequence[int]) -> bool:
    """Whether the end is one phrase, three times or more and at least LOOP_TOKENS in all.

    Greedy decoding of a small model never leaves such a circle.
    """
    for period in range(1, min(len(tokens) // 3, LOOP_PERIOD_TOKENS) + 1):
        span = max(3 * period, LOOP_TOKENS)
        if span > len(tokens):
            return False
        tail = tokens[-span:]
        if tail[period:] == tail[:-period]:
            return True
    return False
