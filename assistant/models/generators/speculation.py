"""Guesses at what comes next, looked up in the text so far.

An answer that quotes its passages goes on as the passage does: the tokens after the last place
where the same few stood before are checked all in one run of the model (prompt lookup decoding:
Saxena 2023, github.com/apoorvumang/prompt-lookup-decoding).
"""

from __future__ import annotations

from collections.abc import Sequence

MATCH_TOKENS = 3
FIRST_DRAFT_TOKENS = 4
PAUSE_TOKENS = 16
"""After guesses that failed altogether, so long without any."""


class Drafter:
    """The guesses for one text, which only ever grows."""

    def __init__(self, most_tokens: int) -> None:
        self._most = most_tokens
        self._size = min(FIRST_DRAFT_TOKENS, most_tokens)
        self._places: dict[tuple[int, ...], int] = {}
        self._known = 0
        self._resume = 0

    def draft(self, tokens: Sequence[int]) -> list[int]:
        """What may follow, empty when there is no guess."""
        last = len(tokens) - MATCH_TOKENS
        for start in range(self._known, last):
            self._places[tuple(tokens[start : start + MATCH_TOKENS])] = start + MATCH_TOKENS
        self._known = max(self._known, last)
        if last < 0 or len(tokens) < self._resume:
            return []
        place = self._places.get(tuple(tokens[last:]))
        return [] if place is None else list(tokens[place : place + self._size])

    def learn(self, guessed: int, right: int, tokens: int) -> None:
        """How the last guesses did; the text has now so many tokens."""
        if right == guessed:
            self._size = min(2 * self._size, self._most)
        elif right < guessed / 2:
            self._size = max(self._size // 2, min(2, self._most))
            if right == 0:
                self._resume = tokens + PAUSE_TOKENS
