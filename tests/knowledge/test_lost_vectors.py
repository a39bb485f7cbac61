"""Vectors that a server loses while Philo runs: no wrong answer, and right again by itself."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from assistant.errors import StoreUnavailableError, VectorsLostError
from assistant.knowledge.library import Library, Publication
from assistant.knowledge.opening import open_library
from assistant.service import choose_vectors
from assistant.storage_settings import StorageSettings
from assistant.types import Readable
from tests.knowledge.conftest import DIMENSION, EMBEDDER, build_draft, embed
from tests.servers.chroma import ChromaProcess
from tests.servers.postgres import PostgresServer

RIGHT_AGAIN_S = 15.0
TEXTS = [f"rule {number}" for number in range(8)]
IN_MEMORY, ON_SERVER = None, 0


class Installation:
    """Two processes' libraries over one PostgreSQL database and one store of vectors."""

    def __init__(self, directory: Path, storage: StorageSettings) -> None:
        self.made_anew = 0
        self.storage = storage
        self.libraries = [self._open(directory) for _ in range(2)]

    def _open(self, directory: Path) -> Library:
        return open_library(
            directory,
            embedder_id=EMBEDDER,
            dimension=DIMENSION,
            home=choose_vectors(directory, self.storage),
            storage=self.storage,
            failpoint=self._count,
        )

    def _count(self, step: str) -> None:
        self.made_anew += step == "vectors made anew"

    def publish(self, *texts: str) -> None:
        """Each a document."""
        self.libraries[0].publish_all(
            [
                Publication(
                    build_draft(f"file:///{text}", text),
                    embed(text),
                    "default",
                    groups=frozenset({"everyone"}),
                )
                for text in texts
            ]
        )

    def close(self) -> None:
        for library in self.libraries:
            library.close()


def found(library: Library) -> set[str]:
    readable = Readable()
    hits = library.search_dense(embed("rule 3")[0], k=100, readable=readable)
    return {chunk.text for chunk in library.chunks([hit.id for hit in hits], readable).values()}


def answers(installation: Installation) -> list[set[str] | None]:
    """What each finds now; None: it says that the store is away."""
    told: list[set[str] | None] = []
    for library in installation.libraries:
        try:
            told.append(found(library))
        except StoreUnavailableError:
            told.append(None)
    return told


def await_right(installation: Installation, wanted: set[str], *, partly: bool = False) -> None:
    """Until then, what is answered is right.

    Args:
        partly: what the store still holds may be taken for all until the loss is noticed.
    """
    until = time.monotonic() + RIGHT_AGAIN_S
    while True:
        told = answers(installation)
        assert partly or all(one in (None, wanted) for one in told), told
        stores = [library.stores[0].vectors for library in installation.libraries]
        with contextlib.suppress(StoreUnavailableError):
            if told == [wanted] * 2 and {store.count() for store in stores} == {len(wanted)}:
                return
        assert time.monotonic() < until, told
        time.sleep(0.05)


@pytest.fixture
def open_installation(
    postgres_server: PostgresServer, tmp_path: Path
) -> Iterator[Callable[..., Installation]]:
    name = postgres_server.create()
    with contextlib.ExitStack() as opened:

        def open_one(**fields: object) -> Installation:
            stated = postgres_server.storage(name).model_dump() | fields
            made = Installation(tmp_path, StorageSettings.model_validate(stated))
            opened.callback(made.close)
            made.publish(*TEXTS)
            assert answers(made) == [set(TEXTS)] * 2
            made.made_anew = 0
            return made

        yield open_one


@pytest.mark.parametrize(
    "copy_bytes",
    [
        pytest.param(IN_MEMORY, id="in memory", marks=pytest.mark.long),
        pytest.param(ON_SERVER, id="on the server"),
    ],
)
def test_a_chroma_server_that_comes_back_with_an_empty_disk_is_filled_by_one_process(
    mortal_chroma: ChromaProcess, open_installation: Callable[..., Installation], copy_bytes: int
) -> None:
    installation = open_installation(
        vectors="chroma", chroma=mortal_chroma.settings(), copy_bytes=copy_bytes
    )
    mortal_chroma.kill()
    shutil.rmtree(mortal_chroma.directory / "data")
    mortal_chroma.start()
    await_right(installation, set(TEXTS))
    assert installation.made_anew == 1
    installation.publish("rule 100")
    await_right(installation, {*TEXTS, "rule 100"})


def test_a_collection_that_somebody_deleted_is_filled_again(
    chroma_server: ChromaProcess, open_installation: Callable[..., Installation]
) -> None:
    settings = chroma_server.settings()
    installation = open_installation(vectors="chroma", chroma=settings, copy_bytes=ON_SERVER)
    tenant = f"{settings.address}/api/v2/tenants/default_tenant/databases/default_database"
    httpx.delete(f"{tenant}/collections/{settings.collection}-1").raise_for_status()
    with pytest.raises(VectorsLostError, match="filled again"):
        installation.publish("rule 100")
    await_right(installation, set(TEXTS))
    installation.publish("rule 100")
    await_right(installation, {*TEXTS, "rule 100"})
    assert installation.made_anew == 1


def test_vectors_that_somebody_deleted_are_filled_in_again(
    chroma_server: ChromaProcess, open_installation: Callable[..., Installation]
) -> None:
    settings = chroma_server.settings()
    installation = open_installation(vectors="chroma", chroma=settings, copy_bytes=ON_SERVER)
    store = installation.libraries[0].stores[0].vectors
    store.remove(sorted(store.ids())[:3])
    await_right(installation, set(TEXTS), partly=True)
    assert installation.made_anew == 0


@pytest.mark.parametrize(
    "lost",
    ["TABLE philo_vectors.vectors_1", pytest.param("SCHEMA philo_vectors", marks=pytest.mark.long)],
)
def test_a_table_that_postgresql_lost_is_filled_again(
    open_installation: Callable[..., Installation], lost: str
) -> None:
    installation = open_installation(vectors="pgvector", copy_bytes=ON_SERVER)
    with installation.libraries[0].database.writing() as session:
        session.connection().exec_driver_sql(f"DROP {lost} CASCADE")
    with pytest.raises(VectorsLostError, match="filled again"):
        installation.publish("rule 100")
    await_right(installation, set(TEXTS))
    assert installation.made_anew == 1


@pytest.mark.long
def test_a_document_removed_while_the_store_was_away_leaves_nothing_behind(
    mortal_chroma: ChromaProcess, open_installation: Callable[..., Installation]
) -> None:
    installation = open_installation(vectors="chroma", chroma=mortal_chroma.settings())
    library = installation.libraries[0]
    uri = "file:///rule 3"
    gone = library.known([uri], "default")[uri].document_id
    mortal_chroma.kill()
    with pytest.raises(StoreUnavailableError):
        library.retire(gone)
    left = {*TEXTS} - {"rule 3"}
    assert found(library) == left
    mortal_chroma.start()
    await_right(installation, left)
