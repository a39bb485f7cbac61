"""Exact nearest neighbours in memory: for tests, and as the measure of the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from assistant.knowledge.renewal import Alone, Fill
from assistant.knowledge.vectors.base import Vector, VectorEntry, require_dimension
from assistant.types import Readable, ScoredId


class MemoryVectors:
    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._entries: dict[str, VectorEntry] = {}

    def add(self, entries: Sequence[VectorEntry]) -> None:
        for entry in entries:
            require_dimension(entry.vector, self.dimension)
        self._entries |= {entry.chunk_id: entry for entry in entries}

    def remove(self, chunk_ids: Sequence[str]) -> None:
        for chunk_id in chunk_ids:
            self._entries.pop(chunk_id, None)

    def search(
        self,
        vector: Vector,
        *,
        k: int,
        readable: Readable,
        documents: Collection[str] | None = None,
    ) -> list[ScoredId]:
        require_dimension(vector, self.dimension)
        seen = [
            entry
            for entry in list(self._entries.values())
            if _may_see(readable, entry) and (documents is None or entry.document_id in documents)
        ]
        if k < 1 or not seen:
            return []
        scores = np.stack([entry.vector for entry in seen]) @ vector  # (N, D) @ (D,) -> (N,)
        best = np.argsort(-scores, kind="stable")[:k]
        return [ScoredId(id=seen[i].chunk_id, score=float(scores[i])) for i in best]

    def ids(self) -> set[str]:
        return set(self._entries)

    def count(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        self._entries.clear()

    def renew(self, fill: Fill[VectorEntry], alone: Alone) -> None:
        with alone():
            self.clear()
            fill(self.add)

    def close(self) -> None:
        """Nothing is held open."""


def _may_see(readable: Readable, entry: VectorEntry) -> bool:
    if readable.collection not in (None, entry.collection):
        return False
    return readable.everything or not readable.keys.isdisjoint(entry.groups)
