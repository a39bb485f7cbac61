"""Backups by a running service, as a command sees them."""

from __future__ import annotations

from assistant.backup.types import BackupProgress, BackupReport, Listener
from assistant.errors import ServiceError
from assistant.remote_sources import Stream


class RemoteBackups:
    """See `assistant.backup.types.BackupMaker`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def take(
        self, path: str, passphrase: str, *, replace: bool = False, listener: Listener | None = None
    ) -> BackupReport:
        body = {"path": path, "passphrase": passphrase, "replace": replace}
        for name, data in self._stream("/backups", body):
            if name == "report":
                return BackupReport.model_validate(data)
            if name == "progress" and listener is not None:
                listener(BackupProgress.model_validate(data))
        raise ServiceError("The service ended before the backup did; run the command again.")
