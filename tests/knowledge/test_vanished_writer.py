"""A client of PostgreSQL that vanishes in the middle of a transaction holds up nobody for long."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from assistant.errors import StoreUnavailableError
from assistant.knowledge.postgres import IDLE_FACTOR, PostgresDatabase
from assistant.knowledge.snapshot import snapshot
from assistant.storage_settings import StorageSettings


@pytest.fixture
def hasty(postgres_storage: StorageSettings) -> StorageSettings:
    return postgres_storage.model_copy(update={"database_timeout_s": 1.0})


def stand_still(database: PostgresDatabase, *, until_free: PostgresDatabase) -> None:
    """In a writing transaction, until another one could be begun."""
    until = time.monotonic() + 10 * IDLE_FACTOR
    with database.writing() as session:
        session.connection()
        while time.monotonic() < until:
            with suppress(StoreUnavailableError), until_free.writing() as other:
                other.connection()
                break
        else:
            pytest.fail("nobody else could write")
        session.connection().exec_driver_sql("SELECT 1")


def test_its_turn_to_write_goes_to_the_next(hasty: StorageSettings, tmp_path: Path) -> None:
    with (
        closing(PostgresDatabase(tmp_path, hasty)) as silent,
        closing(PostgresDatabase(tmp_path, hasty)) as other,
    ):
        with pytest.raises(StoreUnavailableError):
            stand_still(silent, until_free=other)
        with silent.writing() as session:  # on another connection
            session.connection().exec_driver_sql("SELECT 1")


def test_the_server_asks_whether_a_silent_client_is_there(
    hasty: StorageSettings, tmp_path: Path
) -> None:
    with closing(PostgresDatabase(tmp_path, hasty)) as database, database.reading() as session:
        told = [
            session.connection().exec_driver_sql(f"SHOW tcp_keepalives_{name}").scalar()
            for name in ("idle", "interval", "count")
        ]
    assert told == ["10", "5", "3"]


def test_a_moment_that_is_read_for_a_backup_may_wait(
    hasty: StorageSettings, tmp_path: Path
) -> None:
    with (
        closing(PostgresDatabase(tmp_path, hasty)) as database,
        snapshot(database, tmp_path) as connection,
    ):
        time.sleep(IDLE_FACTOR * hasty.database_timeout_s + 0.5)
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
