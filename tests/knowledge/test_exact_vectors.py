"""The copy of the vectors in memory: exact, permitted, and never behind the store."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext

import numpy as np
import pytest

from assistant.errors import StoreUnavailableError
from assistant.knowledge.vectors.base import VectorEntry
from assistant.knowledge.vectors.exact import ExactVectors
from assistant.knowledge.vectors.memory import MemoryVectors
from assistant.knowledge.vectors.mirrored import MirroredVectors
from assistant.knowledge.vectors.quantised import BLOCK_ROWS
from assistant.types import OPERATOR, Readable

DIMENSION = 48
GROUPS = 40


def crowded_vectors(count: int, *, seed: int = 0) -> np.ndarray:
    """Unit vectors that point into much the same direction, as embeddings of one model do."""
    random = np.random.default_rng(seed)
    common = random.standard_normal(DIMENSION) * 2
    topics = random.standard_normal((20, DIMENSION))
    rows = (
        common + topics[random.integers(0, 20, count)] + random.normal(0, 0.4, (count, DIMENSION))
    )
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def entries(vectors: np.ndarray, *, first: int = 0, seed: int = 1) -> list[VectorEntry]:
    random = np.random.default_rng(seed)
    return [
        VectorEntry(
            chunk_id=f"c{number}",
            vector=vector,
            document_id=f"d{number // 7}",
            collection="law" if number % 5 == 0 else "default",
            groups=frozenset(f"g{g}" for g in random.choice(GROUPS, random.integers(0, 4))),
        )
        for number, vector in enumerate(vectors, start=first)
    ]


def some_groups(count: int, collection: str | None = None) -> Readable:
    return Readable(frozenset(f"g{number}" for number in range(count)), collection=collection)


READERS = [
    some_groups(1),
    some_groups(5),
    some_groups(36),
    OPERATOR,
    some_groups(5, "law"),
    Readable(everything=True, collection="law"),
]


def test_every_reader_finds_what_an_exact_search_finds() -> None:
    held = entries(crowded_vectors(3_000))
    plain, exact = MemoryVectors(DIMENSION), ExactVectors(DIMENSION)
    plain.add(held)
    for first in range(0, len(held), 700):
        exact.add(held[first : first + 700])
    for question in crowded_vectors(25, seed=9):
        for readable in READERS:
            expected = plain.search(question, k=20, readable=readable)
            got = exact.search(question, k=20, readable=readable)
            assert [hit.score for hit in got] == pytest.approx(
                [hit.score for hit in expected], abs=1e-5
            )
            assert {hit.id for hit in got[:10]} <= {hit.id for hit in expected[:12]}


def test_after_many_changes_it_holds_what_an_index_made_anew_holds() -> None:
    random = np.random.default_rng(3)
    plain, exact = MemoryVectors(DIMENSION), ExactVectors(DIMENSION)
    pool = crowded_vectors(4_000, seed=4)
    for step in range(60):
        chosen = random.integers(0, 400, 50)
        vectors = pool[random.integers(0, len(pool), 50)]
        changed = [
            one
            for row, number in enumerate(dict.fromkeys(int(n) for n in chosen))
            for one in entries(vectors[row : row + 1], first=number, seed=step)
        ]
        gone = [f"c{number}" for number in random.integers(0, 400, 40)]
        for index in (plain, exact):
            index.add(changed)
            index.remove(gone)
        assert exact.ids() == plain.ids()
    assert exact.memory_bytes <= 450 * exact.chunk_bytes  # places were used again
    for question in crowded_vectors(10, seed=5):
        for readable in READERS:
            expected = plain.search(question, k=50, readable=readable)
            got = exact.search(question, k=50, readable=readable)
            assert [hit.score for hit in got] == pytest.approx(
                [hit.score for hit in expected], abs=1e-5
            )


def test_more_chunks_than_one_block_holds_are_searched() -> None:
    count = BLOCK_ROWS + 100
    exact = ExactVectors(DIMENSION)
    vectors = crowded_vectors(count)
    exact.add([VectorEntry(f"c{n}", v, "d", "c", frozenset({"g"})) for n, v in enumerate(vectors)])
    for number in (0, BLOCK_ROWS - 1, BLOCK_ROWS, count - 1):
        [hit] = exact.search(vectors[number], k=1, readable=OPERATOR)
        assert hit.id == f"c{number}"
    exact.remove([f"c{n}" for n in range(BLOCK_ROWS)])
    assert len(exact.search(vectors[0], k=1_000, readable=OPERATOR)) == 100


def test_documents_narrow_a_search() -> None:
    exact = ExactVectors(DIMENSION)
    held = entries(crowded_vectors(100))
    exact.add(held)
    wanted = {"d3", "d9", "unknown"}
    hits = exact.search(held[0].vector, k=100, readable=OPERATOR, documents=wanted)
    assert {hit.id for hit in hits} == {one.chunk_id for one in held if one.document_id in wanted}
    assert exact.search(held[0].vector, k=5, readable=OPERATOR, documents=()) == []
    narrow = exact.search(held[0].vector, k=100, readable=some_groups(5), documents=wanted)
    assert {hit.id for hit in narrow} < {hit.id for hit in hits}


def test_while_documents_come_and_go_a_reader_gets_only_what_is_his() -> None:
    exact = ExactVectors(DIMENSION)
    vectors = crowded_vectors(600)
    mine = [VectorEntry(f"m{n}", v, "m", "c", frozenset({"me"})) for n, v in enumerate(vectors)]
    theirs = [VectorEntry(f"t{n}", v, "t", "c", frozenset({"you"})) for n, v in enumerate(vectors)]
    exact.add(mine)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            exact.remove([one.chunk_id for one in mine[300:]])
            exact.add(theirs[300:])  # in the places that became free
            exact.remove([one.chunk_id for one in theirs[300:]])
            exact.add(mine[300:])

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for question in crowded_vectors(150, seed=6):
            hits = exact.search(question, k=600, readable=Readable(frozenset({"me"})))
            assert all(hit.id.startswith("m") for hit in hits)
            assert {f"m{n}" for n in range(300)} <= {hit.id for hit in hits}
    finally:
        stop.set()
        thread.join()


class Truth:
    """Entries by id, and what happens while they are read."""

    def __init__(self, held: Sequence[VectorEntry]) -> None:
        self.held = {one.chunk_id: one for one in held}
        self.meanwhile = lambda: None
        self.reads = 0

    def read(self, chunk_ids: Collection[str]) -> Iterator[list[VectorEntry]]:
        self.reads += 1
        found = [self.held[one] for one in sorted(chunk_ids) if one in self.held]
        yield found[: len(found) // 2]
        self.meanwhile()
        yield found[len(found) // 2 :]


def mirrored(truth: Truth, **options: int) -> tuple[MirroredVectors, MemoryVectors]:
    store = MemoryVectors(DIMENSION)
    store.add(list(truth.held.values()))
    return MirroredVectors(store, ExactVectors(DIMENSION), truth.read, **options), store


def found(index: MirroredVectors | MemoryVectors, vector: np.ndarray) -> list[str]:
    return [hit.id for hit in index.search(vector, k=1_000, readable=OPERATOR)]


def test_the_copy_is_made_once_of_what_the_store_lists() -> None:
    held = entries(crowded_vectors(50))
    truth = Truth(held)
    index, store = mirrored(truth)
    store.remove(["c0"])
    assert sorted(found(index, held[0].vector)) == sorted(store.ids())
    found(index, held[1].vector)
    assert truth.reads == 1


def test_a_copy_that_was_prepared_is_not_made_by_a_search() -> None:
    held = entries(crowded_vectors(20))
    truth = Truth(held)
    index, store = mirrored(truth)
    index.prepare()
    index.prepare()
    assert truth.reads == 1
    assert sorted(found(index, held[0].vector)) == sorted(store.ids())
    assert truth.reads == 1


def test_closing_does_not_wait_for_a_copy_that_is_being_made() -> None:
    truth = Truth(entries(crowded_vectors(20)))
    index, _ = mirrored(truth)
    closing = threading.Thread(target=index.close)

    def meanwhile() -> None:
        closing.start()
        closing.join(0.2)

    truth.meanwhile = meanwhile
    with pytest.raises(StoreUnavailableError, match="was closed"):
        index.prepare()
    closing.join(10)
    assert not closing.is_alive()
    assert index.memory_bytes == 0


def test_no_copy_is_made_of_a_store_that_was_closed() -> None:
    truth = Truth(entries(crowded_vectors(20)))
    index, _ = mirrored(truth)
    index.close()
    with pytest.raises(StoreUnavailableError, match="was closed"):
        index.prepare()
    assert truth.reads == 0


def test_a_store_is_not_replaced_while_the_copy_is_made_of_it() -> None:
    held = entries(crowded_vectors(20))
    truth = Truth(held)
    index, store = mirrored(truth)
    replaced = threading.Event()

    def replace() -> None:
        index.renew(lambda add: add(held[:15]), nullcontext)
        replaced.set()

    replacing = threading.Thread(target=replace)

    def meanwhile() -> None:
        replacing.start()
        assert not replaced.wait(0.2)

    truth.meanwhile = meanwhile
    index.prepare()
    replacing.join(10)
    assert replaced.is_set()
    assert store.count() == 15


def test_changes_while_the_copy_is_made_are_not_lost() -> None:
    held = entries(crowded_vectors(60))
    truth = Truth(held[:50])
    index, store = mirrored(truth)

    def meanwhile() -> None:
        index.add(held[50:])
        index.remove(["c0", "c49", "c55"])

    truth.meanwhile = meanwhile
    assert sorted(found(index, held[0].vector)) == sorted(store.ids())
    assert found(index, held[0].vector) == found(store, held[0].vector)


def test_a_copy_that_failed_is_made_by_the_next_search() -> None:
    held = entries(crowded_vectors(20))
    truth = Truth(held)
    index, store = mirrored(truth)

    def fail() -> None:
        raise OSError("the disk is gone")

    truth.meanwhile = fail
    with pytest.raises(OSError, match="gone"):
        found(index, held[0].vector)
    truth.meanwhile = lambda: None
    assert sorted(found(index, held[0].vector)) == sorted(store.ids())


def test_what_does_not_fit_into_memory_is_searched_in_the_store() -> None:
    held = entries(crowded_vectors(40))
    truth = Truth(held[:20])
    room = 30 * ExactVectors(DIMENSION).chunk_bytes
    index, store = mirrored(truth, most_bytes=room)
    assert sorted(found(index, held[0].vector)) == sorted(store.ids())
    assert index.memory_bytes > 0
    index.add(held[20:])
    assert index.memory_bytes == 0
    assert found(index, held[0].vector) == found(store, held[0].vector)
    truth.held |= {one.chunk_id: one for one in held}
    again, _ = mirrored(truth, most_bytes=room)
    assert sorted(found(again, held[0].vector)) == sorted(store.ids())
    assert again.memory_bytes == 0
    assert truth.reads == 1
