"""Locks that all processes over one database share."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assistant.errors import DataDirectoryBusyError, StoreUnavailableError
from assistant.knowledge.library import Library
from assistant.knowledge.opening import open_library
from assistant.knowledge.postgres import PostgresDatabase
from assistant.knowledge.turns import without_waiting
from assistant.knowledge.vectors.chroma import EmbeddedVectors
from assistant.storage_settings import StorageSettings
from tests.knowledge.conftest import DIMENSION, EMBEDDER, Shelf
from tests.servers.postgres import PostgresServer


@pytest.fixture
def databases(
    postgres_storage: StorageSettings, tmp_path: Path
) -> Iterator[list[PostgresDatabase]]:
    """The same one, as two processes open it."""
    with contextlib.ExitStack() as opened:
        yield [
            opened.enter_context(closing(PostgresDatabase(tmp_path, postgres_storage)))
            for _ in range(2)
        ]


def take(database: PostgresDatabase, took: threading.Event) -> threading.Thread:
    def run() -> None:
        with database.turn("knowledge"):
            took.set()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_one_waits_until_another_process_has_given_its_turn_back(
    databases: list[PostgresDatabase],
) -> None:
    here, there = databases
    took = threading.Event()
    with here.turn("knowledge"):
        with here.turn("knowledge"), here.turn("originals"):
            waiting = take(there, took)
        assert not took.wait(0.3)
    assert took.wait(10)
    waiting.join()


def test_the_turn_of_one_that_was_killed_goes_to_the_next(
    databases: list[PostgresDatabase], postgres_server: PostgresServer, postgres_database: str
) -> None:
    here, there = databases
    took = threading.Event()
    with here.turn("knowledge"):
        waiting = take(there, took)
        assert not took.wait(0.2)
        end_holders(postgres_server, postgres_database)
        assert took.wait(10)
        waiting.join()
    with here.turn("knowledge"):  # on a fresh connection
        pass


def test_a_holder_whose_connection_was_lost_is_told_before_it_changes_anything(
    databases: list[PostgresDatabase], postgres_server: PostgresServer, postgres_database: str
) -> None:
    here, _ = databases
    with here.turn("knowledge"):
        here.turn("knowledge").require()
        end_holders(postgres_server, postgres_database)
        with pytest.raises(StoreUnavailableError, match="was lost"):
            here.turn("knowledge").require()


def test_nothing_is_shown_by_one_that_has_lost_its_turn(
    postgres_storage: StorageSettings,
    postgres_server: PostgresServer,
    postgres_database: str,
    tmp_path: Path,
) -> None:
    shelf = Shelf(tmp_path, in_memory=True, storage=postgres_storage)
    shelf.put("file:///a", "ancien")

    def lose(step: str) -> None:
        if step == "lexicon written":
            end_holders(postgres_server, postgres_database)

    shelf.library.failpoint = lose
    with pytest.raises(StoreUnavailableError):
        shelf.put("file:///a", "nouveau")
    shelf.library.failpoint = lambda _step: None
    assert shelf.near("nouveau") == ["ancien"]
    shelf.put("file:///a", "nouveau")
    assert shelf.near("nouveau") == ["nouveau"]
    shelf.close()


def test_who_does_not_want_to_wait_for_a_turn_is_told_that_it_is_taken(
    databases: list[PostgresDatabase],
) -> None:
    here, there = databases
    with here.turn("erasure"), without_waiting(there.turn("erasure")) as alone:
        assert not alone
    with without_waiting(there.turn("erasure")) as alone:
        assert alone
        with without_waiting(here.turn("erasure")) as too:
            assert not too


def test_one_process_leads_until_it_ends(databases: list[PostgresDatabase]) -> None:
    here, there = databases
    assert [here.leads(), there.leads(), here.leads()] == [True, False, True]
    here.close()
    until = time.monotonic() + 10  # the server needs a moment to notice
    while not there.leads():
        assert time.monotonic() < until
        time.sleep(0.01)


def end_holders(server: PostgresServer, database: str) -> None:
    """As if the processes that hold a turn had been killed."""
    server.command(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        database,
    )


def test_a_start_clears_up_while_nobody_else_makes_an_index(
    databases: list[PostgresDatabase], postgres_storage: StorageSettings, tmp_path: Path
) -> None:
    seen: list[bool] = []

    class Watched(EmbeddedVectors):
        def keep_only(self, numbers: Collection[int]) -> None:
            with without_waiting(databases[0].turn("knowledge")) as free:
                seen.append(free)
            super().keep_only(numbers)

    open_library(
        tmp_path,
        embedder_id=EMBEDDER,
        dimension=DIMENSION,
        home=Watched(),
        storage=postgres_storage,
    ).close()
    assert seen == [False]


def test_two_data_directories_do_not_share_a_database_whose_vectors_lie_in_one_of_them(
    postgres_storage: StorageSettings, tmp_path: Path
) -> None:
    def start(name: str) -> Library:
        return open_library(
            tmp_path / name, embedder_id=EMBEDDER, dimension=DIMENSION, storage=postgres_storage
        )

    with closing(start("here")), pytest.raises(DataDirectoryBusyError, match="vectors"):
        start("there")
    start("there").close()
