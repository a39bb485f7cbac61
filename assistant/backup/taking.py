"""Making a backup: one moment of everything that cannot be made again."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Connection, func, select

from assistant.audit import OPERATOR_NAME
from assistant.audit.chain import HEAD_FILE
from assistant.audit.chain import KEY_FILE as AUDIT_KEY
from assistant.backup.records import RecordWriter
from assistant.backup.rows import columns_of, read_rows
from assistant.backup.sealed import SealedWriter
from assistant.backup.types import (
    FORMAT,
    BackupProgress,
    BackupReport,
    Listener,
    Opening,
    tell_nobody,
)
from assistant.erasure.erasures import Erasures
from assistant.erasure.traces import FOLDER as ERASING
from assistant.erasure.types import RECEIPTS
from assistant.errors import BackupError, StorageFullError
from assistant.evaluation import RUNS_FOLDER
from assistant.knowledge.job_records import keeps_original
from assistant.knowledge.library import Library
from assistant.knowledge.rows import tables
from assistant.knowledge.schema import newest_revision, require_whole
from assistant.knowledge.snapshot import snapshot
from assistant.knowledge.tables import ChunkRow, DocumentRow, JobRow, VersionRow
from assistant.safety.disclosure import STOP_FILE
from assistant.safety.personal.pseudonyms import KEY_FILE as PSEUDONYM_KEY
from assistant.settings import Settings
from assistant.settings_file import FILE as SETTINGS_FILE
from assistant.signing import KEY_FILE as SIGNING_KEY
from assistant.signing import Signer

ORIGINALS = "originals"
FILES = (SETTINGS_FILE, AUDIT_KEY, SIGNING_KEY, PSEUDONYM_KEY, STOP_FILE)
"""Of the data directory. Without its key the audit log cannot be continued, nor what was masked be
told again."""
FOLDERS = (RECEIPTS, ERASING, RUNS_FOLDER)


class Backups:
    """Those of an open library, one at a time. See `BackupMaker`."""

    def __init__(self, library: Library, erasures: Erasures, settings: Settings) -> None:
        self._library = library
        self._erasures = erasures
        self._settings = settings
        self._working = threading.Lock()

    def take(
        self,
        path: str,
        passphrase: str,
        *,
        replace: bool = False,
        listener: Listener | None = None,
        who: str = OPERATOR_NAME,
    ) -> BackupReport:
        target = Path(path)
        self._check_target(target, replace=replace)
        require_whole(self._library.database)
        started = time.perf_counter()
        # An erasure would find what the copies hold, and say that it is not complete.
        with self._working, self._erasures.excluded(), _fresh_file(target) as file:
            sealed = SealedWriter(file, passphrase)
            # Made now, so that it is in the backup: receipts that are signed after it can be
            # followed by who restores it.
            _ = Signer(self._settings.data).public
            self._library.audit.record(who, "backup", {})
            written = self._write(sealed, listener or tell_nobody)
            size = file.tell()
        self._library.exports.note("backup", str(target))
        return written.model_copy(
            update={
                "path": str(target),
                "size_bytes": size,
                "outside": tuple(str(one) for one in self._secret_key_file(inside=False)),
                "seconds": round(time.perf_counter() - started, 2),
            }
        )

    def _write(self, sealed: SealedWriter, tell: Listener) -> BackupReport:
        library, directory = self._library, self._settings.data
        created = datetime.now(UTC).isoformat(timespec="seconds")
        # The note of the audit's end comes before the rows: it may stay behind them, as after a
        # crash, but a note that is ahead of them says that rows were cut off.
        head = _read_bytes(directory / HEAD_FILE)
        tell(BackupProgress(step="snapshot"))
        with (
            library.originals_held(),
            snapshot(library.database, directory) as connection,
        ):
            opening = Opening(
                format=FORMAT,
                philo=version("philo"),
                schema_revision=newest_revision(),
                created_at=created,
            )
            writer = RecordWriter(sealed, opening)
            every = tables()
            for number, one in enumerate(every):
                tell(BackupProgress(step="rows", done=number, total=len(every)))
                writer.write_table(one.name, columns_of(one), read_rows(connection, one))
            wanted = _wanted_originals(connection)
            total, lost = 0, []
            for number, name in enumerate(sorted(wanted)):
                tell(BackupProgress(step=ORIGINALS, done=number, total=len(wanted)))
                size = _write_original(writer, name, library.originals.path(name))
                if size is None:
                    lost.append(name)
                else:
                    total += size
            for name, content in [(HEAD_FILE, head), *self._small_files()]:
                if content is not None:
                    writer.note_file(name, writer.write_file(name, io.BytesIO(content))[0])
            kept = len(wanted) - len(lost)
            writer.finish(originals=kept, original_bytes=total, lost_originals=tuple(lost))
            shown = DocumentRow.published_version_id
            chunks = select(func.count()).select_from(ChunkRow)
            chunks = chunks.join(DocumentRow, shown == ChunkRow.version_id)
            return BackupReport(
                path="",
                size_bytes=0,
                created_at=created,
                schema_revision=opening.schema_revision,
                documents=connection.scalar(select(func.count(shown))) or 0,
                chunks=connection.scalar(chunks) or 0,
                originals=kept,
                lost_originals=tuple(lost),
                outside=(),
                seconds=0,
            )

    def _check_target(self, target: Path, *, replace: bool) -> None:
        if target.resolve().is_relative_to(self._settings.data):
            raise BackupError(
                f"{target} lies in the data directory, and would be lost with it; name a file on "
                "another disk"
            )
        if target.is_dir():
            raise BackupError(f"{target} is a folder; name a file in it")
        if target.exists() and not replace:
            raise BackupError(f"{target} is there already; name another file, or use --force")

    def _small_files(self) -> Iterator[tuple[str, bytes | None]]:
        directory = self._settings.data
        for name in FILES:
            yield name, _read_bytes(directory / name)
        for path in self._secret_key_file(inside=True):
            if (name := str(path.relative_to(directory))) not in FILES:
                yield name, _read_bytes(path)
        for folder in FOLDERS:
            for path in sorted((directory / folder).glob("*.json")):
                yield f"{folder}/{path.name}", _read_bytes(path)

    def _secret_key_file(self, *, inside: bool) -> Iterator[Path]:
        path = self._settings.access.secret_key_file
        if path is not None:
            path = path.expanduser().resolve()
            if path.is_relative_to(self._settings.data) is inside:
                yield path


def _wanted_originals(connection: Connection) -> set[str]:
    of_versions = select(VersionRow.original).where(VersionRow.original.is_not(None)).distinct()
    of_jobs = select(JobRow.original).where(keeps_original()).distinct()
    return {str(name) for query in (of_versions, of_jobs) for name in connection.scalars(query)}


def _write_original(writer: RecordWriter, name: str, path: Path) -> int | None:
    """Its size; None where it is gone, or not what its name says."""
    try:
        with path.open("rb") as source:
            sha256, size = writer.write_file(f"{ORIGINALS}/{name}", source)
    except FileNotFoundError:
        return None
    return size if sha256 == name else None


def _read_bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def _fresh_file(target: Path) -> Iterator[io.BufferedWriter]:
    """A file that takes the place of `target` when the block ends well, and never existed else.

    Raises:
        BackupError: it cannot be written there.
        StorageFullError: no space is left there.
    """
    aside = target.with_name(f".{target.name}.part")
    try:
        aside.unlink(missing_ok=True)
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as exc:
        raise BackupError(
            f"{target} cannot be written ({exc.strerror}); name a file in a folder that Philo may "
            "write to"
        ) from exc
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(target)
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFullError(
                f"no space is left for {target}; free some, or name a file on another disk. "
                "Nothing was changed"
            ) from exc
        raise
    finally:
        aside.unlink(missing_ok=True)
