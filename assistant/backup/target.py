"""The database on a server that restored rows go to, with nobody at work on it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from assistant.backup.replaying import receipts_of, require_no_open_erasure
from assistant.erasure.types import Receipt
from assistant.errors import BackupError, RowError
from assistant.knowledge.database import Database, open_as_it_is, open_database
from assistant.knowledge.indexes import DATABASE
from assistant.knowledge.rows import compare_rows, copy_rows
from assistant.knowledge.schema import bring_up_within, require_whole
from assistant.knowledge.vacancy import require_vacant
from assistant.sole_use import require_alone
from assistant.storage_settings import StorageSettings


class Target(Protocol):
    """Where the rows are to go. `receipts` are of erasures in what makes room there."""

    receipts: Sequence[Receipt]

    def filling(self) -> contextlib.AbstractContextManager[None]:
        """Let the rows of the file that they were checked in be there when the block ends, or
        nothing of them. In the block, the file is gone.

        Raises:
            BackupError: a row does not fit, or an erasure was finished there meanwhile; nothing
                was changed.
            DataDirectoryBusyError: somebody has begun to work there; nothing was changed.
            StoreUnavailableError: it is away.
        """

    def told_of(self) -> contextlib.AbstractContextManager[None]:
        """Say of what goes wrong in the block that the rows are there already."""


@contextlib.contextmanager
def open_target(staging: Path, storage: StorageSettings, replace_database: str) -> Iterator[Target]:
    """Nothing is changed in it yet, and for as long as it is open, nobody begins to work on it
    whose vectors lie in a data directory.

    Raises:
        BackupError: something is recorded in it, it has another name than was said, or an
            erasure is not finished in it.
        DataDirectoryBusyError: somebody works on it.
        DataDirectoryError: it is of a newer Philo.
        StoreUnavailableError: it is away.
    """
    if storage.database is None:
        if replace_database:
            raise BackupError(
                f"the settings name no database on a server, so {replace_database!r} is not "
                "replaced; leave out --replace-database"
            )
        yield _Files()
        return
    with contextlib.closing(open_as_it_is(staging / DATABASE, storage)) as database:
        require_vacant(
            database, replace_database, setting="PHILO_STORAGE__DATABASE", error=BackupError
        )
        require_whole(database)
        require_alone(database)
        require_no_open_erasure(database)
        yield _Server(staging, database)


class _Files:
    """They stay in the file, which takes its place with all others."""

    receipts: Sequence[Receipt] = ()

    def filling(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def told_of(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class _Server:
    def __init__(self, staging: Path, database: Database) -> None:
        self._staging, self._database = staging, database
        self.receipts: Sequence[Receipt] = [*receipts_of(database)]

    @contextlib.contextmanager
    def filling(self) -> Iterator[None]:
        target = self._database
        with target.writing() as session:
            # Whoever has vectors on a server may have come, erased and gone.
            require_no_open_erasure(target)
            if {one.id for one in receipts_of(target)} - {one.id for one in self.receipts}:
                raise BackupError(
                    f"an erasure was finished in {target.label} meanwhile, and would be lost. "
                    "Nothing was changed; run the command again, which follows its receipt"
                )
            bring_up_within(target, session.connection())
            with (
                contextlib.closing(open_database(self._staging / DATABASE)) as source,
                source.reading() as rows,
            ):
                both = (rows.connection(), session.connection())
                try:
                    copy_rows(*both, target.translating)
                    compare_rows(*both, target.translating)
                except RowError as exc:
                    raise BackupError(
                        f"the backup does not fit into {target.label}: {exc.what}. Nothing was "
                        "changed; restore it into files, without [storage] database, and run "
                        "philo doctor on them"
                    ) from exc
            for path in self._staging.glob(f"{DATABASE}*"):
                path.unlink()
            yield
            require_alone(target)

    @contextlib.contextmanager
    def told_of(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise BackupError(
                f"{self._database.label} holds the rows of the backup, but its files could not "
                f"take their place ({exc.strerror}); run the command again with "
                f"--replace-database {self._database.engine.url.database}"
            ) from exc
