"""A second index that one process drops while another one has it open too: that one goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from assistant.knowledge.library import Library, Publication
from assistant.service import choose_vectors
from assistant.storage_settings import StorageSettings
from assistant.types import Access, Readable
from tests.knowledge.conftest import build_draft, embed
from tests.knowledge.second_index import begin, catch_up, open_first
from tests.servers.chroma import ChromaProcess
from tests.servers.postgres import PostgresServer

EVERYONE = frozenset({"everyone"})


@pytest.fixture(params=["chroma", "pgvector"])
def dropped(
    request: pytest.FixtureRequest,
    postgres_server: PostgresServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Library]:
    """The library of the process that has not dropped it; nothing of it is looked at by itself."""
    monkeypatch.setattr("assistant.knowledge.vector_watch.LOOK_S", 3600)
    stated = postgres_server.storage(postgres_server.create()).model_dump()
    stated |= {"vectors": request.param, "copy_bytes": 0}
    if request.param == "chroma":
        server: ChromaProcess = request.getfixturevalue("chroma_server")
        stated["chroma"] = server.settings()
    storage = StorageSettings.model_validate(stated)
    with ExitStack() as opened:

        def start() -> Library:
            home = choose_vectors(tmp_path, storage)
            library = open_first(tmp_path, home=home, storage=storage)
            opened.callback(library.close)
            return library

        here = start()
        for name in ("leave", "pay"):
            publish(here, name, name)
        publish(here, "held", "held", hold="looks odd")
        second = begin(here)
        catch_up(here)
        there = start()
        assert there.indexes.second_stores is not None
        here.indexes.drop(second)
        yield there


def publish(library: Library, name: str, text: str, hold: str | None = None) -> str:
    draft = build_draft(f"file:///{name}", text)
    publication = Publication(draft, embed(text), "default", groups=EVERYONE, hold=hold)
    return library.publish_all([publication])[0]


def find_id(library: Library, name: str) -> str:
    uri = f"file:///{name}"
    return library.known([uri], "default")[uri].document_id


def found(library: Library, *keys: str) -> set[str]:
    readable = Readable(frozenset(keys or EVERYONE))
    hits = library.search_dense(embed("pay")[0], k=50, readable=readable)
    return {chunk.text for chunk in library.chunks([hit.id for hit in hits], readable).values()}


def replace(library: Library) -> set[str]:
    assert publish(library, "pay", "raise") == "updated"
    return {"leave", "raise"}


def retire(library: Library) -> set[str]:
    library.retire(find_id(library, "pay"))
    return {"leave"}


def narrow(library: Library) -> set[str]:
    library.sharing.share(find_id(library, "pay"), Access(groups=["hr"], users=[]))
    return {"leave"}


def release(library: Library) -> set[str]:
    library.release(find_id(library, "held"))
    return {"leave", "pay", "held"}


def rebuild(library: Library) -> set[str]:
    library.rebuild()
    return {"leave", "pay"}


def begin_another(library: Library) -> set[str]:
    begin(library)
    catch_up(library)
    return replace(library)


@pytest.mark.parametrize("change", [replace, retire, narrow, release, rebuild, begin_another])
def test_whatever_changes_documents_passes_over_an_index_that_another_process_dropped(
    dropped: Library, change: Callable[[Library], set[str]]
) -> None:
    left = change(dropped)
    assert found(dropped) == left
    assert len(dropped.stores) == 1 + (change is begin_another)
    assert dropped.reconcile().orphans_removed == 0


def test_an_index_that_another_process_dropped_is_closed_without_a_change(
    dropped: Library,
) -> None:
    dropped.vector_watch.look()
    assert dropped.indexes.second_stores is None
    assert found(dropped) == {"leave", "pay"}
