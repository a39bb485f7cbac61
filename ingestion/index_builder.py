"""The second index is brought in step with the documents, whatever comes and goes meanwhile.

What is to be done is asked of the database before each step: it is all that a build needs to go
on after a crash.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Sequence

import numpy as np

from assistant.errors import (
    IndexExistsError,
    IndexMismatchError,
    StorageFullError,
    UnknownIndexError,
)
from assistant.knowledge.index_desk import Counterpart, StoredVersion
from assistant.knowledge.indexes import IndexRecord
from assistant.knowledge.library import Library, Publication
from assistant.knowledge.packing import piece_key
from assistant.models.embedders import absolute_name, open_embedder
from assistant.models.embedders.base import Embedder, Vectors
from assistant.settings import Settings
from assistant.types import Draft, IndexListener, IndexProgress
from ingestion.recutting import recut_draft

logger = logging.getLogger(__name__)

TAKE_VERSIONS = 16
EMBED_TEXTS = 16
"""A stop takes effect between two batches."""
LOOK_S = 0.5
PAUSE_S = 30.0
"""After trouble, like a full disk."""
SPARE_BYTES = 2**26


class _StoppedError(Exception):
    """The thread was told to stop; another one goes on."""


class IndexBuilder:
    """See `assistant.ingestor.IndexBuilder`. Works in one thread of its own."""

    def __init__(self, library: Library, settings: Settings) -> None:
        self._library = library
        self._settings = settings
        self._lock = threading.RLock()
        self._embedder: Embedder | None = None
        self._stopping = False
        self._news = threading.Event()
        self._thread: threading.Thread | None = None
        self._trouble: Exception | None = None

    def begin(self, embedder: str, chunk_tokens: int) -> IndexRecord:
        """See `assistant.ingestor.IndexBuilder`."""
        named = absolute_name(embedder)
        with self._lock:
            opened = self._open(named)
            for present in self._library.indexes.records():
                if (present.embedder_id, present.chunk_tokens) != (opened.id, chunk_tokens):
                    continue
                if present.in_use:
                    opened.close()
                    raise IndexExistsError(
                        f"the index in use is made with {named} and {chunk_tokens} tokens "
                        "already; name another embedder (--embedder) or size of chunks "
                        "(--chunk-tokens)"
                    )
                self._embedder = opened
                return present
            self._check_space()
            record = self._library.indexes.add(
                embedder=named,
                embedder_id=opened.id,
                dimension=opened.dimension,
                chunk_tokens=chunk_tokens,
            )
            self._embedder = opened
        return record

    def embedder(self) -> Embedder:
        """See `assistant.ingestor.IndexBuilder`."""
        with self._lock:
            record = self._require_second()
            if self._embedder is None or self._embedder.id != record.embedder_id:
                opened = self._open(record.embedder)
                if opened.id != record.embedder_id:
                    raise IndexMismatchError(
                        f"index {record.id} was begun with {record.embedder_id!r}, and "
                        f"{record.embedder} is {opened.id!r} now; drop it and build another: "
                        f"philo index drop {record.id}"
                    )
                self._embedder = opened
            return self._embedder

    def use(self, embedder: Embedder, settings: Settings) -> None:
        """See `assistant.ingestor.IndexBuilder`."""
        with self._lock:
            self._embedder, self._settings = embedder, settings

    def resume(self) -> None:
        """See `assistant.ingestor.IndexBuilder`."""
        with self._lock:
            self._trouble = None
            self._news.set()
            alive = self._thread is not None and self._thread.is_alive()
            if not alive and self._library.indexes.second() is not None:
                self._stopping = False
                self._thread = threading.Thread(
                    target=self._follow, name="philo-index", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """See `assistant.ingestor.IndexBuilder`."""
        self._stopping = True
        self._news.set()
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def finish(self) -> None:
        """See `assistant.ingestor.IndexBuilder`."""
        self.stop()
        self._stopping = False
        self._catch_up()

    def close(self) -> None:
        """Stop, and give the embedder back."""
        self.stop()
        if self._embedder is not None:
            self._embedder.close()
            self._embedder = None

    def wait(self, listener: IndexListener | None = None) -> None:
        """See `assistant.ingestor.IndexBuilder`."""
        self.resume()
        begun_s = time.monotonic()
        first = self._library.indexes.progress()[0]
        while True:
            self._require_second()
            done, total = self._library.indexes.progress()
            if listener is not None:
                worked_s = time.monotonic() - begun_s
                left_s = worked_s / (done - first) * (total - done) if done > first else None
                listener(IndexProgress(done=done, total=total, seconds_left=left_s))
            if done >= total:
                return
            if self._trouble is not None:
                raise self._trouble
            time.sleep(LOOK_S)

    def _follow(self) -> None:
        seen = -1
        while not self._stopping:
            try:
                if self._library.changes.total != seen:
                    seen = self._library.changes.total
                    self._catch_up()
                    self._trouble = None
                pause_s = LOOK_S
            except _StoppedError:
                return
            except UnknownIndexError:  # dropped meanwhile
                return
            except Exception as exc:  # noqa: BLE001 - told to those who wait, and logged
                logger.warning("the second index waits %d s: %s", PAUSE_S, exc)
                self._trouble, seen, pause_s = exc, -1, PAUSE_S
            self._news.wait(pause_s)
            self._news.clear()

    def _catch_up(self) -> None:
        desk = self._library.indexes
        while taken := desk.behind(limit=TAKE_VERSIONS):
            embedder, chunk_tokens = self.embedder(), self._require_second().chunk_tokens
            made = [self._make(one, embedder, chunk_tokens) for one in desk.versions(taken)]
            desk.add_counterparts(made)

    def _make(self, version: StoredVersion, embedder: Embedder, chunk_tokens: int) -> Counterpart:
        draft = recut_draft(version.draft, embedder=embedder, chunk_tokens=chunk_tokens)
        publication = Publication(
            draft=draft,
            vectors=self._embed(draft, embedder),
            collection=version.collection,
            original=version.original,
        )
        return Counterpart(version.version_id, publication)

    def _embed(self, draft: Draft, embedder: Embedder) -> Vectors:
        """(N, D), one for each chunk; what the library knows is not embedded again.

        Raises:
            _StoppedError: the thread was told to stop.
        """
        keys = [piece_key(embedder.id, chunk, draft.title) for chunk in draft.chunks]
        vectors = self._library.embeddings(keys)
        texts = {
            key: chunk.indexed_text(draft.title)
            for key, chunk in zip(keys, draft.chunks, strict=True)
            if key not in vectors
        }
        missing = [*texts]
        for first in range(0, len(missing), EMBED_TEXTS):
            if self._stopping:
                raise _StoppedError
            batch = missing[first : first + EMBED_TEXTS]
            made = embedder.encode_bulk([texts[key] for key in batch])
            vectors |= dict(zip(batch, made, strict=True))
        rows: Sequence[Vectors] = [vectors[key] for key in keys]
        return np.stack(rows) if rows else np.empty((0, embedder.dimension), np.float32)

    def _open(self, named: str) -> Embedder:
        models = self._settings.models
        return open_embedder(models.model_copy(update={"embedder": named}))

    def _require_second(self) -> IndexRecord:
        record = self._library.indexes.second()
        if record is None:
            raise UnknownIndexError("there is no second index; build one with: philo index build")
        return record

    def _check_space(self) -> None:
        """The second index takes about as much as the first."""
        needed = sum(one.size_bytes for one in self._library.indexes.infos()) + SPARE_BYTES
        free = shutil.disk_usage(self._settings.data).free
        if free < needed:
            raise StorageFullError(
                f"a second index takes about {needed / 2**30:.1f} GiB beside the first, and "
                f"{free / 2**30:.1f} GiB are free; free some and build it again"
            )
