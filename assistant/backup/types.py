"""Backups as others see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from assistant.types import PublicModel

FORMAT = 1


class Opening(PublicModel):
    """The first record of a backup: what is needed before the rows come."""

    format: int
    philo: str
    schema_revision: str
    created_at: str


class Manifest(PublicModel):
    """The last record: what the file must have held. `tables` and `files` are name -> SHA-256 of
    all that was written of them; the name of an original is its own, but for `lost_originals`."""

    rows: dict[str, int]
    tables: dict[str, str]
    files: dict[str, str]
    originals: int
    original_bytes: int
    lost_originals: tuple[str, ...] = ()


class BackupProgress(PublicModel):
    """`done` of `total` is within the step; 0 of 0 where that cannot be told."""

    step: str
    done: int = 0
    total: int = 0


class BackupReport(PublicModel):
    """`lost_originals` are kept files that were gone or damaged before: SHA-256s. `outside` are
    files that the settings name and that lie elsewhere: they are not in it."""

    path: str
    size_bytes: int
    created_at: str
    schema_revision: str
    documents: int
    chunks: int
    originals: int
    lost_originals: tuple[str, ...]
    outside: tuple[str, ...]
    seconds: float


class RestoreReport(PublicModel):
    """`erased` are the erasures after the backup that were done again. Those of them that are in
    `by_id_alone` have receipts of an earlier Philo: a document that was brought in again under
    another id before it was erased is not known by them. `audit_problem` is what is wrong with the
    audit log, and was before."""

    path: str
    created_at: str
    philo: str
    schema_revision: str
    documents: int
    chunks: int
    originals: int
    lost_originals: tuple[str, ...]
    audit_problem: str
    erased: tuple[str, ...]
    by_id_alone: tuple[str, ...]
    seconds: float


Listener = Callable[[BackupProgress], None]


class BackupMaker(Protocol):
    """Making backups as the operator's command does it."""

    def take(
        self, path: str, passphrase: str, *, replace: bool = False, listener: Listener | None = None
    ) -> BackupReport:
        """Write a backup of one moment to an absolute path.

        Args:
            replace: a file that is there already; it stays until the new one is whole.
        Raises:
            BackupError: the file is there, lies in the data directory, or cannot be written.
            BackupPassphraseError: the passphrase is too short.
            DataDirectoryError: a newer Philo has tables in the database that this one leaves out.
            StorageFullError: no space is left for it, or beside the database; nothing was changed.
        """


def tell_nobody(_: BackupProgress) -> None: ...
