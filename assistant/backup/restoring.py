"""Restoring a backup: checked to its last byte and indexed before anything takes its place."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, delete, inspect
from sqlalchemy.exc import SQLAlchemyError

from assistant.backup.records import Kind, RecordReader, strange
from assistant.backup.replaying import receipts_in, replay, require_no_open_erasure
from assistant.backup.rows import write_rows
from assistant.backup.sealed import SealedReader
from assistant.backup.taking import ORIGINALS
from assistant.backup.target import open_target
from assistant.backup.types import (
    BackupProgress,
    Listener,
    Manifest,
    Opening,
    RestoreReport,
    tell_nobody,
)
from assistant.data_directory import LOCK_NAME, SERVICE_NAME, own_directory
from assistant.erasure.types import Receipt
from assistant.errors import (
    BackupDamagedError,
    BackupError,
    DataDirectoryError,
    StorageFullError,
)
from assistant.knowledge.database import Database, open_as_it_is, open_database
from assistant.knowledge.indexes import DATABASE, load_indexes
from assistant.knowledge.opening import open_library_as_it_is
from assistant.knowledge.rows import tables
from assistant.knowledge.schema import known_revisions
from assistant.restored import LOST_AND_FOUND, STAGING, decide, prepare
from assistant.settings import load_settings
from assistant.storage_settings import StorageSettings
from assistant.types import OPERATOR

STAYS = frozenset({LOCK_NAME, SERVICE_NAME, LOST_AND_FOUND})
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


def restore(
    file: Path,
    data: Path,
    passphrase: str,
    *,
    replace: bool = False,
    replace_database: str = "",
    receipts: Sequence[Receipt] = (),
    listener: Listener | None = None,
) -> RestoreReport:
    """Make the data directory what it was when the backup was made.

    Args:
        replace: what is in the directory; its receipts of erasures are followed, too.
        replace_database: the name of the database on a server whose content makes room, as a
            confirmation; its receipts are followed, too. `replace` alone never touches it.
        receipts: erasures that happened after the backup: they are done again.
    Raises:
        BackupError: the directory or the database is not empty, an erasure is not finished there,
            or the backup is of a newer Philo.
        BackupDamagedError, BackupPassphraseError: nothing was changed.
        DataDirectoryError: see `own_directory`.
        DataDirectoryBusyError: somebody works on the directory or the database.
        SettingsError: those of the backup are none that this Philo takes.
        StoreUnavailableError: the settings name a database server, which is away.
        StorageFullError: no space is left; nothing was changed.
    """
    started = time.perf_counter()
    lock = own_directory(data)
    try:
        if not replace and (found := sorted({one.name for one in data.iterdir()} - STAYS)):
            raise BackupError(
                f"{data} is not empty ({', '.join(found[:5])}); restore into an empty directory "
                "with --data, or replace all that is in it with --force"
            )
        _require_no_open_erasure(data / DATABASE)
        staging = data / STAGING
        with _cleared(staging), _said(file), contextlib.ExitStack() as opened:
            staging.mkdir(mode=0o700)
            tell = listener or tell_nobody
            opening, manifest = _unpack(file, staging, passphrase, tell)
            storage = load_settings(staging).storage
            target = opened.enter_context(open_target(staging, storage, replace_database))
            later = [*receipts, *receipts_in(data), *target.receipts]
            tell(BackupProgress(step="indexes"))
            with contextlib.closing(open_library_as_it_is(staging)) as library:
                replayed = replay(library, later, opening, tell)
                problem = library.audit.verify().problem
                documents, chunks = library.count(OPERATOR)
                with library.database.reading() as session:
                    folders = [staging / record.folder for record in load_indexes(session)]
            _drop_indexes_of_servers(folders, storage)
            if storage.database is not None:
                tell(BackupProgress(step="database"))
            with target.filling():
                prepare(data, STAYS)
            tell(BackupProgress(step="placing"))
            with target.told_of():
                decide(data)
    finally:
        lock.release()
    return RestoreReport(
        path=str(file),
        created_at=opening.created_at,
        philo=opening.philo,
        schema_revision=opening.schema_revision,
        documents=documents,
        chunks=chunks,
        originals=manifest.originals,
        lost_originals=manifest.lost_originals,
        audit_problem=problem,
        erased=replayed.followed,
        by_id_alone=replayed.by_id_alone,
        seconds=round(time.perf_counter() - started, 2),
    )


@dataclass(slots=True)
class _Found:
    """What was read so far, to be held against the manifest."""

    rows: dict[str, int] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    originals: int = 0
    original_bytes: int = 0
    lost: list[str] = field(default_factory=list)

    def check(self, manifest: Manifest) -> None:
        pairs = (
            ("rows", self.rows, manifest.rows),
            ("tables", self.tables, manifest.tables),
            ("files", self.files, manifest.files),
            ("originals", self.originals, manifest.originals),
            ("bytes of originals", self.original_bytes, manifest.original_bytes),
        )
        for what, found, wanted in pairs:
            if found != wanted:
                raise strange(f"its {what} are not those of its manifest")
        if not set(self.lost) <= set(manifest.lost_originals):
            raise strange("originals are not what their names say")


def _unpack(file: Path, staging: Path, passphrase: str, tell: Listener) -> tuple[Opening, Manifest]:
    found = _Found()
    size = file.stat().st_size
    with file.open("rb") as source:
        reader = RecordReader(SealedReader(source, passphrase))
        opening = reader.opening
        known = known_revisions()
        if opening.schema_revision not in known:
            raise BackupError(
                f"the backup has schema {opening.schema_revision}, this Philo knows up to "
                f"{known[-1]}: it was made by Philo {opening.philo}; update Philo"
            )
        database = open_database(staging / DATABASE, revision=opening.schema_revision)
        with contextlib.closing(database):
            _empty(database)
            kind, payload = reader.next()
            while kind is Kind.TABLE:
                tell(BackupProgress(step="rows", done=source.tell(), total=size))
                kind, payload = _fill_table(reader, database, payload, found)
        while kind is Kind.FILE:
            tell(BackupProgress(step="files", done=source.tell(), total=size))
            _write_file(reader, staging, payload.decode(), found)
            kind, payload = reader.next()
        if kind is not Kind.MANIFEST:
            raise strange(f"{kind.name} where the manifest should be")
        manifest = reader.read_manifest(payload)
    found.check(manifest)
    return opening, manifest


def _require_no_open_erasure(path: Path) -> None:
    """In the file that makes room. One that cannot be read is what a restore is for."""
    if path.exists():
        with (
            contextlib.suppress(SQLAlchemyError, DataDirectoryError),
            contextlib.closing(open_as_it_is(path)) as database,
        ):
            require_no_open_erasure(database)


def _drop_indexes_of_servers(folders: Sequence[Path], storage: StorageSettings) -> None:
    """The next start fills those of the servers. Left here, they would be in no erasure's reach."""
    unused = ["vectors"] if storage.vectors != "embedded" else []
    unused += ["lexicon"] if storage.database is not None else []
    for path in (folder / name for folder in folders for name in unused):
        if path.exists():
            shutil.rmtree(path)


def _empty(database: Database) -> None:
    """Of rows that migrations make by themselves."""
    with database.writing() as session:
        there = set(inspect(session.connection()).get_table_names())
        for one in reversed(tables()):
            if one.name in there:
                session.execute(delete(one))


def _fill_table(
    reader: RecordReader, database: Database, payload: bytes, found: _Found
) -> tuple[Kind, bytes]:
    """The record behind the rows."""
    told = json.loads(payload)
    name, columns = told["name"], told["columns"]
    digest, count = hashlib.sha256(), 0
    with database.writing() as session:
        connection: Connection = session.connection()
        kind, payload = reader.next()
        while kind is Kind.ROWS:
            digest.update(payload)
            count += write_rows(connection, name, columns, payload)
            kind, payload = reader.next()
    found.rows[name], found.tables[name] = count, digest.hexdigest()
    return kind, payload


def _write_file(reader: RecordReader, staging: Path, name: str, found: _Found) -> None:
    if not NAME.fullmatch(name) or name in (DATABASE, LOCK_NAME):
        raise strange(f"a file of the name {name!r}")
    path = staging / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        kind, payload = reader.next()
        while kind is Kind.DATA:
            digest.update(payload)
            size += len(payload)
            target.write(payload)
            kind, payload = reader.next()
    if kind is not Kind.END or payload != digest.digest():
        raise strange(f"{name} is not as it was")
    folder, _, last = name.rpartition("/")
    if folder != ORIGINALS:
        found.files[name] = digest.hexdigest()
    elif digest.hexdigest() == last:
        found.originals += 1
        found.original_bytes += size
    else:
        found.lost.append(last)
        path.unlink()


@contextlib.contextmanager
def _cleared(staging: Path) -> Iterator[None]:
    try:
        yield
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextlib.contextmanager
def _said(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if exc.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFullError(
                "no space is left to restore into; free some, or restore elsewhere with --data. "
                "Nothing was changed"
            ) from exc
        if exc.filename and Path(exc.filename) == file:
            raise BackupError(f"{file} cannot be read ({exc.strerror}); name a backup") from exc
        raise
    except (ValueError, KeyError, TypeError) as exc:
        # All that was read is authentic: whoever made it made it otherwise than this Philo.
        raise BackupDamagedError(
            f"the backup holds what this Philo cannot read ({type(exc).__name__}); nothing was "
            "changed. Restore it with the Philo that made it"
        ) from exc
