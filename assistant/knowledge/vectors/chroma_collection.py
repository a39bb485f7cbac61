"""What is asked of a collection of Chroma, wherever it runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from assistant.knowledge.vectors.base import Vector, VectorEntry, require_dimension
from assistant.types import Readable, ScoredId

if TYPE_CHECKING:
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection as ChromaCollection
    from chromadb.api.types import GetResult

Result = TypeVar("Result")

FIELDS = "collection document groups"
"""Held of each chunk; an index with others is emptied, and filled again from SQL."""

MAX_ROWS = 5_461
"""Of one call: Chroma refuses more."""

HNSW: CreateHNSWConfiguration = {"space": "cosine", "ef_search": 200}


class CollectionVectors(ABC):
    """One collection of one embedder's vectors.

    Groups and collection of a chunk are metadata, and a reader's permission is part of
    every query.
    """

    rows_a_call = MAX_ROWS

    def __init__(self, *, embedder_id: str, dimension: int) -> None:
        self._embedder_id = embedder_id
        self.dimension = dimension

    @abstractmethod
    def _call(self, ask: Callable[[ChromaCollection], Result]) -> Result:
        """Let the collection be asked something; translates errors."""

    def add(self, entries: Sequence[VectorEntry]) -> None:
        for entry in entries:
            require_dimension(entry.vector, self.dimension)
        for first in range(0, len(entries), self.rows_a_call):
            self._upsert(entries[first : first + self.rows_a_call])

    def _upsert(self, batch: Sequence[VectorEntry]) -> None:
        vectors = np.stack([entry.vector for entry in batch])  # (B, D)
        self._call(
            lambda collection: collection.upsert(
                ids=[entry.chunk_id for entry in batch],
                embeddings=vectors,
                metadatas=[_metadata(entry) for entry in batch],
            )
        )

    def remove(self, chunk_ids: Sequence[str]) -> None:
        for first in range(0, len(chunk_ids), self.rows_a_call):
            self._delete(list(chunk_ids[first : first + self.rows_a_call]))

    def _delete(self, chunk_ids: list[str]) -> None:
        self._call(lambda collection: collection.delete(ids=chunk_ids))

    def search(
        self,
        vector: Vector,
        *,
        k: int,
        readable: Readable,
        documents: Collection[str] | None = None,
    ) -> list[ScoredId]:
        require_dimension(vector, self.dimension)
        if k < 1 or not (readable.everything or readable.keys):
            return []
        if documents is not None and not documents:
            return []
        found = self._call(
            lambda collection: collection.query(
                query_embeddings=vector[np.newaxis],  # (1, D)
                n_results=k,
                where=_where(readable, documents),
                include=["distances"],
            )
        )
        distances = (found["distances"] or [[]])[0]
        return [
            ScoredId(id=chunk_id, score=1.0 - float(distance))
            for chunk_id, distance in zip(found["ids"][0], distances, strict=True)
        ]

    def ids(self) -> set[str]:
        return set(self._call(lambda collection: collection.get(include=[])["ids"]))

    def count(self) -> int:
        return self._call(lambda collection: collection.count())

    def held(self, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """The vectors of chunks as they were stored, to be compared with the truth; unknown ids are
        passed over."""
        found: dict[str, Vector] = {}
        for first in range(0, len(chunk_ids), self.rows_a_call):
            some = list(chunk_ids[first : first + self.rows_a_call])
            got = self._call(partial(_get_vectors, some))
            vectors = got["embeddings"]
            if vectors is not None:
                found |= zip(got["ids"], np.asarray(vectors, dtype=np.float32), strict=True)
        return found

    def _described(self) -> dict[str, Any]:
        """The collection's own metadata."""
        return {"embedder": self._embedder_id, "fields": FIELDS}


def _get_vectors(chunk_ids: list[str], collection: ChromaCollection) -> GetResult:
    return collection.get(chunk_ids, include=["embeddings"])


def _metadata(entry: VectorEntry) -> dict[str, Any]:
    # None, because Chroma keeps the former value of a key that is left out or empty.
    groups = sorted(entry.groups) or None
    return {"collection": entry.collection, "document": entry.document_id, "groups": groups}


def _where(readable: Readable, documents: Collection[str] | None) -> dict[str, Any] | None:
    conditions: list[dict[str, Any]] = []
    if documents is not None:
        conditions.append({"document": {"$in": sorted(documents)}})
    if not readable.everything:
        groups = [{"groups": {"$contains": group}} for group in sorted(readable.keys)]
        conditions.append(groups[0] if len(groups) == 1 else {"$or": groups})
    if readable.collection is not None:
        conditions.append({"collection": readable.collection})
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else {"$and": conditions}
