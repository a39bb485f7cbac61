"""The SQLite file that holds the truth: opening it, migrating it, transactions on it."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from assistant.errors import (
    DataDirectoryBusyError,
    DataDirectoryError,
    KnowledgeError,
    StorageFullError,
)

BUSY_TIMEOUT_S = 30.0
MIGRATIONS = Path(__file__).parent / "migrations"

_WRITES = "philo_writes"


class Database:
    """One open SQLite file. Sessions may be opened from any thread."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self.engine = engine

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment of the data and changes nothing."""
        with _translate_errors(self.path), Session(self.engine) as session:
            yield session

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes happen together when the block ends, or not at all.

        Raises:
            StorageFullError: no space is left; nothing was changed.
            DataDirectoryBusyError: another process wrote for more than 30 seconds.
            DataDirectoryError: the file is damaged or cannot be written.
        """
        with (
            _translate_errors(self.path),
            self.engine.connect() as connection,
            connection.execution_options(**{_WRITES: True}),
            Session(connection) as session,
            session.begin(),
        ):
            yield session

    def truncate_log(self) -> None:
        """Empty the write-ahead log, which would otherwise keep what was deleted for a while."""
        with _translate_errors(self.path), contextlib.closing(self.engine.raw_connection()) as raw:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def compact(self) -> None:
        """Write the file anew without its free pages, and empty the write-ahead log.

        Raises:
            StorageFullError: no space is left; the file is as it was.
            DataDirectoryBusyError: somebody read or wrote all the while.
        """
        with _translate_errors(self.path), contextlib.closing(self.engine.raw_connection()) as raw:
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
        with _translate_errors(self.path), contextlib.closing(self.engine.raw_connection()) as raw:
            cursor = raw.cursor()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (busy, _, _) = cursor.fetchone() or (1, 0, 0)
            cursor.close()
            return not busy

    def close(self) -> None:
        self.engine.dispose()


def open_database(path: Path) -> Database:
    """Open the file at `path`, made when it is missing, with its tables brought up to date.

    Raises:
        DataDirectoryError: the file is damaged, of a newer Philo, or cannot be written.
        StorageFullError: no space is left.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise DataDirectoryError(
            f"{path.parent} cannot be made ({exc}); choose a data directory that can be written"
        ) from exc
    with _translate_errors(path):
        engine = create_engine(
            URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_TIMEOUT_S}
        )
        event.listen(engine, "connect", _prepare_connection)
        event.listen(engine, "begin", _begin)
        try:
            with engine.connect() as connection:
                _migrate(connection.execution_options(**{_WRITES: True}), path)
        except BaseException:
            engine.dispose()
            raise
    return Database(path, engine)


def _migrate(connection: Connection, path: Path) -> None:
    known = sorted(step.stem[1:5] for step in MIGRATIONS.glob("versions/v[0-9]*.py"))
    with connection.begin():
        present = None
        if inspect(connection).has_table("alembic_version"):
            present = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if present == known[-1]:
            return
        if present is not None and present not in known:
            raise DataDirectoryError(
                f"{path} has schema {present}, this Philo knows up to {known[-1]}: "
                "it was written by a newer Philo; update Philo, or use another data directory"
            )
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # here: it takes half a second that few starts need
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, "head")


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
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextlib.contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeEncodeError as exc:
        raise KnowledgeError(
            f"text holds half a character ({exc.object[exc.start : exc.end]!a}) and cannot be "
            "stored or looked up; read it again with its right encoding"
        ) from exc
    except (DatabaseError, sqlite3.DatabaseError) as exc:
        cause = exc.orig if isinstance(exc, DatabaseError) else exc
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise StorageFullError(
                f"no space is left for {path}; free some and try again, nothing was changed"
            ) from exc
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise DataDirectoryBusyError(
                f"{path} is being written by another process; try again when it has finished"
            ) from exc
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
