"""Nearest neighbours on Chroma, embedded in this process.

Two processes must never open one directory: a second writer makes chunks vanish.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from assistant.errors import (
    DataDirectoryError,
    IndexMismatchError,
    KnowledgeError,
    StorageFullError,
)
from assistant.knowledge.renewal import Alone, Fill, exchange, fresh_folder
from assistant.knowledge.vectors.base import Vector, VectorEntry
from assistant.knowledge.vectors.unused_places import clear_unused_places
from assistant.types import Readable, ScoredId

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.models.Collection import Collection as ChromaCollection

COLLECTION = "chunks"
FIELDS = "collection document groups"
"""Held of each chunk; an index with others is emptied, and filled again from SQL."""

MAX_ROWS = 5_461
"""Of one call: Chroma refuses more."""

HNSW: CreateHNSWConfiguration = {"space": "cosine", "ef_search": 200}


class ChromaVectors:
    """A directory with one Chroma collection of one embedder's vectors.

    Groups and collection of a chunk are metadata, and a reader's permission is part of
    every query. A database file that is damaged is thrown away: the library fills the
    index again from SQL.

    Raises:
        IndexMismatchError: the directory holds vectors of another embedder.
        DataDirectoryError: the directory cannot be opened.
    """

    def __init__(self, directory: Path, *, embedder_id: str, dimension: int) -> None:
        self._directory = directory
        self._embedder_id = embedder_id
        self.dimension = dimension
        self._client: Client
        self._collection: ChromaCollection
        if _is_damaged(directory / "chroma.sqlite3"):
            shutil.rmtree(directory)
        self._open()
        held = self._collection.metadata["embedder"]
        if held != embedder_id:
            if self._collection.count():
                self.close()
                raise IndexMismatchError(
                    f"{directory} holds vectors of the embedder {held!r}, not of {embedder_id!r}; "
                    "delete that directory, it is rebuilt at the next start"
                )
            self.clear()
        elif self._collection.metadata.get("fields") != FIELDS:
            self.clear()

    def add(self, entries: Sequence[VectorEntry]) -> None:
        for entry in entries:
            self._check(entry.vector)
        with self._translated():
            for first in range(0, len(entries), MAX_ROWS):
                batch = entries[first : first + MAX_ROWS]
                self._collection.upsert(
                    ids=[entry.chunk_id for entry in batch],
                    embeddings=np.stack([entry.vector for entry in batch]),  # (B, D)
                    metadatas=[_metadata(entry) for entry in batch],
                )

    def remove(self, chunk_ids: Sequence[str]) -> None:
        with self._translated():
            for first in range(0, len(chunk_ids), MAX_ROWS):
                self._collection.delete(ids=list(chunk_ids[first : first + MAX_ROWS]))

    def search(
        self,
        vector: Vector,
        *,
        k: int,
        readable: Readable,
        documents: Collection[str] | None = None,
    ) -> list[ScoredId]:
        self._check(vector)
        if k < 1 or not (readable.everything or readable.keys):
            return []
        if documents is not None and not documents:
            return []
        with self._translated():
            found = self._collection.query(
                query_embeddings=vector[np.newaxis],  # (1, D)
                n_results=k,
                where=_where(readable, documents),
                include=["distances"],
            )
        distances = (found["distances"] or [[]])[0]
        return [
            ScoredId(id=chunk_id, score=1.0 - float(distance))
            for chunk_id, distance in zip(found["ids"][0], distances, strict=True)
        ]

    def ids(self) -> set[str]:
        with self._translated():
            return set(self._collection.get(include=[])["ids"])

    def clear(self) -> None:
        # Chroma never gives back the space of deleted vectors, nor their content.
        self.close()
        shutil.rmtree(self._directory)
        self._open()

    def renew(self, fill: Fill[VectorEntry], alone: Alone) -> None:
        folder = fresh_folder(self._directory)
        fresh = ChromaVectors(folder, embedder_id=self._embedder_id, dimension=self.dimension)
        try:
            fill(fresh.add)
        finally:
            fresh.close()
        clear_unused_places(folder)
        with alone():
            self.close()
            former = exchange(self._directory, folder)
            self._open()
        shutil.rmtree(former)

    def close(self) -> None:
        self._client.close()
        clear_unused_places(self._directory)

    def _open(self) -> None:
        import chromadb
        from chromadb.config import Settings

        with self._translated(), contextlib.ExitStack() as opened:
            client = chromadb.PersistentClient(
                path=str(self._directory), settings=Settings(anonymized_telemetry=False)
            )
            self._client = cast("Client", client)  # declared as an interface without close()
            opened.callback(self._client.close)
            self._collection = self._client.get_or_create_collection(
                COLLECTION,
                configuration={"hnsw": HNSW},
                metadata={"embedder": self._embedder_id, "fields": FIELDS},
                embedding_function=None,
            )
            opened.pop_all()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        from chromadb.errors import ChromaError, InternalError

        try:
            yield
        except ChromaError as exc:
            message = str(exc)
            if "disk is full" in message or "No space left" in message:
                raise StorageFullError(
                    f"no space is left for {self._directory}; free some and try again"
                ) from exc
            if isinstance(exc, InternalError):
                raise DataDirectoryError(
                    f"the vector index in {self._directory} cannot be used ({message}); "
                    "check its owner and its disk, or delete it: it is rebuilt at the next start"
                ) from exc
            raise KnowledgeError(f"the vector index refused a call: {message}") from exc

    def _check(self, vector: Vector) -> None:
        if vector.shape != (self.dimension,):
            raise IndexMismatchError(
                f"the index holds {self.dimension}-d vectors, got one of shape {vector.shape}; "
                "use the embedder that the index was made with"
            )


def _is_damaged(path: Path) -> bool:
    # Looked at beforehand: a client that failed to open a file could not be opened again.
    if not path.is_file():
        return False
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as exc:
        return exc.sqlite_errorcode in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
    return False


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
