"""The seam for vector indexes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.errors import IndexMismatchError
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


def require_dimension(vector: Vector, dimension: int) -> None:
    """
    Raises:
        IndexMismatchError: the vector has another one.
    """
    if vector.shape != (dimension,):
        raise IndexMismatchError(
            f"the index holds {dimension}-d vectors, got one of shape {vector.shape}; "
            "use the embedder that the index was made with"
        )


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

    def count(self) -> int:
        """How many chunks are held. Makes nothing where there is nothing yet.

        Raises:
            VectorsLostError: the server has nothing of this index, not even empty.
        """

    def clear(self) -> None:
        """Forget everything and what is left of it on disk."""

    def renew(self, fill: Fill[VectorEntry], alone: Alone) -> None:
        """Make the index anew in fresh files from what `fill` adds, beside searches, and delete
        the former ones: what was once removed is in them still. Only while nobody changes it.
        Nobody finds it before it is whole, also where there was none.

        Args:
            alone: held for the moment in which the fresh files take the place of the others; no
                search may run in it.
        """

    def close(self) -> None: ...


class VectorHome(Protocol):
    """Where the vectors of each index lie: folders, or a server."""

    @property
    def shared(self) -> bool:
        """Whether several processes may use it at once."""

    def open(self, folder: Path, *, number: int, embedder_id: str, dimension: int) -> VectorIndex:
        """
        Args:
            folder: the index's own in the data directory.
            number: the index's id.
        Raises:
            IndexMismatchError: it holds vectors of another embedder.
            DataDirectoryError: it cannot be opened.
        """

    def check(self) -> str:
        """What answers there, for people.

        Raises:
            StoreUnavailableError: the server is away.
        """

    @property
    def approximate(self) -> bool:
        """Whether a search may miss a neighbour, as a graph of them does."""

    def counts(self) -> dict[int, int]:
        """Number of an index -> how many vectors lie there, of whatever installation; of
        folders, none.

        Raises:
            StoreUnavailableError: the server is away.
        """

    def keep_only(self, numbers: Collection[int]) -> None:
        """Delete what is left of other indexes.

        Raises:
            StoreUnavailableError: the server is away.
        """

    def close(self) -> None: ...
