"""The truth in one SQLite file, in the data directory."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from assistant.errors import DataDirectoryBusyError, DataDirectoryError, StorageFullError
from assistant.knowledge.database import BUSY_TIMEOUT_S, WRITES, Database, TurnName
from assistant.knowledge.turns import LocalTurn, Turn

OWN_WRITERS_S = 300.0
"""Longest wait of a thread for others of its own process: so long a transaction is none."""


class SqliteDatabase(Database):
    def __init__(self, path: Path) -> None:
        engine = create_engine(
            URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_TIMEOUT_S}
        )
        event.listen(engine, "connect", _prepare_connection)
        event.listen(engine, "begin", _begin)
        super().__init__(path.parent, str(path), engine)
        self.path = path
        self._turns: dict[TurnName, Turn] = defaultdict(LocalTurn)
        self._own_writers = threading.Lock()
        self._refused_at = -math.inf

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        # SQLite lets those who wait look again from time to time, so that a thread that writes all
        # the time could keep another one out until it gives up. Here they take turns.
        came_at = time.monotonic()
        if not self._own_writers.acquire(timeout=OWN_WRITERS_S):
            raise self._busy()
        try:
            if self._refused_at > came_at:  # by another process, to one that waited no longer
                raise self._busy()
            try:
                with super().writing() as session:
                    yield session
            except DataDirectoryBusyError:
                self._refused_at = time.monotonic()
                raise
        finally:
            self._own_writers.release()

    def turn(self, name: TurnName) -> Turn:
        return self._turns[name]  # the file has one owner

    def truncate_log(self) -> None:
        with self.translating(), contextlib.closing(self.engine.raw_connection()) as raw:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def compact(self) -> None:
        with self.translating(), contextlib.closing(self.engine.raw_connection()) as raw:
            raw.cursor().execute("VACUUM").close()
        waited_until = time.monotonic() + BUSY_TIMEOUT_S
        while not self._try_truncate():
            if time.monotonic() > waited_until:
                raise DataDirectoryBusyError(
                    f"the log of {self.path} could not be emptied: somebody reads in it all the "
                    "time; try again when fewer questions are asked"
                )
            time.sleep(0.05)

    def _try_truncate(self) -> bool:
        with self.translating(), contextlib.closing(self.engine.raw_connection()) as raw:
            cursor = raw.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (busy, _, _) = cursor.fetchone() or (1, 0, 0)
            cursor.close()
            return not busy

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        path = self.path
        try:
            yield
        except (DatabaseError, sqlite3.DatabaseError) as exc:
            cause = exc.orig if isinstance(exc, DatabaseError) else exc
            code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_FULL:
                raise StorageFullError(
                    f"no space is left for {path}; free some and try again, nothing was changed"
                ) from exc
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise self._busy() from exc
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise DataDirectoryError(
                    f"{path} is damaged ({cause}); restore it from a backup, "
                    "or ingest the documents into a fresh data directory"
                ) from exc
            if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR):
                raise DataDirectoryError(
                    f"{path} cannot be opened or written ({cause}); check its owner and its disk"
                ) from exc
            raise

    def _busy(self) -> DataDirectoryBusyError:
        return DataDirectoryBusyError(
            f"{self.path} is being written by another process; try again when it has finished"
        )


def _prepare_connection(connection: sqlite3.Connection, _record: Any) -> None:
    # sqlite3 would begin transactions by itself, but not before DDL; _begin does it for both.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # what was acknowledged outlives a power cut
        "foreign_keys = ON",
        "secure_delete = ON",  # what is deleted is overwritten in the file
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    # A writer that began as a reader could not wait for another writer: it would fail at once.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
