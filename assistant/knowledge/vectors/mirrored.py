"""A store of vectors with a copy in memory that is searched in its place.

Where several processes share the store, each has a copy of its own, and looks before each search
whether the others have changed something: what was committed before a search begins is in it.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.computing import waiting
from assistant.errors import PhiloError, StoreUnavailableError
from assistant.knowledge.renewal import Alone, Fill
from assistant.knowledge.vectors.base import Vector, VectorEntry, VectorIndex
from assistant.knowledge.vectors.chroma_collection import CollectionVectors
from assistant.knowledge.vectors.exact import ExactVectors
from assistant.machine import count_memory_bytes
from assistant.types import Readable, ScoredId

logger = logging.getLogger(__name__)

ReadEntries = Callable[[Collection[str]], Iterable[Sequence[VectorEntry]]]
"""From chunk ids to what the truth says of them, in portions; unknown ids are passed over."""

MEMORY_SHARE = 8
"""By default, the copy takes 1/8 of the memory at most."""

COUNT_REST_S = 1.0
"""After a count in vain, no search counts again for so long: large stores are slow to count, and
one that is in trouble has enough to do."""


@dataclass(frozen=True, slots=True)
class Update:
    """What became of the documents that were changed up to `number`: all chunks they have now."""

    number: int
    documents: Collection[str]
    chunk_ids: Collection[str]


class Feed(Protocol):
    """What several processes that share a store do to it, in one order."""

    def newest(self) -> int:
        """The number of the newest change."""

    def chunk_ids(self) -> set[str]:
        """Of all that may be found."""

    def count(self) -> int | None:
        """How many those are; None where there is no such index any more."""

    def since(self, number: int) -> Update | None:
        """What changed after that; None where it cannot be told."""


class MirroredVectors:
    """The store is the list of what is indexed; the copy is made from the truth, by `prepare` or
    with the first search, of the chunks that the store lists. Whatever changes is changed in both.

    With a `feed`, that is the list, and what other processes change is changed in the copy before
    each search.

    Where the copy would take more than `most_bytes`, the store itself is searched; with 0, always.

    A store that several processes share may lose what it held: after an error of it, it is not
    searched before it was compared with the feed and fits. One thread counts at a time; searches
    do not wait for it.
    """

    def __init__(
        self,
        store: VectorIndex,
        copy: ExactVectors,
        read: ReadEntries,
        *,
        feed: Feed | None = None,
        most_bytes: int | None = None,
    ) -> None:
        self.doubted = False
        self._feed = feed
        self._at = 0
        self._store = store
        self._copy = copy
        self._read = read
        if most_bytes is None:
            most_bytes = count_memory_bytes() // MEMORY_SHARE
        self._most_bytes = most_bytes
        self._loading = threading.Lock()
        self._changing = threading.Lock()
        self._counting = threading.Lock()
        self._rests_until_s = 0.0
        self._closed = False
        self._state = "empty"
        self._missed: list[Callable[[], None]] = []  # changes of while the copy was made

    def prepare(self) -> None:
        """Make the copy, if there is none yet.

        Raises:
            StoreUnavailableError: the store is away, or closed before the copy is whole.
        """
        with self._loading:
            if self._state == "empty":
                self._require_open()
                self._load()

    def prepare_in_background(self) -> None:
        """The same in a thread, which ends when this is closed; what goes wrong is logged."""
        threading.Thread(target=self._prepare_alone, name="philo-copy", daemon=True).start()

    def add(self, entries: Sequence[VectorEntry]) -> None:
        with self._doubting():
            self._store.add(entries)
        self._follow(lambda: self._copy.add(entries))

    def remove(self, chunk_ids: Sequence[str]) -> None:
        with self._doubting():
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
            with waiting():
                self.prepare()
        if self._feed is not None and self._state == "whole":
            with waiting():
                self._catch_up(self._feed)
        if self._state != "too large":
            return self._copy.search(vector, k=k, readable=readable, documents=documents)
        if self._feed is None:  # it is in this process, and so are its cores
            return self._store.search(vector, k=k, readable=readable, documents=documents)
        with waiting():
            return self._search_store(vector, k=k, readable=readable, documents=documents)

    def _search_store(
        self,
        vector: Vector,
        *,
        k: int,
        readable: Readable,
        documents: Collection[str] | None,
    ) -> list[ScoredId]:
        if self.doubted and not self._fits_again():
            raise StoreUnavailableError(
                "the vector store was away or has lost a part of what it held; it is compared "
                "with the database and filled again from there, try again in a minute"
            )
        with self._doubting():
            return self._store.search(vector, k=k, readable=readable, documents=documents)

    def fits(self) -> bool:
        """Whether the store holds as many chunks as may be found, at least.

        Raises:
            StoreUnavailableError: it is away.
            VectorsLostError: it has nothing of this index.
        """
        with self._counting:
            return self._count_both()

    def ids(self) -> set[str]:
        return self._store.ids()

    def count(self) -> int:
        return self._store.count()

    def held(self, chunk_ids: Sequence[str]) -> dict[str, Vector] | None:
        """What the store holds of chunks; None where it cannot be asked."""
        return self._store.held(chunk_ids) if isinstance(self._store, CollectionVectors) else None

    def clear(self) -> None:
        with self._loading, self._changing:
            self._store.clear()
            self._copy.clear()

    def renew(self, fill: Fill[VectorEntry], alone: Alone) -> None:
        @contextlib.contextmanager
        def alone_with_it() -> Iterator[None]:
            with alone(), self._loading:  # `prepare` asks the store, and is no search
                yield

        self._store.renew(fill, alone_with_it)  # the copy overwrites what is removed from it

    def close(self) -> None:
        self._closed = True
        with self._loading, self._changing:
            self._store.close()
            self._copy.close()

    @property
    def memory_bytes(self) -> int:
        """Of the copy."""
        return self._copy.memory_bytes

    def _fits_again(self) -> bool:
        """Whether a store in doubt is found to fit, by this thread and now."""
        if time.monotonic() < self._rests_until_s or not self._counting.acquire(blocking=False):
            return not self.doubted
        fit = False
        try:
            fit = self._count_both()
        finally:
            if not fit:
                self._rests_until_s = time.monotonic() + COUNT_REST_S
            self._counting.release()
        return fit

    def _count_both(self) -> bool:
        wanted = None if self._feed is None else self._feed.count()
        if wanted is None:
            return True
        with self._doubting():
            held = self._store.count()  # what is removed goes from the feed before
        self.doubted = held < wanted
        return not self.doubted

    @contextlib.contextmanager
    def _doubting(self) -> Iterator[None]:
        try:
            yield
        except StoreUnavailableError:
            self.doubted = True
            raise

    def _follow(self, change: Callable[[], None]) -> None:
        """Change the copy as the store was changed."""
        with self._changing:
            if self._state == "loading":
                self._missed.append(change)
            elif self._state == "whole":
                change()
                self._check_size()

    def _catch_up(self, feed: Feed) -> None:
        if feed.newest() == self._at:
            return
        with self._loading:
            update = feed.since(self._at)
            if update is None:
                self._load_again(feed)
                return
            held = self._copy.ids_of(update.documents)
            if not self._has_room(len(set(update.chunk_ids) - held)):
                return
            for entries in self._read(update.chunk_ids):
                self._copy.add(entries)
            with self._changing:
                self._copy.remove([*(held - set(update.chunk_ids))])
                self._at = update.number
                self._check_size()

    def _load_again(self, feed: Feed) -> None:
        """Beside searches, which find what is in the copy so far."""
        number = feed.newest()
        ids = feed.chunk_ids()
        if not self._has_room(len(ids - self._copy.ids())):
            return
        for entries in self._read(ids):
            self._copy.add(entries)
        with self._changing:
            self._copy.remove([*(self._copy.ids() - ids)])
            self._at = number
            self._check_size()

    def _load(self) -> None:
        # From here on, changes are remembered; those of before are in what the store lists.
        with self._changing:
            self._state = "loading"
        try:
            number = 0
            if self._most_bytes == 0:
                ids = set[str]()
            elif self._feed is None:
                ids = self._store.ids()
            else:
                number = self._feed.newest()  # what comes later is told again
                ids = self._feed.chunk_ids()
            if len(ids) * self._copy.chunk_bytes <= self._most_bytes:
                for entries in self._read(ids):
                    self._require_open()
                    self._copy.add(entries)
            with self._changing:
                for change in self._missed:
                    change()
                self._state = "whole"
                self._at = number
                self._check_size(len(ids))
        except BaseException:
            self._state = "empty"
            self._copy.clear()
            raise
        finally:
            self._missed.clear()

    def _prepare_alone(self) -> None:
        try:
            self.prepare()
        except PhiloError as exc:
            logger.warning("the vectors could not be made ready for the first search: %s", exc)
        except Exception:
            logger.exception("the vectors could not be made ready for the first search")

    def _require_open(self) -> None:
        if self._closed:
            raise StoreUnavailableError("the index was closed")

    def _has_room(self, more: int) -> bool:
        """Whether so many chunks more may be held; looked at before any of them is read."""
        with self._changing:
            if self._copy.memory_bytes + more * self._copy.chunk_bytes > self._most_bytes:
                self._state = "too large"
                self._copy.clear()
        return self._state == "whole"

    def _check_size(self, listed: int = 0) -> None:
        if (
            self._most_bytes == 0
            or max(listed * self._copy.chunk_bytes, self._copy.memory_bytes) > self._most_bytes
        ):
            self._state = "too large"
            self._copy.clear()
