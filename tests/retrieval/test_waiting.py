"""Searches that wait for a store or for each other leave the cores to others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from assistant.computing import Computing
from assistant.knowledge.database import open_database
from assistant.knowledge.indexes import read_vector_entries
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.library import Library
from assistant.knowledge.postgres import PostgresDatabase
from assistant.knowledge.vectors.base import VectorEntry
from assistant.knowledge.vectors.exact import ExactVectors
from assistant.knowledge.vectors.memory import MemoryVectors
from assistant.knowledge.vectors.mirrored import MirroredVectors, Update
from assistant.models.embedders.hashing import HashingEmbedder
from assistant.retrieval.query import read_question
from assistant.retrieval.search import Searcher
from assistant.retrieval.settings import RetrievalSettings
from assistant.storage_settings import StorageSettings
from assistant.types import OPERATOR, ScoredId
from tests.knowledge.conftest import DIMENSION, EMBEDDER, Shelf, build_draft, embed

RULE = "rule 1"


@pytest.fixture
def computing(monkeypatch: pytest.MonkeyPatch) -> Computing:
    monkeypatch.setattr("assistant.computing.COMPUTING_WAIT_S", 30.0)
    return Computing(1)


class Gate:
    def __init__(self) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()

    def pass_(self) -> None:
        self.reached.set()
        assert self.open.wait(30)


class SlowStore(MemoryVectors):
    """On a server, which takes its time."""

    def __init__(self, gate: Gate) -> None:
        super().__init__(DIMENSION)
        self.gate = gate

    def search(self, vector: Any, **options: Any) -> list[ScoredId]:
        self.gate.pass_()
        return super().search(vector, **options)


class Shared:
    """What several processes publish: nothing new."""

    def newest(self) -> int:
        return 0

    def chunk_ids(self) -> set[str]:
        return set()

    def count(self) -> int:
        return 0

    def since(self, number: int) -> Update | None:
        return None


class Embedding(HashingEmbedder):
    def __init__(self, pass_: Callable[[], None] = lambda: None) -> None:
        super().__init__(dimension=DIMENSION)
        self.pass_ = pass_

    def encode_query(self, text: str) -> NDArray[Any]:
        self.pass_()
        return embed(text)[0]


def found(library: Library, computing: Computing, embedder: Embedding) -> list[str]:
    searcher = Searcher(library, embedder, RetrievalSettings(), computing=computing)
    query = read_question(RULE, max_chars=100)
    return [one.text for one in searcher.search(query, k=5, readable=OPERATOR)]


@contextmanager
def library_over(
    directory: Path, store: MemoryVectors, read: Callable[..., Any], **options: Any
) -> Iterator[Library]:
    database = open_database(directory / "philo.db")
    vectors = MirroredVectors(store, ExactVectors(DIMENSION), partial(read, database), **options)
    made = Library(database, vectors, TantivyLexicon(), embedder_id=EMBEDDER)
    with closing(made):
        draft = build_draft("file:///rules", RULE)
        made.publish(draft, embed(RULE), collection="default", groups=frozenset({"everyone"}))
        yield made


def is_free(computing: Computing) -> bool:
    took = threading.Event()

    def take() -> None:
        with computing.place():
            took.set()

    threading.Thread(target=take, daemon=True).start()
    return took.wait(1)


def test_one_that_waits_for_a_vector_server(computing: Computing, tmp_path: Path) -> None:
    gate = Gate()
    with (
        library_over(
            tmp_path, SlowStore(gate), read_vector_entries, feed=Shared(), most_bytes=0
        ) as library,
        ThreadPoolExecutor() as pool,
    ):
        search = pool.submit(found, library, computing, Embedding())
        assert gate.reached.wait(10)
        free = is_free(computing)
        gate.open.set()
        assert search.result(10) == [RULE]
    assert free


def test_those_that_wait_until_the_vectors_are_in_memory(
    computing: Computing, tmp_path: Path
) -> None:
    gate = Gate()

    def read(database: Any, ids: Collection[str]) -> Iterator[Sequence[VectorEntry]]:
        gate.pass_()
        yield from read_vector_entries(database, ids)

    with (
        library_over(tmp_path, MemoryVectors(DIMENSION), read) as library,
        ThreadPoolExecutor() as pool,
    ):
        searches = [pool.submit(found, library, computing, Embedding()) for _ in range(2)]
        assert gate.reached.wait(10)
        free = is_free(computing)
        gate.open.set()
        assert [one.result(10) for one in searches] == [[RULE]] * 2
    assert free


def test_one_that_waits_for_postgresql(
    computing: Computing, tmp_path: Path, postgres_storage: StorageSettings
) -> None:
    shelf = Shelf(tmp_path, in_memory=True, storage=postgres_storage)
    with closing(shelf), closing(PostgresDatabase(tmp_path, postgres_storage)) as other:
        shelf.put("file:///rules", RULE)
        embedded = threading.Event()
        with ThreadPoolExecutor() as pool:
            with other.writing() as session:
                session.connection().exec_driver_sql("LOCK TABLE documents")
                search = pool.submit(found, shelf.library, computing, Embedding(embedded.set))
                assert embedded.wait(10)
                free = is_free(computing)
            assert search.result(10) == [RULE]
    assert free


def test_one_that_computes_keeps_its_place(computing: Computing, tmp_path: Path) -> None:
    gate = Gate()
    with (
        library_over(tmp_path, MemoryVectors(DIMENSION), read_vector_entries) as library,
        ThreadPoolExecutor() as pool,
    ):
        search = pool.submit(found, library, computing, Embedding(gate.pass_))
        assert gate.reached.wait(10)
        free = is_free(computing)
        gate.open.set()
        assert search.result(10) == [RULE]
    assert not free
