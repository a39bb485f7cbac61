"""Two processes over one database and one vector server: what one has done when its call returns,
the next search of the other knows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from assistant.errors import StoreUnavailableError
from assistant.knowledge.change_log import KEPT_CHANGES, log_changes
from assistant.knowledge.postgres import PostgresDatabase
from assistant.knowledge.tables import VersionRow
from assistant.knowledge.vectors.exact import ExactVectors
from assistant.storage_settings import StorageSettings
from assistant.types import OPERATOR
from tests.knowledge.conftest import DIMENSION
from tests.knowledge.shared_library import OtherProcess, SharedLibrary
from tests.servers.chroma import ChromaProcess


def on_chroma(server: ChromaProcess, **fields: Any) -> StorageSettings:
    stated = {"vectors": "chroma", "chroma": server.settings(), **fields}
    return StorageSettings.model_validate(stated)


class Pair:
    def __init__(self, here: SharedLibrary, there: OtherProcess) -> None:
        self.here = here
        self.there = there


SQLITE, POSTGRES = False, True


@pytest.fixture(
    scope="module",
    params=[
        (SQLITE, "chroma", None),
        (SQLITE, "chroma", 0),
        (POSTGRES, "chroma", None),
        (POSTGRES, "pgvector", 0),
    ],
    ids=["copied", "on the server", "copied from PostgreSQL", "in PostgreSQL"],
)
def processes(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    chroma_server: ChromaProcess,
) -> Iterator[Pair]:
    """With a copy of the vectors in each process's memory, and without one."""
    on_postgres, vectors, copy_bytes = request.param
    database = None
    if on_postgres:
        server = request.getfixturevalue("postgres_server")
        database = server.url(server.create())
    folder = tmp_path_factory.mktemp("shared")
    storage = on_chroma(chroma_server, vectors=vectors, database=database, copy_bytes=copy_bytes)
    here, there = SharedLibrary(folder, storage), OtherProcess(folder, storage)
    yield Pair(here, there)
    there.end()
    here.library.close()


@pytest.fixture
def pair(processes: Pair) -> Iterator[Pair]:
    """The same, with no document."""
    yield processes
    library = processes.here.library
    library.failpoint = lambda _step: None
    library.retire_known([one.id for one in library.documents(OPERATOR)])


def test_what_one_does_the_other_s_next_search_knows(pair: Pair) -> None:
    here, there = pair.here, pair.there
    assert here.find("leave") == there("find", "leave") == []
    leave = there("publish", "file:///leave", "leave", "sick leave")
    assert here.find("leave") == [leave, leave]
    pay = here.publish("file:///pay", "pay")
    assert there("find", "pay")[0] == pay

    there("publish", "file:///leave", "holidays")  # a new version of one chunk
    assert sorted(here.find("holidays")) == sorted([leave, pay])

    there("share", pay, "hr")  # narrowed
    assert here.find("pay") == [leave]
    assert here.find("pay", "hr") == [pay]
    here.share(pay, "everyone", "board")  # widened
    assert there("find", "pay")[0] == pay
    assert there("find", "pay", "board") == [pay]

    there("retire", leave)
    assert here.find("leave") == [pay]
    here.retire(pay)
    assert there("find", "leave") == []


def test_each_of_many_changes_is_known_at_once(pair: Pair) -> None:
    here, there = pair.here, pair.there
    for number in range(15):
        uri = f"file:///{number % 5}"
        made = there("publish", uri, f"text {number}")
        assert here.find(f"text {number}")[0] == made
        if number % 4 == 3:
            there("retire", made)
            assert made not in here.find(f"text {number}")


def test_answers_that_are_kept_hear_of_changes_elsewhere(pair: Pair) -> None:
    before = pair.here.stamp()
    assert pair.here.stamp() == before
    pair.there("publish", "file:///a", "a")
    assert pair.here.stamp() != before


def test_a_start_leaves_alone_what_another_process_is_publishing(pair: Pair) -> None:
    here, there = pair.here, pair.there
    there("reconcile")  # its full text is its own: it holds what other tests left there
    done: list[dict[str, int]] = []

    waits = isinstance(here.library.database, PostgresDatabase)  # until its turn has come
    starts: list[threading.Thread] = []

    def meanwhile(step: str) -> None:
        if step == "staged" or (step == "vectors written" and not waits):
            starts.append(threading.Thread(target=lambda: done.append(there("reconcile"))))
            starts[-1].start()
            if not waits:
                starts[-1].join()

    here.library.failpoint = meanwhile
    made = here.publish("file:///a", "a")
    for one in starts:
        one.join()
    assert done == [{"orphans": 0, "versions": 0}] * len(starts)
    assert there("find", "a") == here.find("a") == [made]


def test_who_is_far_behind_takes_everything_for_changed(
    tmp_path: Path, chroma_server: ChromaProcess
) -> None:
    storage = on_chroma(chroma_server)
    writer, reader = (SharedLibrary(tmp_path, storage) for _ in range(2))
    kept, gone = writer.publish("file:///a", "a"), writer.publish("file:///b", "b")
    assert set(reader.find("a")) == {kept, gone}
    writer.retire(gone)
    with writer.library.database.writing() as session:
        log_changes(session, (f"{number:032x}" for number in range(KEPT_CHANGES)))
    later = writer.publish("file:///c", "c")
    assert set(reader.find("a")) == {kept, later}
    assert reader.vectors.memory_bytes > 0
    for one in (reader, writer):
        one.library.close()


def test_what_does_not_fit_into_memory_is_not_read_into_it(
    tmp_path: Path, chroma_server: ChromaProcess
) -> None:
    """Of what others have brought in meanwhile, too: the store is searched instead."""
    room = 3 * ExactVectors(DIMENSION).chunk_bytes
    storage = on_chroma(chroma_server, copy_bytes=room)
    writer, reader = (SharedLibrary(tmp_path, storage) for _ in range(2))
    made = [writer.publish("file:///a", "a", "b")]
    assert reader.find("a")[0] == made[0]
    assert reader.vectors.memory_bytes > 0
    made += [writer.publish(f"file:///{number}", f"text {number}") for number in range(4)]
    read: list[int] = []
    reader.vectors._read = lambda ids: iter([read.append(len(ids)) or []])
    assert set(reader.find("a")) == set(made)
    assert read == []
    assert reader.vectors.memory_bytes == 0
    for one in (reader, writer):
        one.library.close()


def test_an_index_that_another_process_has_switched_away_from_answers_nothing_wrong(
    tmp_path: Path, chroma_server: ChromaProcess
) -> None:
    storage = on_chroma(chroma_server)
    writer, reader = (SharedLibrary(tmp_path, storage) for _ in range(2))
    second: Any = writer.library.indexes.add(
        embedder="other", embedder_id="other", dimension=4, chunk_tokens=100
    )
    writer.library.indexes.switch(second.id)
    with pytest.raises(StoreUnavailableError, match="start it again"):
        reader.find("a")
    with pytest.raises(StoreUnavailableError, match="start it again"):
        reader.publish("file:///new", "a")
    with writer.library.database.reading() as session:
        assert session.scalar(select(func.count(VersionRow.id))) == 0
    with suppress(StoreUnavailableError):
        reader.library.close()
    writer.library.close()
