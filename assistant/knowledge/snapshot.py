"""One moment of the whole database, read while others write."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL, Connection, NullPool, create_engine

from assistant.knowledge.database import Database

PREFIX = "snapshot-"
"""Of files in the data directory that are left when a process is killed."""


@contextlib.contextmanager
def snapshot(database: Database, folder: Path) -> Iterator[Connection]:
    """A connection that sees this moment until the block ends.

    SQLite: over a copy in `folder`. A reader of the file itself would for as long keep its
    write-ahead log from being emptied, and those waiting who delete something.

    Raises:
        StorageFullError: no space is left for the copy.
        DataDirectoryError: the database is damaged.
    """
    if database.engine.dialect.name != "sqlite":
        with moment(database) as connection:
            yield connection
        return
    remove_snapshots(folder)
    path = folder / f"{PREFIX}copy.db"
    try:
        path.touch(mode=0o600)
        with database.translating(), contextlib.closing(sqlite3.connect(path)) as copy:
            with contextlib.closing(database.engine.raw_connection()) as raw:
                raw.driver_connection.backup(copy)  # type: ignore[union-attr]
            copy.execute("PRAGMA journal_mode = DELETE")
        engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
        with engine.connect() as connection:
            yield connection
    finally:
        remove_snapshots(folder)


@contextlib.contextmanager
def moment(database: Database) -> Iterator[Connection]:
    """The same, where nobody else writes: over the database itself."""
    with database.reading() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            # Between two portions it may wait for a slow disk; nobody waits for it.
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield connection


def remove_snapshots(folder: Path) -> None:
    for path in folder.glob(f"{PREFIX}*"):
        path.unlink(missing_ok=True)
