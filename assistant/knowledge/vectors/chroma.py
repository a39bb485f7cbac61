"""Nearest neighbours on Chroma, embedded in this process.

Two processes must never open one directory: a second writer makes chunks vanish.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from assistant.errors import (
    DataDirectoryError,
    IndexMismatchError,
    KnowledgeError,
    StorageFullError,
)
from assistant.knowledge.renewal import Alone, Fill, exchange, fresh_folder
from assistant.knowledge.vectors.base import VectorEntry
from assistant.knowledge.vectors.chroma_collection import FIELDS, HNSW, CollectionVectors
from assistant.knowledge.vectors.seal import DATABASE, break_seal, is_sound, seal
from assistant.knowledge.vectors.unused_places import clear_unused_places

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection as ChromaCollection

Result = TypeVar("Result")

logger = logging.getLogger(__name__)

COLLECTION = "chunks"
LEAST_FREE_BYTES = 2**18
"""With less, what fails does so for want of space."""
ROOM_BYTES = 2**20
WAITING_ROWS = 1000
"""Chroma writes vectors to its graph when so many wait: any change may be the one."""


class EmbeddedVectors:
    """Each index in a directory of its own."""

    shared = False
    approximate = True

    def open(self, folder: Path, *, number: int, embedder_id: str, dimension: int) -> ChromaVectors:
        del number
        return ChromaVectors(folder / "vectors", embedder_id=embedder_id, dimension=dimension)

    def check(self) -> str:
        return "Chroma, in this process"

    def counts(self) -> dict[int, int]:
        return {}

    def keep_only(self, numbers: Collection[int]) -> None:
        """Their folders go with the others of an index."""

    def close(self) -> None:
        """Nothing is held open."""


class ChromaVectors(CollectionVectors):
    """A directory with one Chroma collection of one embedder's vectors.

    Files that are damaged or not whole are thrown away: the library fills the index again from SQL.

    Chroma is kept from running out of space: it leaves files that are cut short, and a connection
    that keeps its lock, for which the next change waits more than ten minutes, with all of Python
    standing still. Where others fill the disk meanwhile, it is not asked again, and begun
    anew with the next start.

    Raises:
        StorageFullError: there is no room, or was none before.
        IndexMismatchError: the directory holds vectors of another embedder.
        DataDirectoryError: the directory cannot be opened.
    """

    rows_a_call = 250
    """All of Python stands still while Chroma writes: 0.4 s for so many, 4 s for 5,461. Filling an
    index takes a sixth longer."""

    def __init__(self, directory: Path, *, embedder_id: str, dimension: int) -> None:
        super().__init__(embedder_id=embedder_id, dimension=dimension)
        self._directory = directory
        self._client: Client
        self._collection: ChromaCollection
        self._ran_full: bool
        if not is_sound(directory):
            logger.warning("%s is damaged or not whole; it is begun anew", directory)
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

    def clear(self) -> None:
        # Chroma never gives back the space of deleted vectors, nor their content.
        self._require_room(ROOM_BYTES)
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
        if not self._ran_full:
            clear_unused_places(self._directory)
            seal(self._directory)

    def _upsert(self, batch: Sequence[VectorEntry]) -> None:
        # In the log, beside it and with the neighbours; room for a removal is left.
        self._require_room(2 * self._room_bytes + 16 * len(batch) * self.dimension)
        with self._spoilt_where_full():
            super()._upsert(batch)

    def _delete(self, chunk_ids: list[str]) -> None:
        self._require_room(self._room_bytes)
        with self._spoilt_where_full():
            super()._delete(chunk_ids)

    @property
    def _room_bytes(self) -> int:
        """What a change that adds nothing may need."""
        return ROOM_BYTES + WAITING_ROWS * (4 * self.dimension + 1000)

    @contextlib.contextmanager
    def _spoilt_where_full(self) -> Iterator[None]:
        try:
            yield
        except DataDirectoryError as exc:  # Chroma does not always say why
            if not isinstance(exc, StorageFullError) and self._has_room(self._room_bytes):
                raise
            self._ran_full = True
            with contextlib.suppress(OSError):
                (self._directory / DATABASE).unlink()  # so that it is not taken for sound
            raise self._full() from exc

    def _call(self, ask: Callable[[ChromaCollection], Result]) -> Result:
        if self._ran_full:
            raise StorageFullError(
                f"a change of {self._directory} was broken off where no space was left: free some "
                "and start Philo again, which fills it anew"
            )
        with self._translated():
            return ask(self._collection)

    def _open(self) -> None:
        import chromadb
        from chromadb.config import Settings

        self._require_room(ROOM_BYTES)
        self._ran_full = False
        break_seal(self._directory)
        with self._translated(), contextlib.ExitStack() as opened:
            client = chromadb.PersistentClient(
                path=str(self._directory), settings=Settings(anonymized_telemetry=False)
            )
            self._client = cast("Client", client)  # declared as an interface without close()
            opened.callback(self._client.close)
            self._collection = self._client.get_or_create_collection(
                COLLECTION,
                configuration={"hnsw": HNSW},
                metadata=self._described(),
                embedding_function=None,
            )
            opened.pop_all()

    def _require_room(self, needed_bytes: int) -> None:
        if not self._has_room(needed_bytes):
            raise self._full()

    def _has_room(self, needed_bytes: int) -> bool:
        there = next(path for path in (self._directory, *self._directory.parents) if path.is_dir())
        with contextlib.suppress(OSError):
            return shutil.disk_usage(there).free >= needed_bytes
        return True

    def _full(self) -> StorageFullError:
        return StorageFullError(f"no space is left for {self._directory}; free some and try again")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        from chromadb.errors import ChromaError, InternalError

        try:
            yield
        except ChromaError as exc:
            message = str(exc)
            said = "disk is full" in message or "No space left" in message
            if said or not self._has_room(LEAST_FREE_BYTES):
                raise self._full() from exc
            if isinstance(exc, InternalError):
                raise DataDirectoryError(
                    f"the vector index in {self._directory} cannot be used ({message}); "
                    "check its owner and its disk, or delete it: it is rebuilt at the next start"
                ) from exc
            raise KnowledgeError(f"the vector index refused a call: {message}") from exc
