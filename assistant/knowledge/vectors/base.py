"""The seam for vector indexes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.knowledge.renewal import Alone, Fill
from assistant.types import Readable, ScoredId

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VectorEntry:
    """What an index holds of a chunk: enough to find it and to know who may."""

    chunk_id: str
    vector: Vector
    document_id: str
    collection: str
    groups: frozenset[str]


class VectorIndex(Protocol):
    """Nearest neighbours of a vector among the chunks that a reader may see.

    An index is never the truth: all it holds can be rebuilt from SQL.
    """

    def add(self, entries: Sequence[VectorEntry]) -> None:
        """Insert or replace.

        Raises:
            IndexMismatchError: a vector's dimension differs from the index's.
        """

    def remove(self, chunk_ids: Sequence[str]) -> None:
        """Forget these chunks; unknown ids are passed over."""

    def search(
        self,
        vector: Vector,
        *,
        k: int,
        readable: Readable,
        documents: Collection[str] | None = None,
    ) -> list[ScoredId]:
        """At most `k` chunk ids, best first.

        Args:
            vector: (D,) float32, L2-normalised.
            readable: only chunks of these groups (and this collection) are returned;
                there is no search without it.
            documents: ids; only chunks of these are returned.
        Returns:
            (chunk id, cosine similarity in [-1, 1]).
        Raises:
            IndexMismatchError: D differs from the index's dimension.
        """

    def ids(self) -> set[str]:
        """All chunk ids held, for reconciling."""

    def clear(self) -> None:
        """Forget everything and what is left of it on disk."""

    def renew(self, fill: Fill[VectorEntry], alone: Alone) -> None:
        """Make the index anew in fresh files from what `fill` adds, beside searches, and delete
        the former ones: what was once removed is in them still. Only while nobody changes it.

        Args:
            alone: held for the moment in which the fresh files take the place of the others; no
                search may run in it.
        """

    def close(self) -> None: ...
