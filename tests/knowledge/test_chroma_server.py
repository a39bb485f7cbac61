"""A Chroma server that is shared, away, silent, cut off, or has lost what it held."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import IndexMismatchError, StoreUnavailableError
from assistant.knowledge.vectors.base import Vector, VectorEntry
from assistant.knowledge.vectors.chroma_server import ChromaServer, ChromaServerVectors
from assistant.storage_settings import ChromaSettings
from assistant.types import OPERATOR
from tests.servers.chroma import ChromaProcess
from tests.servers.ports import free_port
from tests.servers.proxy import Proxy

ONE: Vector = np.array([1, 0], dtype=np.float32)
PATIENCE_S = 0.5

Open = Callable[..., ChromaServerVectors]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Open]:
    with contextlib.ExitStack() as opened:

        def open_vectors(
            settings: ChromaSettings, *, embedder_id: str = "e"
        ) -> ChromaServerVectors:
            home = ChromaServer(settings)
            opened.callback(home.close)
            return home.open(tmp_path, number=1, embedder_id=embedder_id, dimension=2)

        yield open_vectors


def entry(chunk_id: str) -> VectorEntry:
    return VectorEntry(chunk_id, ONE, "d", "default", frozenset({"everyone"}))


def found(index: ChromaServerVectors) -> set[str]:
    return {hit.id for hit in index.search(ONE, k=10, readable=OPERATOR)}


def test_what_one_process_adds_another_finds(chroma_server: ChromaProcess, connect: Open) -> None:
    settings = chroma_server.settings()
    writer, reader = connect(settings), connect(settings)
    assert found(reader) == set()
    writer.add([entry("a:0"), entry("b:0")])
    writer.remove(["a:0"])
    assert found(reader) == reader.ids() == {"b:0"}


def test_a_collection_renewed_by_one_process_is_found_by_the_other(
    chroma_server: ChromaProcess, connect: Open
) -> None:
    settings = chroma_server.settings()
    writer, reader = connect(settings), connect(settings)
    writer.add([entry("a:0")])
    assert found(reader) == {"a:0"}
    writer.renew(lambda add: add([entry("b:0")]), contextlib.nullcontext)
    assert found(reader) == {"b:0"}
    reader.add([entry("c:0")])
    assert found(writer) == {"b:0", "c:0"}


def test_installations_on_one_server_do_not_see_each_other(
    chroma_server: ChromaProcess, connect: Open
) -> None:
    mine, theirs = connect(chroma_server.settings()), connect(chroma_server.settings())
    mine.add([entry("a:0")])
    assert found(theirs) == set()


def test_vectors_of_another_embedder_are_refused_and_an_empty_collection_changes_hands(
    chroma_server: ChromaProcess, connect: Open
) -> None:
    settings = chroma_server.settings()
    assert connect(settings, embedder_id="small").ids() == set()
    connect(settings, embedder_id="large").add([entry("a:0")])
    with pytest.raises(IndexMismatchError, match=r"large.*small"):
        connect(settings, embedder_id="small").ids()


def test_collections_of_dropped_indexes_are_deleted(
    chroma_server: ChromaProcess, tmp_path: Path
) -> None:
    home = ChromaServer(chroma_server.settings())
    kept, dropped = (
        home.open(tmp_path, number=number, embedder_id="e", dimension=2) for number in (1, 2)
    )
    kept.add([entry("a:0")])
    dropped.add([entry("b:0")])
    home.keep_only([1])
    assert found(kept) == {"a:0"}
    again = home.open(tmp_path, number=2, embedder_id="e", dimension=2)
    assert again.ids() == set()
    home.close()


def test_nothing_listens_there_and_that_is_said(connect: Open) -> None:
    index = connect(ChromaSettings(port=free_port()))
    with pytest.raises(StoreUnavailableError, match=r"cannot be reached.*chroma run"):
        index.search(ONE, k=1, readable=OPERATOR)


def test_something_else_listens_there_and_that_is_said(connect: Open) -> None:
    from starlette.applications import Starlette

    from tests.ingestion.sources.serving import served

    with served(Starlette()) as url:
        index = connect(ChromaSettings(port=int(url.rpartition(":")[2])))
        with pytest.raises(StoreUnavailableError, match="does not answer as a Chroma server does"):
            index.ids()


def test_a_silent_server_is_waited_for_no_longer_than_stated(
    mortal_chroma: ChromaProcess, connect: Open
) -> None:
    index = connect(mortal_chroma.settings(timeout_s=PATIENCE_S))
    index.add([entry("a:0")])
    mortal_chroma.freeze()
    try:
        begun = time.monotonic()
        with pytest.raises(StoreUnavailableError, match=r"did not answer within 0\.5 s"):
            found(index)
        assert time.monotonic() - begun < 4 * PATIENCE_S
        begun = time.monotonic()
        with pytest.raises(StoreUnavailableError):
            found(connect(mortal_chroma.settings(timeout_s=PATIENCE_S)))
        assert time.monotonic() - begun < 4 * PATIENCE_S
    finally:
        mortal_chroma.thaw()
    assert found(index) == {"a:0"}


def test_a_killed_server_that_is_started_again_is_used_again(
    mortal_chroma: ChromaProcess, connect: Open
) -> None:
    index = connect(mortal_chroma.settings())
    index.add([entry("a:0")])
    mortal_chroma.kill()
    with pytest.raises(StoreUnavailableError):
        index.add([entry("b:0")])
    mortal_chroma.start()
    assert found(index) == {"a:0"}
    index.add([entry("b:0")])
    assert found(index) == {"a:0", "b:0"}


def test_another_installation_on_the_same_server_keeps_its_collections(
    chroma_server: ChromaProcess, tmp_path: Path
) -> None:
    """Though its name begins like this one's."""
    settings = chroma_server.settings()
    staging = settings.model_copy(update={"collection": f"{settings.collection}-staging"})
    home, other = ChromaServer(settings), ChromaServer(staging)
    index = other.open(tmp_path, number=1, embedder_id="e", dimension=2)
    index.add([entry("a:0")])
    home.keep_only([])
    assert found(index) == {"a:0"}
    for one in (home, other):
        one.close()


def test_a_collection_that_the_server_has_lost_is_missed_and_not_made_again_empty(
    mortal_chroma: ChromaProcess, connect: Open
) -> None:
    settings = mortal_chroma.settings()
    index, other = connect(settings), ChromaServer(settings)
    index.add([entry("a:0")])
    other.keep_only([])
    with pytest.raises(StoreUnavailableError, match="has no collection"):
        found(index)
    index.clear()
    index.add([entry("b:0")])
    assert found(index) == {"b:0"}
    other.close()


def test_a_server_behind_a_slow_or_resetting_line(
    chroma_server: ChromaProcess, connect: Open
) -> None:
    with Proxy(chroma_server.port) as line:
        settings = chroma_server.settings(port=line.port, timeout_s=PATIENCE_S)
        index = connect(settings)
        index.add([entry("a:0")])
        line.resetting = True
        with pytest.raises(StoreUnavailableError, match="cannot be reached"):
            found(index)
        line.resetting, line.silent = False, True
        with pytest.raises(StoreUnavailableError, match="did not answer"):
            found(index)
        line.silent, line.delay_s = False, PATIENCE_S / 5
        assert found(index) == {"a:0"}
