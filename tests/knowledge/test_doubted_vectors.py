"""A store of vectors that may have lost some: one thread counts, and nobody waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from assistant.errors import StoreUnavailableError
from assistant.knowledge.vectors.base import VectorEntry
from assistant.knowledge.vectors.exact import ExactVectors
from assistant.knowledge.vectors.memory import MemoryVectors
from assistant.knowledge.vectors.mirrored import MirroredVectors, Update
from assistant.types import Readable
from tests.knowledge.conftest import DIMENSION, embed

TEXTS = [f"rule {number}" for number in range(4)]


class SlowStore(MemoryVectors):
    """Each count takes until `answer` is set; `away`: nobody answers."""

    def __init__(self) -> None:
        super().__init__(DIMENSION)
        self.away = False
        self.counts = 0
        self.asked = threading.Event()
        self.answer = threading.Event()

    def count(self) -> int:
        self.counts += 1
        self.asked.set()
        assert self.answer.wait(30)
        if self.away:
            raise StoreUnavailableError("away")
        return super().count()


class Published:
    """All texts may be found."""

    def newest(self) -> int:
        return 1

    def chunk_ids(self) -> set[str]:
        return set(TEXTS)

    def count(self) -> int:
        return len(TEXTS)

    def since(self, number: int) -> Update | None:
        return None


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
def vectors(store: SlowStore) -> MirroredVectors:
    """In doubt."""
    made = MirroredVectors(
        store, ExactVectors(DIMENSION), lambda _ids: [], feed=Published(), most_bytes=0
    )
    fill(store, TEXTS)
    made.doubted = True
    return made


@pytest.fixture
def pool(store: SlowStore) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as started:
        try:
            yield started
        finally:
            store.answer.set()


def fill(store: SlowStore, texts: list[str]) -> None:
    store.add(
        [
            VectorEntry(text, vector, text, "default", frozenset({"everyone"}))
            for text, vector in zip(texts, embed(*texts), strict=True)
        ]
    )


def found(vectors: MirroredVectors) -> int:
    return len(vectors.search(embed("rule 1")[0], k=10, readable=Readable()))


def test_one_search_counts_and_the_others_do_not_wait_for_it(
    store: SlowStore, vectors: MirroredVectors, pool: ThreadPoolExecutor
) -> None:
    first = pool.submit(found, vectors)
    assert store.asked.wait(10)
    for _ in range(3):
        with pytest.raises(StoreUnavailableError, match="try again"):
            found(vectors)
    store.answer.set()
    assert first.result(10) == len(TEXTS)
    assert found(vectors) == len(TEXTS)
    assert store.counts == 1


def test_no_search_counts_beside_the_watch(
    store: SlowStore, vectors: MirroredVectors, pool: ThreadPoolExecutor
) -> None:
    watch = pool.submit(vectors.fits)
    assert store.asked.wait(10)
    with pytest.raises(StoreUnavailableError):
        found(vectors)
    store.answer.set()
    assert watch.result(10)
    assert store.counts == 1


@pytest.mark.parametrize("away", [True, False])
def test_after_a_count_in_vain_searches_rest_until_the_watch_finds_it_whole(
    store: SlowStore, vectors: MirroredVectors, monkeypatch: pytest.MonkeyPatch, away: bool
) -> None:
    monkeypatch.setattr("assistant.knowledge.vectors.mirrored.COUNT_REST_S", 600.0)
    store.answer.set()
    store.away = away
    store.remove([] if away else TEXTS[:1])
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            found(vectors)
    assert store.counts == 1
    store.away = False
    fill(store, TEXTS)
    assert vectors.fits()
    assert found(vectors) == len(TEXTS)


def test_without_a_rest_a_search_sees_by_itself_that_all_is_back(
    store: SlowStore, vectors: MirroredVectors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.knowledge.vectors.mirrored.COUNT_REST_S", 0.0)
    store.answer.set()
    store.remove(TEXTS[:1])
    with pytest.raises(StoreUnavailableError):
        found(vectors)
    fill(store, TEXTS)
    assert found(vectors) == len(TEXTS)
