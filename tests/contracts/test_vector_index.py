"""What every vector index promises."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import IndexMismatchError, StoreUnavailableError
from assistant.knowledge.vectors.base import Vector, VectorEntry, VectorHome, VectorIndex
from assistant.knowledge.vectors.chroma import ChromaVectors, EmbeddedVectors
from assistant.knowledge.vectors.chroma_collection import MAX_ROWS
from assistant.knowledge.vectors.chroma_server import ChromaServer
from assistant.knowledge.vectors.exact import ExactVectors
from assistant.knowledge.vectors.memory import MemoryVectors
from assistant.knowledge.vectors.mirrored import MirroredVectors
from assistant.knowledge.vectors.pgvector import PgVectorHome
from assistant.storage_settings import StorageSettings
from assistant.types import OPERATOR, Readable
from tests.servers.postgres import PostgresServer

DIMENSION = 16
EVERYONE = Readable()
CLOSE = 5e-5
"""Scores may be of vectors kept in two bytes a component."""


def unit_vectors(count: int, *, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def entry(chunk_id: str, vector: Vector, *groups: str, collection: str = "default") -> VectorEntry:
    return VectorEntry(
        chunk_id=chunk_id,
        vector=vector,
        document_id=chunk_id.partition(":")[0],
        collection=collection,
        groups=frozenset(groups),
    )


def found(index: VectorIndex, vector: Vector, readable: Readable, k: int = 10) -> list[str]:
    return [hit.id for hit in index.search(vector, k=k, readable=readable)]


def open_on(home: VectorHome, folder: Path, *, embedder_id: str = "e") -> VectorIndex:
    return home.open(folder, number=1, embedder_id=embedder_id, dimension=DIMENSION)


def on_postgres(request: pytest.FixtureRequest, **fields: str) -> PgVectorHome:
    stated = {"database": request.getfixturevalue("postgres_url"), **fields}
    storage = StorageSettings.model_validate({"vectors": "pgvector", "pgvector": stated})
    return PgVectorHome(request.getfixturevalue("tmp_path"), storage)


@pytest.fixture(
    params=["chroma", "chroma server", "pgvector", "pgvector graph", "memory", "exact", "mirrored"]
)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorIndex]:
    opened: VectorIndex
    home: VectorHome = EmbeddedVectors()
    if request.param == "chroma":
        opened = open_on(home, tmp_path)
    elif request.param == "chroma server":
        settings = request.getfixturevalue("chroma_server").settings()
        home = ChromaServer(settings)
        opened = open_on(home, tmp_path)
    elif request.param.startswith("pgvector"):
        home = on_postgres(request, search="graph" if "graph" in request.param else "exact")
        opened = open_on(home, tmp_path)
    elif request.param == "memory":
        opened = MemoryVectors(DIMENSION)
    elif request.param == "exact":
        opened = ExactVectors(DIMENSION)
    else:
        opened = MirroredVectors(MemoryVectors(DIMENSION), ExactVectors(DIMENSION), lambda _ids: [])
        opened.search(unit_vectors(1)[0], k=1, readable=EVERYONE)  # makes the copy
    yield opened
    opened.close()
    home.close()


def test_nearest_comes_first_with_its_cosine(index: VectorIndex) -> None:
    vectors = unit_vectors(50)
    index.add([entry(f"d:{i}", v, "everyone") for i, v in enumerate(vectors)])
    question = unit_vectors(1, seed=9)[0]
    hits = index.search(question, k=5, readable=EVERYONE)
    cosines = vectors @ question
    assert [hit.id for hit in hits] == [f"d:{i}" for i in np.argsort(-cosines)[:5]]
    assert [hit.score for hit in hits] == pytest.approx(
        sorted(cosines, reverse=True)[:5], abs=CLOSE
    )


def test_only_chunks_of_the_readers_groups_are_found(index: VectorIndex) -> None:
    vector = unit_vectors(1)[0]
    index.add(
        [
            entry("open:0", vector, "everyone"),
            entry("hr:0", vector, "hr"),
            entry("both:0", vector, "hr", "board"),
            entry("nobody:0", vector),
        ]
    )
    assert set(found(index, vector, EVERYONE)) == {"open:0"}
    assert set(found(index, vector, Readable(frozenset({"hr"})))) == {"hr:0", "both:0"}
    assert set(found(index, vector, Readable(frozenset({"everyone", "board"})))) == {
        "open:0",
        "both:0",
    }
    assert found(index, vector, Readable(frozenset())) == []
    assert len(found(index, vector, OPERATOR)) == 4


def test_a_collection_narrows_the_search(index: VectorIndex) -> None:
    vector = unit_vectors(1)[0]
    index.add(
        [
            entry("a:0", vector, "everyone", collection="law"),
            entry("b:0", vector, "everyone"),
            entry("c:0", vector, "hr", collection="law"),
        ]
    )
    assert found(index, vector, Readable(collection="law")) == ["a:0"]
    assert set(found(index, vector, Readable(everything=True, collection="law"))) == {"a:0", "c:0"}


def test_group_names_are_compared_as_a_whole(index: VectorIndex) -> None:
    vector = unit_vectors(1)[0]
    index.add([entry("a:0", vector, "hr-board"), entry("b:0", vector, 'é "x" $or')])
    assert found(index, vector, Readable(frozenset({"hr"}))) == []
    assert found(index, vector, Readable(frozenset({'é "x" $or'}))) == ["b:0"]


def test_adding_again_replaces_vector_groups_and_collection(index: VectorIndex) -> None:
    before, after = unit_vectors(2)
    index.add([entry("a:0", before, "everyone", "hr")])
    index.add([entry("a:0", after, "board", collection="law")])
    assert found(index, after, EVERYONE) == []
    assert found(index, after, Readable(frozenset({"hr"}))) == []
    [hit] = index.search(after, k=5, readable=Readable(frozenset({"board"}), collection="law"))
    assert hit.score == pytest.approx(1.0, abs=CLOSE)
    index.add([entry("a:0", after)])
    assert found(index, after, Readable(frozenset({"board"}))) == []


def test_removed_chunks_are_not_found_and_unknown_ones_are_passed_over(index: VectorIndex) -> None:
    one, two = unit_vectors(2)
    index.add([entry("a:0", one, "everyone"), entry("b:0", two, "everyone")])
    index.remove(["a:0", "never:0"])
    index.remove([])
    assert found(index, one, EVERYONE) == ["b:0"]
    assert index.ids() == {"b:0"}


def test_it_says_how_many_it_holds(index: VectorIndex) -> None:
    index.add([entry(f"d:{i}", v, "everyone") for i, v in enumerate(unit_vectors(3))])
    index.add([entry("d:0", unit_vectors(1)[0], "hr")])
    index.remove(["d:1", "unknown"])
    assert index.count() == len(index.ids()) == 2


def test_asking_for_more_than_there_is_gives_what_there_is(index: VectorIndex) -> None:
    vectors = unit_vectors(3)
    assert found(index, vectors[0], EVERYONE, k=1000) == []
    index.add([entry(f"d:{i}", v, "everyone") for i, v in enumerate(vectors)])
    assert len(found(index, vectors[0], EVERYONE, k=1000)) == 3
    assert found(index, vectors[0], EVERYONE, k=0) == []


def test_vectors_of_another_dimension_are_refused(index: VectorIndex) -> None:
    short = np.ones(DIMENSION - 1, dtype=np.float32)
    with pytest.raises(IndexMismatchError, match=f"{DIMENSION}-d"):
        index.add([entry("a:0", short, "everyone")])
    with pytest.raises(IndexMismatchError, match=f"{DIMENSION}-d"):
        index.search(short, k=1, readable=EVERYONE)
    assert index.ids() == set()


def test_cleared_index_is_empty_and_can_be_filled_again(index: VectorIndex) -> None:
    vector = unit_vectors(1)[0]
    index.add([entry("a:0", vector, "everyone")])
    index.clear()
    assert index.ids() == set()
    assert found(index, vector, EVERYONE) == []
    index.add([entry("b:0", vector, "everyone")])
    assert found(index, vector, EVERYONE) == ["b:0"]


def test_a_renewed_index_finds_what_it_was_given_and_goes_on(index: VectorIndex) -> None:
    vectors = unit_vectors(4)
    entries = [entry(f"d{number}:0", vector, "everyone") for number, vector in enumerate(vectors)]
    index.add(entries[:3])
    index.remove(["d0:0"])
    index.renew(lambda add: add(entries[1:3]), contextlib.nullcontext)
    assert index.ids() == set(found(index, vectors[0], EVERYONE)) == {"d1:0", "d2:0"}
    index.add(entries[3:])
    assert found(index, vectors[3], EVERYONE)[0] == "d3:0"


def test_more_rows_than_one_call_takes_are_added_and_removed(tmp_path: Path) -> None:
    count = MAX_ROWS + 10
    index = ChromaVectors(tmp_path, embedder_id="e", dimension=2)
    vector = np.array([1, 0], dtype=np.float32)
    ids = [f"d:{i}" for i in range(count)]
    index.add([entry(chunk_id, vector, "everyone") for chunk_id in ids])
    assert len(index.ids()) == count
    index.remove(ids[1:])
    assert index.ids() == {"d:0"}
    index.close()


def test_chroma_finds_the_same_as_the_exact_index(tmp_path: Path) -> None:
    entries = [
        entry(f"d:{i}", v, "everyone" if i % 3 else "hr") for i, v in enumerate(unit_vectors(300))
    ]
    exact = MemoryVectors(DIMENSION)
    approximate = ChromaVectors(tmp_path, embedder_id="e", dimension=DIMENSION)
    exact.add(entries)
    approximate.add(entries)
    for question in unit_vectors(20, seed=5):
        for readable in (OPERATOR, EVERYONE):
            expected = exact.search(question, k=10, readable=readable)
            got = approximate.search(question, k=10, readable=readable)
            assert [hit.id for hit in got] == [hit.id for hit in expected]
            assert [hit.score for hit in got] == pytest.approx(
                [hit.score for hit in expected], abs=1e-5
            )
    approximate.close()


def test_chroma_keeps_its_chunks_when_it_is_opened_again(tmp_path: Path) -> None:
    vector = unit_vectors(1)[0]
    index = ChromaVectors(tmp_path, embedder_id="e", dimension=DIMENSION)
    index.add([entry("a:0", vector, "everyone")])
    index.close()
    index = ChromaVectors(tmp_path, embedder_id="e", dimension=DIMENSION)
    assert found(index, vector, EVERYONE) == ["a:0"]
    index.close()


def test_chroma_refuses_the_vectors_of_another_embedder(tmp_path: Path) -> None:
    index = ChromaVectors(tmp_path, embedder_id="small-e5", dimension=DIMENSION)
    index.add([entry("a:0", unit_vectors(1)[0], "everyone")])
    index.close()
    with pytest.raises(IndexMismatchError, match=r"small-e5.*mini-lm"):
        ChromaVectors(tmp_path, embedder_id="mini-lm", dimension=DIMENSION)


def test_an_emptied_chroma_index_may_change_its_embedder(tmp_path: Path) -> None:
    ChromaVectors(tmp_path, embedder_id="small-e5", dimension=DIMENSION).close()
    ChromaVectors(tmp_path, embedder_id="mini-lm", dimension=8).close()
    index = ChromaVectors(tmp_path, embedder_id="mini-lm", dimension=8)
    index.add([entry("a:0", np.ones(8, dtype=np.float32), "everyone")])
    assert index.ids() == {"a:0"}
    index.close()


def test_a_damaged_chroma_database_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "chroma.sqlite3").write_bytes(b"not a database at all " * 500)
    index = ChromaVectors(tmp_path, embedder_id="e", dimension=DIMENSION)
    assert index.ids() == set()
    index.close()


def test_pgvector_finds_the_same_as_the_exact_index(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    entries = [
        entry(f"d:{i}", v, "everyone" if i % 50 else "hr", collection=f"c{i % 2}")
        for i, v in enumerate(unit_vectors(2_500))
    ]
    plain = MemoryVectors(DIMENSION)
    plain.add(entries)
    for search in ("exact", "graph"):
        home = on_postgres(request, search=search, tables=f"of_{search}")
        index = open_on(home, tmp_path)
        index.add(entries)
        for question in unit_vectors(5, seed=5):
            for readable in (OPERATOR, Readable(frozenset({"hr"})), Readable(collection="c1")):
                expected = plain.search(question, k=30, readable=readable)
                got = index.search(question, k=30, readable=readable)
                assert len(got) == len(expected)
                if search == "exact":
                    assert [hit.id for hit in got] == [hit.id for hit in expected]
                assert [hit.score for hit in got[:3]] == pytest.approx(
                    [hit.score for hit in expected[:3]], abs=0.05 if search == "graph" else 1e-5
                )
        index.close()
        home.close()


def test_pgvector_tables_keep_to_their_embedder_and_go_with_their_index(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    home = on_postgres(request)
    open_on(home, tmp_path, embedder_id="small").add([])
    index = open_on(home, tmp_path, embedder_id="large's: own")  # it was empty
    index.add([entry("a:0", unit_vectors(1)[0], "everyone")])
    again = on_postgres(request)
    with pytest.raises(IndexMismatchError, match=r"large's: own.*small"):
        open_on(again, tmp_path, embedder_id="small").ids()
    again.keep_only([2])
    with pytest.raises(StoreUnavailableError, match="has no table"):
        index.ids()
    index.clear()
    assert index.ids() == set()
    for one in (home, again):
        one.close()


def test_who_may_not_make_the_extension_is_told_who_may(
    postgres_server: PostgresServer, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgres_url")
    postgres_server.command("DROP EXTENSION vector", url.rpartition("/")[2])
    home = on_postgres(request)
    with pytest.raises(StoreUnavailableError, match="let an administrator run: CREATE EXTENSION"):
        open_on(home, tmp_path).ids()
    home.close()
