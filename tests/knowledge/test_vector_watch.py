"""After an outage of a shared vector store, one of several processes compares it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from assistant.errors import StoreUnavailableError
from assistant.knowledge.indexes import Stores
from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon
from assistant.knowledge.originals import Originals
from assistant.knowledge.postgres import PostgresDatabase
from assistant.knowledge.upkeep import Upkeep
from assistant.knowledge.vector_watch import VectorWatch
from assistant.knowledge.vectors.exact import ExactVectors
from assistant.knowledge.vectors.memory import MemoryVectors
from assistant.knowledge.vectors.mirrored import MirroredVectors, Update
from assistant.storage_settings import StorageSettings
from tests.knowledge.conftest import DIMENSION


class Store(MemoryVectors):
    """Holds `held` chunks of those that there should be."""

    wanted = 8

    def __init__(self) -> None:
        super().__init__(DIMENSION)
        self.away = False
        self.held = self.wanted

    def count(self) -> int:
        if self.away:
            raise StoreUnavailableError("away")
        return self.held


class Published:
    def newest(self) -> int:
        return 0

    def chunk_ids(self) -> set[str]:
        return set()

    def count(self) -> int:
        return Store.wanted

    def since(self, number: int) -> Update | None:
        return None


class Process:
    """One of those that share a store; `reached` is that store as it sees it."""

    def __init__(self, database: PostgresDatabase, directory: Path, reached: Store) -> None:
        self.database = database
        self.reached = reached
        self.compared = 0
        self.meanwhile: Callable[[], object] = lambda: None
        vectors = MirroredVectors(
            reached, ExactVectors(DIMENSION), lambda _ids: [], feed=Published(), most_bytes=0
        )
        turn = database.turn("knowledge")
        originals = Originals(directory / "originals", database.turn("originals"))
        upkeep = Upkeep(
            database, Stores(vectors, TantivyLexicon(), 1), originals, print, shared=True
        )
        self.watch = VectorWatch(upkeep, turn, self._reconcile)

    def _reconcile(self) -> None:
        self.compared += 1
        self.meanwhile()
        self.reached.held = Store.wanted

    def look(self) -> None:
        self.watch.look()


@pytest.fixture
def start(
    postgres_storage: StorageSettings, tmp_path: Path
) -> Iterator[Callable[[Store], Process]]:
    with ExitStack() as opened:

        def start_one(reached: Store) -> Process:
            database = PostgresDatabase(tmp_path, postgres_storage)
            opened.callback(database.close)
            return Process(database, tmp_path, reached)

        yield start_one


def break_off(*processes: Process) -> None:
    """All see that the store is away; then it is back."""
    for one in processes:
        one.reached.away = True
    for one in processes:
        with pytest.raises(StoreUnavailableError):
            one.look()
    for one in processes:
        one.reached.away = False


def compared(*processes: Process) -> list[int]:
    return [one.compared for one in processes]


def test_one_process_compares_a_store_that_is_back(start: Callable[[Store], Process]) -> None:
    store = Store()
    here, there, third = (start(store) for _ in range(3))
    break_off(here, there, third)
    for one in (here, there, third, here, there, third):
        one.look()
    assert compared(here, there, third) == [1, 0, 0]


def test_one_process_fills_a_store_that_came_back_empty(start: Callable[[Store], Process]) -> None:
    store = Store()
    here, there = start(store), start(store)
    break_off(here, there)
    store.held = 0
    for one in (here, there, there):
        one.look()
    assert compared(here, there) == [1, 0]


@pytest.mark.parametrize("held", [0, Store.wanted])
def test_nobody_waits_for_the_one_that_compares(
    start: Callable[[Store], Process], held: int
) -> None:
    store = Store()
    here, there = start(store), start(store)
    break_off(here, there)
    store.held = held
    with ThreadPoolExecutor() as pool:
        here.meanwhile = lambda: pool.submit(there.look).result(10)
        here.look()
    there.look()
    assert compared(here, there) == [1, 0]


def test_who_cannot_compare_because_others_publish_does_it_after(
    start: Callable[[Store], Process],
) -> None:
    store = Store()
    here, there = start(store), start(store)
    break_off(here, there)
    with there.database.turn("knowledge"), ThreadPoolExecutor() as pool:
        pool.submit(here.look).result(10)
    assert compared(here, there) == [0, 0]
    there.look()
    here.look()
    assert compared(here, there) == [1, 0]


def test_an_outage_that_one_alone_has_seen_is_compared_by_that_one(
    start: Callable[[Store], Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.knowledge.vector_watch.COMPARED_S", 0.0)
    here, there = start(Store()), start(Store())
    break_off(here)
    here.look()
    here.look()  # its word for the outage before is over
    break_off(there)
    there.look()
    assert compared(here, there) == [1, 1]


def test_the_word_of_one_that_has_ended_is_not_waited_for(
    start: Callable[[Store], Process],
) -> None:
    here, there = start(Store()), start(Store())
    break_off(here)
    here.look()
    here.database.close()
    break_off(there)
    until = time.monotonic() + 10  # the server needs a moment to notice
    while there.compared == 0:
        assert time.monotonic() < until
        break_off(there)
        there.look()
        time.sleep(0.05)
    assert there.compared == 1


def test_a_library_that_was_closed_meanwhile_is_not_compared(
    start: Callable[[Store], Process],
) -> None:
    here = start(Store())
    break_off(here)
    here.reached.held = 0
    here.watch.close()
    here.look()
    assert compared(here) == [0]
