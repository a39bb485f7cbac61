"""Nearest neighbours in this process's memory, by looking at every chunk that may be read."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from assistant.knowledge.renewal import Alone, Fill
from assistant.knowledge.vectors.base import Vector, VectorEntry, require_dimension
from assistant.knowledge.vectors.quantised import BLOCK_ROWS, Block, Query, Rows
from assistant.types import Readable, ScoredId

SPARE_CANDIDATES = 64
"""Beside twice as many as wanted: what the rough scores let through to the exact ones."""
NOBODY = 0
"""The number of the rights to rows that hold no chunk."""
SAMPLED = 8
"""One score of so many is sorted to see which of the others may be among the best."""
PLACE_BYTES = 640
"""Beside its vector, with what making the copy leaves behind: 100,000 chunks took 140 MiB."""
KEPT_READERS = 512
"""Whose rights are kept as an array."""

Rights = tuple[str, frozenset[str]]
"""Collection and groups."""


class ExactVectors:
    """Searches all permitted rows, so what it finds does not depend on how many are permitted.

    Searches run side by side, and beside changes: the lock is held to see which rows are
    permitted and which chunks they hold, not while they are compared. A chunk takes
    two bytes a component and its id; places of removed chunks are overwritten and used again.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._lock = threading.Lock()
        self._reset()

    def add(self, entries: Sequence[VectorEntry]) -> None:
        for entry in entries:
            require_dimension(entry.vector, self.dimension)
        newest = {entry.chunk_id: entry for entry in entries}
        with self._lock:
            for chunk_id in newest.keys() & self._row_of.keys():
                self._forget(chunk_id)
            pending = list(newest.values())
            while pending:
                number, rows = self._take_rows(len(pending))
                written, pending = pending[: len(rows)], pending[len(rows) :]
                vectors = np.stack([entry.vector for entry in written])  # (R, D)
                if number == len(self._blocks):
                    self._blocks.append(Block(vectors.mean(axis=0)))
                self._blocks[number].write(rows, vectors)
                for row, entry in zip(rows + number * BLOCK_ROWS, written, strict=True):
                    self._place(int(row), entry)

    def remove(self, chunk_ids: Sequence[str]) -> None:
        with self._lock:
            for chunk_id in chunk_ids:
                if chunk_id in self._row_of:
                    self._forget(chunk_id)

    def search(
        self,
        vector: Vector,
        *,
        k: int,
        readable: Readable,
        documents: Collection[str] | None = None,
    ) -> list[ScoredId]:
        require_dimension(vector, self.dimension)
        with self._lock:
            rows = np.flatnonzero(self._permits(readable, documents))
            blocks = list(self._blocks)
        if k < 1 or not rows.size:
            return []
        query = Query(vector)
        rough = np.concatenate([blocks[n].scan(query, part) for n, part in _by_block(rows)])
        rows = rows[_best(rough, 2 * k + SPARE_CANDIDATES)]
        scores = np.concatenate([blocks[n].score(query, part) for n, part in _by_block(rows)])
        best = np.lexsort((rows, -scores))[:k]
        with self._lock:
            # Of rows that were changed meanwhile, only what the reader may see now.
            allowed = self._permits(readable, documents, rows[best])
            return [
                ScoredId(id=self._ids[row], score=float(score))
                for row, score, shown in zip(rows[best], scores[best], allowed, strict=True)
                if shown
            ]

    def ids_of(self, documents: Collection[str]) -> set[str]:
        """Chunk ids held of these documents."""
        with self._lock:
            numbers = [self._documents[one] for one in documents if one in self._documents]
            used = len(self._ids)
            rows = np.flatnonzero(
                np.isin(self._row_documents[:used], numbers) & (self._row_rights[:used] != NOBODY)
            )
            return {self._ids[row] for row in rows}

    @property
    def chunk_bytes(self) -> int:
        """About what a chunk takes: two bytes a component, its id and its place."""
        return 2 * self.dimension + PLACE_BYTES

    @property
    def memory_bytes(self) -> int:
        """About what all of them take."""
        return len(self._ids) * self.chunk_bytes

    def ids(self) -> set[str]:
        with self._lock:
            return set(self._row_of)

    def count(self) -> int:
        with self._lock:
            return len(self._row_of)

    def clear(self) -> None:
        with self._lock:
            self._reset()

    def renew(self, fill: Fill[VectorEntry], alone: Alone) -> None:
        with alone():
            self.clear()
            fill(self.add)

    def close(self) -> None:
        self.clear()

    def _reset(self) -> None:
        self._blocks: list[Block] = []
        self._ids: list[str] = []
        self._row_of: dict[str, int] = {}
        self._free: dict[int, list[int]] = {}  # of a block
        self._rights: dict[Rights | None, int] = {None: NOBODY}
        self._documents: dict[str, int] = {}
        self._row_rights = np.zeros(0, np.int32)
        self._row_documents = np.zeros(0, np.int32)
        self._allowed: dict[Readable, NDArray[np.bool_]] = {}

    def _take_rows(self, wanted: int) -> tuple[int, Rows]:
        """Places in one block, at most `wanted` of them."""
        if self._free:
            number, free = self._free.popitem()
            if free[wanted:]:
                self._free[number] = free[wanted:]
            return number, np.array(free[:wanted])
        number, first = divmod(len(self._ids), BLOCK_ROWS)
        rows = np.arange(first, min(first + wanted, BLOCK_ROWS))
        self._ids += [""] * len(rows)
        if len(self._ids) > len(self._row_rights):
            more = np.zeros(max(1024, len(self._ids)), np.int32)
            self._row_rights = np.concatenate([self._row_rights, more])
            self._row_documents = np.concatenate([self._row_documents, more])
        return number, rows

    def _place(self, row: int, entry: VectorEntry) -> None:
        self._ids[row] = entry.chunk_id
        self._row_of[entry.chunk_id] = row
        documents, rights = self._documents, self._rights
        self._row_documents[row] = documents.setdefault(entry.document_id, len(documents))
        self._row_rights[row] = rights.setdefault((entry.collection, entry.groups), len(rights))

    def _forget(self, chunk_id: str) -> None:
        row = self._row_of.pop(chunk_id)
        self._row_rights[row] = NOBODY
        self._ids[row] = ""
        number, place = divmod(row, BLOCK_ROWS)
        self._blocks[number].erase(np.array([place]))
        self._free.setdefault(number, []).append(place)

    def _permits(
        self,
        readable: Readable,
        documents: Collection[str] | None,
        rows: Rows | slice | None = None,
    ) -> NDArray[np.bool_]:
        """Whether the chunk of each of the rows (of all rows) may be found."""
        chosen = slice(len(self._ids)) if rows is None else rows
        permitted: NDArray[np.bool_] = self._allowed_rights(readable)[self._row_rights[chosen]]
        if documents is not None:
            wanted = np.zeros(len(self._documents), np.bool_)
            wanted[[self._documents[one] for one in documents if one in self._documents]] = True
            permitted = permitted & wanted[self._row_documents[chosen]]
        return permitted

    def _allowed_rights(self, readable: Readable) -> NDArray[np.bool_]:
        """By number of the rights."""
        before = self._allowed.pop(readable, np.zeros(0, np.bool_))
        new = [_may_see(readable, one) for one in islice(self._rights, len(before), None)]
        allowed = np.concatenate([before, np.array(new, np.bool_)]) if new else before
        self._allowed[readable] = allowed  # as the newest
        if len(self._allowed) > KEPT_READERS:
            del self._allowed[next(iter(self._allowed))]
        return allowed


def _may_see(readable: Readable, rights: Rights | None) -> bool:
    if rights is None or readable.collection not in (None, rights[0]):
        return False
    return readable.everything or not readable.keys.isdisjoint(rights[1])


def _by_block(rows: Rows) -> Iterator[tuple[int, Rows]]:
    """Number of each block and the places in it, of rows in ascending order."""
    last = int(rows[-1]) // BLOCK_ROWS
    bounds = np.searchsorted(rows, np.arange(last + 2) * BLOCK_ROWS)
    for number in range(last + 1):
        part = rows[bounds[number] : bounds[number + 1]]
        if part.size:
            yield number, part - number * BLOCK_ROWS


def _best(scores: NDArray[np.float32], wanted: int) -> Rows:
    """Where the highest scores are, in ascending order of place."""
    if scores.size <= wanted:
        return np.arange(scores.size)
    # The n-th best of a part is no better than the n-th best of all.
    part = scores[:: SAMPLED if scores.size > SAMPLED * wanted else 1]
    places = np.flatnonzero(scores >= np.partition(part, -wanted)[-wanted])
    return np.sort(places[np.argpartition(-scores[places], wanted - 1)[:wanted]])
