"""Who makes a backup: the running service, else this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from assistant.backup.taking import Backups
from assistant.backup.types import BackupMaker
from assistant.client import WAIT_S
from assistant.data_directory import find_service, own_directory
from assistant.erasure.erasures import Erasures
from assistant.errors import BackupError
from assistant.knowledge.indexes import DATABASE
from assistant.knowledge.opening import open_library_as_it_is
from assistant.remote_client import RemoteClient
from assistant.service import choose_vectors
from assistant.settings import Settings


@contextmanager
def open_backups(settings: Settings) -> Iterator[BackupMaker]:
    """No model is needed for it.

    Raises:
        BackupError: there is nothing to back up.
        DataDirectoryError: see `own_directory` and `open_library`.
    """
    if (service := find_service(settings.data)) is not None:
        with closing(RemoteClient(service)) as client:
            yield client.backups
        return
    if settings.storage.database is None and not (settings.data / DATABASE).exists():
        raise BackupError(f"{settings.data} holds nothing yet; name the data directory with --data")
    with (
        own_directory(settings.data, wait_s=WAIT_S),
        closing(
            open_library_as_it_is(
                settings.data,
                home=choose_vectors(settings.data, settings.storage),
                storage=settings.storage,
            )
        ) as library,
    ):
        yield Backups(library, Erasures(library), settings)
