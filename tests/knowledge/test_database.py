"""The database file: its schema, its damages, its limits."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from assistant.errors import DataDirectoryBusyError, DataDirectoryError, StorageFullError
from assistant.knowledge import sqlite
from assistant.knowledge.database import open_database
from assistant.knowledge.schema import MIGRATIONS
from assistant.knowledge.tables import Table


def test_migrations_lead_to_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    newest = max(step.stem[1:5] for step in MIGRATIONS.glob("versions/v[0-9]*.py"))
    database = open_database(tmp_path / "new" / "folder" / "philo.db")
    with database.engine.connect() as connection:
        options = {"compare_server_default": True, "include_object": is_of_sqlite}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Table.metadata) == []
        assert context.get_current_revision() == newest
    database.close()


def is_of_sqlite(one: Any, *_: object) -> bool:
    return one.info.get("dialect", "sqlite") == "sqlite"


def test_opening_again_keeps_everything(tmp_path: Path) -> None:
    for names in ([], ["law"]):
        database = open_database(tmp_path / "philo.db")
        with database.reading() as session:
            found = session.connection().exec_driver_sql("SELECT name FROM collections")
            assert [*found.scalars()] == names
        with database.writing() as session:
            session.connection().exec_driver_sql(
                "INSERT OR IGNORE INTO collections (name, created_at) VALUES ('law', '2026-01-01')"
            )
        database.close()


def test_threads_of_one_process_wait_for_each_other_as_long_as_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.1)
    database = open_database(tmp_path / "philo.db")
    begun, written = threading.Event(), []

    def write_for_long() -> None:
        with database.writing() as session:
            session.connection()
            begun.set()
            time.sleep(0.5)
            written.append("long")

    thread = threading.Thread(target=write_for_long)
    thread.start()
    begun.wait(10)
    with database.writing() as session:
        session.connection()
        written.append("short")
    thread.join()
    assert written == ["long", "short"]
    database.close()


def test_many_threads_are_refused_together_when_another_process_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.5)
    database = open_database(tmp_path / "philo.db")
    refused: list[str] = []

    def write() -> None:
        try:
            with database.writing() as session:
                session.connection()
        except DataDirectoryBusyError as exc:
            refused.append(str(exc))

    with contextlib.closing(sqlite3.connect(tmp_path / "philo.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        threads = [threading.Thread(target=write) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - started < 3  # and not one after the other
        other.execute("ROLLBACK")
    assert len(refused) == 12
    write()
    assert len(refused) == 12
    database.close()


def test_changes_happen_together_or_not_at_all(tmp_path: Path) -> None:
    database = open_database(tmp_path / "philo.db")
    insert = "INSERT INTO collections (name, created_at) VALUES ('law', '2026-01-01')"

    def insert_the_same_twice() -> None:
        with database.writing() as session:
            session.connection().exec_driver_sql(insert)
            session.connection().exec_driver_sql(insert)

    with pytest.raises(IntegrityError):
        insert_the_same_twice()
    with database.reading() as session:
        count = session.connection().exec_driver_sql("SELECT count(*) FROM collections")
        assert count.scalar() == 0
    database.close()


def test_foreign_keys_write_ahead_log_and_overwriting_are_on(tmp_path: Path) -> None:
    database = open_database(tmp_path / "philo.db")
    with database.engine.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("foreign_keys", "journal_mode", "secure_delete", "busy_timeout")
        }
    assert values == {
        "foreign_keys": 1,
        "journal_mode": "wal",
        "secure_delete": 1,
        "busy_timeout": 30_000,
    }
    database.close()


def test_a_file_of_a_newer_philo_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "philo.db"
    open_database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999', oldest = '9999'")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DataDirectoryError, match=r"philo\.db has schema 9999.*update Philo"):
        open_database(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["all", "inside"])
def test_a_damaged_file_is_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "philo.db"
    open_database(path).close()
    content = path.read_bytes()
    path.write_bytes(
        b"no database " * 1000 if damage == "all" else content[:100] + b"\xff" * len(content[100:])
    )
    with pytest.raises(DataDirectoryError, match=r"philo\.db is damaged.*backup"):
        open_database(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirectoryError, match="file"):
        open_database(tmp_path / "file" / "philo.db")


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "philo.db").mkdir()
    with pytest.raises(DataDirectoryError, match=r"philo\.db cannot be opened"):
        open_database(tmp_path / "philo.db")


def test_a_full_disk_changes_nothing_and_says_so(
    open_shelf: Callable[..., Any], tmp_path: Path
) -> None:
    shelf = open_shelf(tmp_path)
    shelf.put("file:///a", "ancien loyer")

    @event.listens_for(shelf.database.engine, "connect")
    def limit_size(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 60").close()

    shelf.database.engine.dispose()
    with pytest.raises(StorageFullError, match=r"philo\.db; free some"):
        shelf.put("file:///a", "nouveau loyer " * 20_000)
    assert shelf.near("loyer") == ["ancien loyer"]
    assert shelf.is_in_step()
    event.remove(shelf.database.engine, "connect", limit_size)
    shelf.database.engine.dispose()
    shelf.put("file:///a", "nouveau loyer")
    assert shelf.near("loyer") == ["nouveau loyer"]


def test_a_migration_s_file_is_named_after_its_revision():
    """The newest is known from the names alone, so that a start need not load Alembic."""
    steps = sorted((MIGRATIONS / "versions").glob("v[0-9]*.py"))
    assert steps
    for step in steps:
        assert f'revision = "{step.stem[1:5]}"' in step.read_text()
