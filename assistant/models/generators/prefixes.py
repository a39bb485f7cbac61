"""Beginnings of earlier texts, kept so that texts that begin alike need not be read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.models.generators.cache import KeysAndValues

LEAST_TOKENS = 32
"""Shorter beginnings are read as quickly as they are found."""


@dataclass(frozen=True, slots=True)
class Prefix:
    tokens: Sequence[int]
    is_long: bool
    held: KeysAndValues

    @property
    def size_bytes(self) -> int:
        return sum(part.nbytes for part in self.held)


class Prefixes:
    """The most recently used ones that fit into `budget_bytes`."""

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._kept: list[Prefix] = []  # the most recently used one last

    def find(self, tokens: Sequence[int], *, is_long: bool) -> tuple[int, Prefix] | None:
        """The one with most in common, and how many tokens these are."""
        best: tuple[int, Prefix] | None = None
        for prefix in self._kept:
            if prefix.is_long == is_long:
                common = count_common(prefix.tokens, tokens)
                if common >= LEAST_TOKENS and (best is None or common > best[0]):
                    best = common, prefix
        if best is not None:
            self._touch(best[1])
        return best

    def wants(self, tokens: Sequence[int], token_bytes: int, *, is_long: bool) -> bool:
        """Whether a text is worth keeping: long enough, not too big, not there already."""
        if not LEAST_TOKENS <= len(tokens) <= self.budget_bytes // token_bytes:
            return False
        for prefix in self._kept:
            covered = prefix.is_long == is_long and len(prefix.tokens) >= len(tokens)
            if covered and count_common(prefix.tokens, tokens) == len(tokens):
                self._touch(prefix)
                return False
        return True

    def keep(self, new: Prefix) -> None:
        self._kept = [
            old
            for old in self._kept
            if old.is_long != new.is_long or count_common(old.tokens, new.tokens) < len(old.tokens)
        ]
        self._kept.append(new)
        while sum(prefix.size_bytes for prefix in self._kept) > self.budget_bytes:
            self._kept.pop(0)

    def _touch(self, prefix: Prefix) -> None:
        self._kept = [*(other for other in self._kept if other is not prefix), prefix]


def count_common(left: Sequence[int], right: Sequence[int]) -> int:
    """How many tokens two texts begin with alike."""
    size = min(len(left), len(right))
    differ = np.asarray(left[:size]) != np.asarray(right[:size])
    return int(differ.argmax()) if differ.any() else size
