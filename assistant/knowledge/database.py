"""The truth: opening its database, bringing it up to date, transactions on it.

SQLite in the data directory (`sqlite.py`), or PostgreSQL (`postgres.py`).
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from assistant.errors import DataDirectoryError, KnowledgeError
from assistant.knowledge.schema import bring_up
from assistant.knowledge.turns import Turn
from assistant.storage_settings import StorageSettings

BUSY_TIMEOUT_S = 30.0

TurnName = Literal["knowledge", "originals", "erasure"]
"""Held while versions, their texts in the indexes and rights are brought in step; while kept files
get or lose what refers to them; for all of an erasure."""

LeadName = Literal["schedule", "comparing"]
"""What one process of all does: what is due at its time; comparing the vectors with the truth."""

WRITES = "philo_writes"
"""Execution option of connections that are to change something."""


class Database(ABC):
    """One open database. Sessions may be opened from any thread.

    `directory` is where the files beside it lie, `label` its name in messages, without secrets.
    """

    def __init__(self, directory: Path, label: str, engine: Engine) -> None:
        self.directory = directory
        self.label = label
        self.engine = engine

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment of the data and changes nothing.

        Raises:
            StoreUnavailableError: the server is away.
        """
        with self.translating(), Session(self.engine) as session:
            yield session

    @contextlib.contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes happen together when the block ends, or not at all. Nobody
        else writes meanwhile, in whatever process.

        Raises:
            StorageFullError: no space is left; nothing was changed.
            DataDirectoryBusyError: another process wrote for more than 30 seconds.
            DataDirectoryError: the file is damaged or cannot be written.
            StoreUnavailableError: the server is away, or was busy for too long.
        """
        with (
            self.translating(),
            self.engine.connect() as connection,
            connection.execution_options(**{WRITES: True}),
            Session(connection) as session,
            session.begin(),
        ):
            yield session

    @abstractmethod
    def turn(self, name: TurnName) -> Turn:
        """The lock of that name, for all processes that share the database."""

    def own(self) -> bool:
        """Whether this process has the database to itself from now on, until it closes it: as it
        must where vectors lie in its data directory, which others would not find."""
        return True

    def others(self) -> list[str]:
        """Of each connection of another process of Philo, the newest schema that it knows;
        "" where it does not say."""
        return []

    def leads(self, name: LeadName = "schedule") -> bool:
        """Whether this process is the one of all that does what one alone should do; asked again
        and again, for another one may have ended."""
        del name  # there are no others
        return True

    def follow(self, name: LeadName) -> None:
        """Let another process lead in this."""
        del name

    def now(self) -> datetime:
        """By the clock that all processes which share the database have in common."""
        return datetime.now(UTC)

    @contextlib.contextmanager
    def translating(self) -> Iterator[None]:
        """What goes wrong with the database inside is raised as `writing` says."""
        try:
            with self._translating():
                yield
        except UnicodeEncodeError as exc:
            raise KnowledgeError(
                f"text holds half a character ({exc.object[exc.start : exc.end]!a}) and cannot be "
                "stored or looked up; read it again with its right encoding"
            ) from exc

    @abstractmethod
    def _translating(self) -> contextlib.AbstractContextManager[None]:
        """The same for errors of the dialect's driver."""

    @abstractmethod
    def truncate_log(self) -> None:
        """Empty what would otherwise keep for a while what was deleted, as far as that is quick."""

    @abstractmethod
    def compact(self) -> None:
        """Write the tables anew without what was deleted, and empty the log.

        Raises:
            StorageFullError: no space is left; everything is as it was.
            DataDirectoryBusyError: somebody read or wrote all the while.
        """

    def close(self) -> None:
        self.engine.dispose()


def open_database(
    path: Path, storage: StorageSettings | None = None, *, revision: str | None = None
) -> Database:
    """Open the file at `path`, made when it is missing, with its tables brought up to date.

    Args:
        storage: may name a PostgreSQL database, which is opened instead.
        revision: bring the tables up to an earlier state only, to fill them with rows of then.
    Raises:
        DataDirectoryError: the database is damaged, of a newer Philo, or cannot be written.
        StorageFullError: no space is left.
        StoreUnavailableError: the server is away.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise DataDirectoryError(
            f"{path.parent} cannot be made ({exc}); choose a data directory that can be written"
        ) from exc
    database = open_as_it_is(path, storage)
    try:
        bring_up(database, revision)
    except BaseException:
        database.close()
        raise
    return database


def open_as_it_is(path: Path, storage: StorageSettings | None = None) -> Database:
    """The same database without bringing its tables up to date, or making any; see
    `schema.revision_of`.

    Raises:
        StoreUnavailableError: the server is away.
    """
    if storage is not None and storage.database is not None:
        from assistant.knowledge.postgres import PostgresDatabase

        return PostgresDatabase(path.parent, storage)
    from assistant.knowledge.sqlite import SqliteDatabase

    return SqliteDatabase(path)
