"""Having an installation to oneself: what is done to all of it is done beside nobody."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from assistant.data_directory import own_directory
from assistant.errors import DataDirectoryBusyError, MigrationError
from assistant.knowledge.database import Database, open_as_it_is
from assistant.knowledge.indexes import DATABASE
from assistant.knowledge.schema import revision_of
from assistant.settings import Settings

LEAVING_S = 3.0
"""For connections of processes that have just ended."""


@contextlib.contextmanager
def opened_alone(settings: Settings) -> Iterator[Database]:
    """The database of an installation as it is, with its data directory to oneself; see
    `require_alone` for those who work on the database from elsewhere.

    Raises:
        DataDirectoryBusyError: a service, a worker or a command is at work on it.
        MigrationError: there is nothing in it.
    """
    data, path = settings.data, settings.data / DATABASE
    nothing = f"{data} holds nothing yet; name the data directory with --data"
    if settings.storage.database is None and not path.exists():
        raise MigrationError(nothing)
    try:
        lock = own_directory(data)
    except DataDirectoryBusyError as exc:
        raise DataDirectoryBusyError(
            f"Philo works on {data}; stop the service and the workers on it, and run the command "
            "again"
        ) from exc
    try:
        with contextlib.closing(open_as_it_is(path, settings.storage)) as database:
            if not revision_of(database):
                raise MigrationError(nothing)
            require_alone(database)
            yield database
    finally:
        lock.release()


def require_alone(database: Database) -> None:
    """Nobody works on it at this moment. For as long as it is open, nobody begins whose vectors lie
    in a data directory; who has them on a server may, so ask `others` again at the end.

    Raises:
        DataDirectoryBusyError: somebody is connected to it, from whatever machine.
    """
    until = time.monotonic() + LEAVING_S
    while database.others() or not database.own():
        if time.monotonic() > until:
            raise DataDirectoryBusyError(
                f"another process of Philo works on {database.label}, or it is the source and the "
                "target at once; stop the service and the workers on it, and run the command again"
            )
        time.sleep(0.1)
