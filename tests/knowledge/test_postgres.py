"""PostgreSQL: several writers, a server that is away, what it must not tell and cannot keep."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import text

from assistant.audit.log import Audit
from assistant.errors import DataDirectoryError, KnowledgeError, StoreUnavailableError
from assistant.knowledge import postgres
from assistant.knowledge.database import Database, open_database
from assistant.knowledge.jobs import JobQueue, NewJob
from assistant.settings import load_settings
from assistant.storage_settings import StorageSettings
from assistant.types import JobKind
from tests.servers.postgres import SECRET, PostgresServer


@pytest.fixture
def databases(tmp_path: Path, postgres_storage: StorageSettings) -> Iterator[list[Database]]:
    """The same one as two processes have it open."""
    hasty = postgres_storage.model_copy(update={"database_timeout_s": 2.0})
    opened = [open_database(tmp_path / "philo.db", hasty) for _ in range(2)]
    yield opened
    for one in opened:
        one.close()


def together(*works: threading.Thread) -> None:
    for one in works:
        one.start()
    for one in works:
        one.join(60)
        assert not one.is_alive()


def test_audit_rows_of_two_processes_make_one_chain(
    databases: list[Database], tmp_path: Path
) -> None:
    logs = [Audit(one, tmp_path) for one in databases]

    def write(log: Audit, who: str) -> None:
        for number in range(15):
            log.record(who, "ask", {"n": number})

    together(
        *(threading.Thread(target=write, args=(log, f"p{n % 2}")) for log in logs for n in (0, 1))
    )
    found = logs[0].verify()
    assert (found.ok, found.entries) == (True, 60)
    assert [entry.number for entry in logs[1].every()] == [*range(1, 61)]


def test_each_job_is_claimed_by_one_of_two_processes(databases: list[Database]) -> None:
    queues = [JobQueue(one) for one in databases]
    queues[0].add([NewJob(JobKind.ADD, f"file:///{n}", "default") for n in range(60)])
    taken: list[list[str]] = [[], []]

    def work(number: int) -> None:
        while jobs := queues[number].claim(f"worker {number}", limit=4):
            taken[number] += [job.id for job in jobs]

    together(*(threading.Thread(target=work, args=(number,)) for number in (0, 1)))
    assert len(taken[0] + taken[1]) == len({*taken[0], *taken[1]}) == 60


def test_a_reader_sees_one_moment_while_another_process_writes(databases: list[Database]) -> None:
    writer, reader = databases
    count = text("SELECT count(*) FROM collections")
    with reader.reading() as session:
        assert session.scalar(count) == 0
        with writer.writing() as other:
            other.execute(text("INSERT INTO collections VALUES ('law', now())"))
        assert session.scalar(count) == 0
    with reader.reading() as session:
        assert session.scalar(count) == 1


def test_who_waits_too_long_for_a_turn_to_write_is_told_so(databases: list[Database]) -> None:
    started = time.monotonic()

    def wait_in_vain() -> None:
        with databases[1].writing() as session:
            session.execute(text("SELECT 1"))
            pytest.fail("two wrote at a time")

    with databases[0].writing() as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(StoreUnavailableError, match="busy; try again"):
            wait_in_vain()
    assert time.monotonic() - started < 6


def count_collections(database: Database) -> int:
    with database.reading() as session:
        return int(session.scalar(text("SELECT count(*) FROM collections")) or 0)


def test_a_server_that_went_away_is_named_and_all_is_right_once_it_is_back(
    databases: list[Database], postgres_server: PostgresServer
) -> None:
    database = databases[0]
    assert count_collections(database) == 0
    postgres_server.stop(signal.SIGQUIT)
    try:
        started = time.monotonic()
        for _ in range(2):
            with pytest.raises(StoreUnavailableError, match=r"is away.*try again"):
                count_collections(database)
        assert time.monotonic() - started < 10
    finally:
        postgres_server.start()
    assert count_collections(database) == 0


def test_a_connection_that_died_in_a_transaction_changes_nothing_and_is_replaced(
    databases: list[Database], postgres_server: PostgresServer
) -> None:
    def die() -> None:
        with databases[0].writing() as session:
            session.execute(text("INSERT INTO collections VALUES ('law', now())"))
            postgres_server.stop(signal.SIGQUIT)
            session.execute(text("INSERT INTO collections VALUES ('tax', now())"))

    try:
        with pytest.raises(StoreUnavailableError):
            die()
    finally:
        postgres_server.start()
    assert count_collections(databases[0]) == 0
    with databases[0].writing() as session:
        session.execute(text("INSERT INTO collections VALUES ('law', now())"))
    assert count_collections(databases[1]) == 1


def test_a_server_that_answers_nothing_is_given_up(
    tmp_path: Path,
    postgres_storage: StorageSettings,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres, "GRACE_S", 0.5)
    hasty = postgres_storage.model_copy(update={"database_timeout_s": 1.0})
    database = open_database(tmp_path / "philo.db", hasty)
    with postgres_server.frozen():
        started = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="is away"):
            count_collections(database)
        assert time.monotonic() - started < 10
    assert count_collections(database) == 0
    database.close()


def test_the_password_is_in_no_message_and_no_log(
    tmp_path: Path, postgres_storage: StorageSettings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert postgres_storage.database is not None
    right = postgres_storage.database.get_secret_value()
    said = [repr(postgres_storage), postgres_storage.model_dump_json()]
    for wrong in (
        right.replace(":s", ":wrong-s"),
        right.replace("/test_", "/absent_"),
        right + "?sslpassword=x",
    ):
        with pytest.raises((StoreUnavailableError, ValidationError)) as caught:
            open_database(
                tmp_path / "philo.db",
                StorageSettings.model_validate({"database": SecretStr(wrong)}),
            )
        said += [str(caught.value), repr(caught.value)]
    with pytest.raises(Exception, match="expected postgresql://") as refused:
        load_settings(tmp_path, {"PHILO_STORAGE__DATABASE": f"mysql://u:{SECRET}@h/d"})
    said += [str(refused.value), repr(refused.value), caplog.text]
    for one in said:
        assert SECRET not in one
        assert "ouvre-toi" not in one


def test_a_database_that_holds_texts_otherwise_is_refused(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    postgres_server.command(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
    )
    with pytest.raises(DataDirectoryError, match=r"made for LATIN1.*CREATE DATABASE philo"):
        open_database(tmp_path / "philo.db", postgres_server.storage("latin"))
    postgres_server.drop("latin")


def test_what_no_text_may_hold_is_refused_or_replaced_and_mixes_no_answers_up(
    databases: list[Database],
) -> None:
    database, said = databases[0], text("SELECT CAST(:x AS text)")

    def ask(value: str) -> str:
        with database.reading() as session:
            return str(session.scalar(said, {"x": value}))

    with pytest.raises(KnowledgeError, match="half a character"):
        ask("half \ud83d")
    assert [ask(str(number)) for number in range(3)] == ["0", "1", "2"]
    assert ask("a\0b") == "a\ufffdb"
    with pytest.raises(KnowledgeError, match="shorten it"), database.writing() as session:
        session.execute(text("INSERT INTO collections VALUES (:x, now())"), {"x": "x" * 201})
    assert count_collections(database) == 0


def test_deleted_rows_leave_the_tables_files(
    databases: list[Database], postgres_server: PostgresServer
) -> None:
    """The files of the server, which Philo cannot read by itself."""
    database = databases[0]
    for name in ("canary-that-goes", "canary-that-stays"):
        with database.writing() as session:
            session.execute(text("INSERT INTO collections VALUES (:x, now())"), {"x": name})
    with database.writing() as session:
        session.execute(text("DELETE FROM collections WHERE name = 'canary-that-goes'"))
    database.compact()
    postgres_server.command("CHECKPOINT")
    held = b"".join(
        path.read_bytes() for path in (postgres_server.directory / "data/base").glob("*/*[0-9]")
    )
    assert b"canary-that-stays" in held
    assert b"canary-that-goes" not in held
