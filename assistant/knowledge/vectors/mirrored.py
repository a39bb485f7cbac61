"""A store of vectors with a copy in memory that is searched in its place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence

from assistant.knowledge.renewal import Alone, Fill
from assistant.knowledge.vectors.base import Vector, VectorEntry, VectorIndex
from assistant.knowledge.vectors.exact import ExactVectors
from assistant.machine import count_memory_bytes
from assistant.types import Readable, ScoredId

ReadEntries = Callable[[Collection[str]], Iterable[Sequence[VectorEntry]]]
"""From chunk ids to what the truth says of them, in portions; unknown ids are passed over."""

MEMORY_SHARE = 8
"""By default, the copy takes 1/8 of the memory at most."""


class MirroredVectors:
    """The store is the list of what is indexed; the copy is made from the truth, with the first
    search, of the chunks that the store lists. Whatever changes is changed in both.

    Where the copy would take more than `most_bytes`, the store itself is searched.
    """

    def __init__(
        self,
        store: VectorIndex,
        copy: ExactVectors,
        read: ReadEntries,
        *,
        most_bytes: int | None = None,
    ) -> None:
        self._store = store
        self._copy = copy
        self._read = read
        self._most_bytes = most_bytes or count_memory_bytes() // MEMORY_SHARE
        self._loading = threading.Lock()
        self._changing = threading.Lock()
        self._state = "empty"
        self._missed: list[Callable[[], None]] = []  # changes of while the copy was made

    def add(self, entries: Sequence[VectorEntry]) -> None:
        self._store.add(entries)
        self._follow(lambda: self._copy.add(entries))

    def remove(self, chunk_ids: Sequence[str]) -> None:
        self._store.remove(chunk_ids)
        self._follow(lambda: self._copy.remove(chunk_ids))

    def search(
        self,
        vector: Vector,
        *,
        k: int,
        readable: Readable,
        documents: Collection[str] | None = None,
    ) -> list[ScoredId]:
        if self._state not in ("whole", "too large"):
            with self._loading:
                if self._state == "empty":
                    self._load()
        if self._state == "too large":
            return self._store.search(vector, k=k, readable=readable, documents=documents)
        return self._copy.search(vector, k=k, readable=readable, documents=documents)

    def ids(self) -> set[str]:
        return self._store.ids()

    def clear(self) -> None:
        with self._loading, self._changing:
            self._store.clear()
            self._copy.clear()

    def renew(self, fill: Fill[VectorEntry], alone: Alone) -> None:
        self._store.renew(fill, alone)  # the copy overwrites what is removed from it

    def close(self) -> None:
        with self._loading, self._changing:
            self._store.close()
            self._copy.close()

    @property
    def memory_bytes(self) -> int:
        """Of the copy."""
        return self._copy.memory_bytes

    def _follow(self, change: Callable[[], None]) -> None:
        """Change the copy as the store was changed."""
        with self._changing:
            if self._state == "loading":
                self._missed.append(change)
            elif self._state == "whole":
                change()
                self._check_size()

    def _load(self) -> None:
        # From here on, changes are remembered; those of before are in what the store lists.
        with self._changing:
            self._state = "loading"
        try:
            ids = self._store.ids()
            if len(ids) * self._copy.chunk_bytes <= self._most_bytes:
                for entries in self._read(ids):
                    self._copy.add(entries)
            with self._changing:
                for change in self._missed:
                    change()
                self._state = "whole"
                self._check_size(len(ids))
        except BaseException:
            self._state = "empty"
            self._copy.clear()
            raise
        finally:
            self._missed.clear()

    def _check_size(self, listed: int = 0) -> None:
        if max(listed * self._copy.chunk_bytes, self._copy.memory_bytes) > self._most_bytes:
            self._state = "too large"
            self._copy.clear()
