"""One size of library: made, opened, and searched in by readers of few groups and of many."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from assistant.evaluation.enlarging import Enlarger
from assistant.evaluation.generation_speed import resident_bytes
from assistant.knowledge.database import open_database
from assistant.knowledge.indexes import read_vector_entries
from assistant.knowledge.library import Library, Publication
from assistant.knowledge.opening import open_library
from assistant.models.embedders.base import Embedder
from assistant.retrieval.query import Query
from assistant.retrieval.search import Searcher
from assistant.retrieval.settings import RetrievalSettings
from assistant.types import OPERATOR, PublicModel, Readable

K = 10
PASSAGES = 8
BATCH_CHUNKS = 2_000
THREADS = 4
WARM_SEARCHES = 10
TIE = 1e-5

CHUNK_IDS = "SELECT id FROM chunks"

Announce = Callable[[str], None]


class Times(PublicModel):
    """Milliseconds of a whole search. `cpu_*` is the processor's time of it: what it would
    take on a machine that does nothing else."""

    p50_ms: float
    p95_ms: float
    cpu_p50_ms: float
    cpu_p95_ms: float


class ReaderSpeed(PublicModel):
    """`share` of the chunks are readable. `recall_at_10` is of the dense half, against float32
    products with all readable vectors. `growth` is this p95 over that of the smallest size,
    without the embedding of the question; `cpu_growth` likewise."""

    reader: str
    share: float
    search: Times
    with_embedding: Times
    recall_at_10: float
    growth: float
    cpu_growth: float


class SizeSpeed(PublicModel):
    """`open_s`: opening and reconciling the library; `load_s`: the first search, which makes
    the copy of the vectors; `memory_mib`: what that added to the process."""

    chunks: int
    documents: int
    build_s: float
    open_s: float
    load_s: float
    memory_mib: float
    readers: list[ReaderSpeed]
    threads: int
    one_thread_per_s: float
    all_threads_per_s: float
    while_ingesting: Times
    ingested_chunks: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and its (D,) vector."""

    query: Query
    vector: NDArray[np.float32]


class _Remembered:
    """An embedder that has embedded the questions before."""

    def __init__(self, asked: Sequence[Asked], embedder_id: str) -> None:
        self.id = embedder_id
        self._vectors = {one.query.text: one.vector for one in asked}

    def encode_query(self, text: str) -> NDArray[np.float32]:
        return self._vectors[text]


@dataclass(frozen=True, slots=True)
class SearchRound:
    """The library in `directory`, which is made where there is none. Groups are named as the
    enlarger names them."""

    directory: Path
    enlarger: Enlarger
    embedder: Embedder
    asked: Sequence[Asked]
    settings: RetrievalSettings
    groups: int
    announce: Announce

    def measure(self, size: int, *, smallest: SizeSpeed | None) -> SizeSpeed:
        build_s = self._build(size)
        self.announce(f"{size:,} chunks: opening")
        started = time.perf_counter()
        library = self._open()
        try:
            open_s = time.perf_counter() - started
            before = resident_bytes(os.getpid())
            started = time.perf_counter()
            library.search_dense(self.asked[0].vector, k=K, readable=OPERATOR)
            load_s = time.perf_counter() - started
            memory = resident_bytes(os.getpid()) - before
            documents, chunks = library.count(OPERATOR)
            readers = self._measure_readers(library, smallest)
            self.announce(f"{size:,} chunks: {THREADS} at once, and beside an ingest")
            some = self._reader(0.1)
            alone, crowd = (self._searches_per_s(library, some, n) for n in (1, THREADS))
            beside, ingested = self._beside_an_ingest(library, some)
        finally:
            library.close()
        return SizeSpeed(
            chunks=chunks,
            documents=documents,
            build_s=round(build_s, 1),
            open_s=round(open_s, 2),
            load_s=round(load_s, 2),
            memory_mib=round(memory / 2**20, 1),
            readers=readers,
            threads=THREADS,
            one_thread_per_s=alone,
            all_threads_per_s=crowd,
            while_ingesting=beside,
            ingested_chunks=ingested,
        )

    def _open(self) -> Library:
        return open_library(
            self.directory, embedder_id=self.embedder.id, dimension=self.embedder.dimension
        )

    def _build(self, size: int) -> float:
        """Seconds; 0 where it is there already."""
        done = self.directory / "made"
        if done.exists():
            return 0.0
        started = time.perf_counter()
        library = self._open()
        try:
            batch: list[Publication] = []
            made = waiting = 0
            for publication in self.enlarger.publications(size, groups=self.groups):
                batch.append(publication)
                waiting += len(publication.draft.chunks)
                if waiting >= BATCH_CHUNKS or made + waiting >= size:
                    library.publish_all(batch)
                    made, waiting, batch = made + waiting, 0, []
                    self.announce(f"{size:,} chunks: {made:,} made")
        finally:
            library.close()
        done.touch()
        return time.perf_counter() - started

    def _reader(self, share: float) -> Readable:
        if share == 1.0:
            return OPERATOR
        return Readable(frozenset(f"g{n}" for n in range(max(1, round(share * self.groups)))))

    def _measure_readers(self, library: Library, smallest: SizeSpeed | None) -> list[ReaderSpeed]:
        database = open_database(self.directory / "philo.db")
        try:
            with database.reading() as session:
                ids = [row[0] for row in session.connection().exec_driver_sql(CHUNK_IDS)]
            entries = [one for some in read_vector_entries(database, ids) for one in some]
        finally:
            database.close()
        vectors = np.stack([entry.vector for entry in entries])  # (N, D)
        readers = []
        for share in (0.01, 0.1, 0.9, 1.0):
            readable = self._reader(share)
            name = "everything" if readable.everything else f"{len(readable.groups)} groups"
            self.announce(f"{len(entries):,} chunks: a reader of {name}")
            may = [
                row
                for row, entry in enumerate(entries)
                if readable.everything or not readable.groups.isdisjoint(entry.groups)
            ]
            chunk_ids = [entries[row].chunk_id for row in may]
            remembered = cast("Embedder", _Remembered(self.asked, self.embedder.id))
            search = self._time(Searcher(library, remembered, self.settings), readable)
            embedding = self._time(Searcher(library, self.embedder, self.settings), readable)
            before = (
                next((one for one in smallest.readers if one.reader == name), None)
                if smallest
                else None
            )
            readers.append(
                ReaderSpeed(
                    reader=name,
                    share=round(len(may) / len(entries), 4),
                    search=search,
                    with_embedding=embedding,
                    recall_at_10=self._recall(library, readable, chunk_ids, vectors[may]),
                    growth=round(search.p95_ms / before.search.p95_ms, 2) if before else 1.0,
                    cpu_growth=round(search.cpu_p95_ms / before.search.cpu_p95_ms, 2)
                    if before
                    else 1.0,
                )
            )
        return readers

    def _time(self, searcher: Searcher, readable: Readable) -> Times:
        for one in self.asked[:WARM_SEARCHES]:
            searcher.search(one.query, k=PASSAGES, readable=readable)
        wall: list[float] = []
        cpu: list[float] = []
        for one in self.asked:
            started, worked = time.perf_counter(), time.process_time()
            searcher.search(one.query, k=PASSAGES, readable=readable)
            wall.append(time.perf_counter() - started)
            cpu.append(time.process_time() - worked)
        return _times(wall, cpu)

    def _recall(
        self,
        library: Library,
        readable: Readable,
        chunk_ids: Sequence[str],
        vectors: NDArray[np.float32],
    ) -> float:
        """Of the ten nearest; another chunk as near as the tenth counts as well."""
        if not chunk_ids:
            return 1.0
        place = {chunk_id: row for row, chunk_id in enumerate(chunk_ids)}
        shares = []
        for one in self.asked:
            scores = vectors @ one.vector  # (N, D) @ (D,) -> (N,)
            wanted = min(K, len(scores))
            tenth = np.partition(scores, -wanted)[-wanted]
            hits = library.search_dense(one.vector, k=wanted, readable=readable)
            shares.append(sum(scores[place[hit.id]] >= tenth - TIE for hit in hits) / wanted)
        return round(float(np.mean(shares)), 4)

    def _searches_per_s(self, library: Library, readable: Readable, threads: int) -> float:
        """Every thread asks all questions."""
        searcher = Searcher(
            library, cast("Embedder", _Remembered(self.asked, self.embedder.id)), self.settings
        )

        def ask_all() -> None:
            for one in self.asked:
                searcher.search(one.query, k=PASSAGES, readable=readable)

        crowd = [threading.Thread(target=ask_all) for _ in range(threads)]
        started = time.perf_counter()
        for thread in crowd:
            thread.start()
        for thread in crowd:
            thread.join()
        return round(threads * len(self.asked) / (time.perf_counter() - started), 1)

    def _beside_an_ingest(self, library: Library, readable: Readable) -> tuple[Times, int]:
        """Times while documents come in one after the other, and how many chunks came."""
        stop = threading.Event()
        came: list[str] = []

        def ingest() -> None:
            for number, one in enumerate(self.enlarger.publications(1_000_000, groups=self.groups)):
                if stop.is_set():
                    return
                uri = f"bench:///beside/{number}"
                draft = replace(one.draft, uri=uri)
                library.publish_all([replace(one, draft=draft)])
                came.append(uri)

        thread = threading.Thread(target=ingest)
        thread.start()
        try:
            searcher = Searcher(
                library, cast("Embedder", _Remembered(self.asked, self.embedder.id)), self.settings
            )
            times = self._time(searcher, readable)
        finally:
            stop.set()
            thread.join()
        known = library.known(came, "default")
        documents = [one.document_id for one in known.values()]
        chunks = sum(library.document(one, OPERATOR).chunks for one in documents)
        library.retire_all(documents)
        return times, chunks


def _times(wall: Sequence[float], cpu: Sequence[float]) -> Times:
    """Of seconds."""
    middle, high = (np.percentile([wall, cpu], q, axis=1) * 1e3 for q in (50, 95))
    return Times(
        p50_ms=round(float(middle[0]), 2),
        p95_ms=round(float(high[0]), 2),
        cpu_p50_ms=round(float(middle[1]), 2),
        cpu_p95_ms=round(float(high[1]), 2),
    )
