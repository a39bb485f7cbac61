"""An installation that is to move, and a way to look at it wherever it lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from assistant.knowledge.library import Library
from assistant.knowledge.opening import open_library_as_it_is
from assistant.service import choose_vectors
from assistant.settings import Settings, load_settings
from assistant.storage_settings import StorageSettings
from tests.backup.conftest import fill
from tests.knowledge.conftest import Shelf
from tests.knowledge.second_index import begin, catch_up
from tests.servers.postgres import PostgresServer

GARDEN = "le jardinier arrose les géraniums chaque matin devant la fenêtre"
LIBRARY = "the library lends twelve books during four weeks without charge"


class Place:
    """A data directory with its stores."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def settings(self, storage: StorageSettings) -> Settings:
        stated = load_settings(self.data, environ={})
        return stated.model_copy(update={"storage": storage})

    def open(self, storage: StorageSettings) -> Library:
        home = choose_vectors(self.data, storage)
        return open_library_as_it_is(self.data, home=home, storage=storage)


def furnish(data: Path) -> None:
    """Documents in two indexes, one in quarantine, one with a NUL, people, an audit log."""
    data.mkdir()
    shelf = Shelf(data)
    fill(shelf)
    shelf.put("file:///garden", GARDEN, LIBRARY, groups=("rh",))
    shelf.put("file:///nul", "un caractère \0 que personne ne voit dans ce texte")
    shelf.hold("file:///held", "un texte en quarantaine que personne ne trouve")
    shelf.close()
    with closing(Place(data).open(StorageSettings())) as library:
        begin(library)
        catch_up(library)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("furnished") / "data"
    furnish(data)
    return data


@pytest.fixture
def make_storage(postgres_server: PostgresServer) -> Iterator[Callable[..., StorageSettings]]:
    """Settings of a PostgreSQL database of its own."""
    with ExitStack() as opened:

        def make(**more: object) -> StorageSettings:
            name = postgres_server.create()
            opened.callback(postgres_server.drop, name)
            return postgres_server.storage(name).model_copy(update=more)

        yield make
