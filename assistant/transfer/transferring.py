"""Moving an installation to the stores that other settings name.

Its files stay where they are: kept uploads, keys, receipts, `philo.toml`. What moves is the
database, the full text, which lies with it, and the vectors. Of the source nothing is changed, but
for the note of a server that its vectors leave. The indexes are made first; then the rows go into
the target in one transaction, which is committed as the last step, when each of them was compared.
So whatever was cut short is no installation, and the next run begins anew.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, exists, func, select
from sqlalchemy.orm import Session

from assistant.audit.chain import ChainFiles
from assistant.audit.log import Audit
from assistant.audit.types import Verification
from assistant.audit.verification import verify
from assistant.errors import DataDirectoryBusyError, MigrationError, PhiloError
from assistant.knowledge.database import Database, open_as_it_is
from assistant.knowledge.exports import forget_stores, note_export
from assistant.knowledge.indexes import DATABASE, IndexRecord, load_indexes
from assistant.knowledge.rows import Content, compare_rows, copy_rows, count_rows
from assistant.knowledge.schema import bring_up, newest_revision, require_whole, revision_of
from assistant.knowledge.snapshot import moment
from assistant.knowledge.tables import ChunkRow, DocumentRow, ErasureRow
from assistant.knowledge.vacancy import require_vacant
from assistant.service import choose_vectors
from assistant.settings import Settings, read_surroundings
from assistant.sole_use import opened_alone, require_alone
from assistant.storage_settings import StorageSettings
from assistant.transfer.indexes import fill_index, require_no_others
from assistant.transfer.places import Places, find_places
from assistant.transfer.types import (
    IndexReport,
    Listener,
    TableReport,
    TransferProgress,
    TransferReport,
    tell_nobody,
)


def transfer(
    settings: Settings,
    storage: StorageSettings,
    *,
    named: str = "",
    replace_database: str = "",
    listener: Listener | None = None,
) -> TransferReport:
    """
    Args:
        settings: of the installation.
        storage: where it is to go.
        named: where `storage` was read, for the report.
        replace_database: the name of the target database, as a confirmation that what is in it
            makes room.
    Raises:
        MigrationError: everything lies there already, the target holds an installation, the
            source is of another version or has work to finish, or a comparison failed.
        DataDirectoryBusyError: somebody works on the source or the target.
        StoreUnavailableError, StorageFullError: of the target; nothing was moved.
    """
    started = time.perf_counter()
    data, tell = settings.data, listener or tell_nobody
    before, after = find_places(data, settings.storage), find_places(data, storage)
    if before == after:
        raise MigrationError(
            f"everything lies there already ({after}); name other stores in the [storage] section"
        )
    if replace_database and before.database == after.database:
        raise MigrationError(
            f"the database stays where it is, so {replace_database!r} is not replaced; leave out "
            "--replace-database"
        )
    with contextlib.ExitStack() as opened:
        source = opened.enter_context(opened_alone(settings))
        _check_source(source)
        target = source
        if before.database != after.database:
            target = opened.enter_context(_open_target(data, storage, replace_database))
        records, documents, chunks = _holdings(source)
        audit = Audit(source, data).verify()
        folders = [record.folder for record in records]
        left = before.left_for(after, folders)
        indexes = []
        contents: dict[str, Content] = {}
        with _undone_unless_whole() as undo:
            stores = _Stores(
                source,
                target,
                (settings.storage, storage),
                (before, after),
                bool(replace_database),
                opened,
                undo,
            )
            stores.require_free(records)
            for record in records:
                indexes.append(stores.fill(record, _counted(tell, f"index {record.id}")))
            with target.writing() as session:
                if target is not source:
                    contents = _move_rows(source, target, session.connection(), tell)
                    _require_chain(session, target, data, audit)
                for place in left:
                    if not before.is_searched(place):
                        note_export(session, "former store", place)
                forget_stores(session, after.places(folders))
                _require_nobody(source, target)
    return TransferReport(
        data=str(data),
        settings=named,
        source=str(before),
        target=str(after),
        tables={
            name: TableReport(rows=one.rows, sha256=one.sha256) for name, one in contents.items()
        },
        indexes=tuple(indexes),
        documents=documents,
        chunks=chunks,
        audit_entries=audit.entries,
        audit_problem=audit.problem,
        left=tuple(left),
        stated_outside=tuple(
            sorted(name for name in read_surroundings(os.environ) if name.startswith("storage."))
        ),
        seconds=round(time.perf_counter() - started, 2),
    )


def _check_source(source: Database) -> None:
    revision, newest = revision_of(source), newest_revision()
    if revision != newest:
        raise MigrationError(
            f"{source.label} has schema {revision}, this Philo works with {newest}; use the "
            "Philo that works on it, or bring it up to date first: start this one once"
        )
    with source.reading() as session:
        unfinished = session.scalar(select(exists().where(ErasureRow.step != "done")))
    if unfinished:
        raise MigrationError(
            "an erasure is not finished, and what it is about would stay in the source; start "
            "Philo once, which finishes it (philo doctor says whether), and run the command again"
        )


@contextlib.contextmanager
def _open_target(data: Path, storage: StorageSettings, replace_database: str) -> Iterator[Database]:
    path = data / DATABASE
    with contextlib.closing(open_as_it_is(path, storage)) as target:
        require_vacant(
            target, replace_database, setting="the [storage] section", error=MigrationError
        )
        require_alone(target)
        bring_up(target)
        require_whole(target)
        yield target


def _holdings(source: Database) -> tuple[list[IndexRecord], int, int]:
    """(indexes, documents, chunks of the index in use)"""
    shown = DocumentRow.published_version_id
    chunks = select(func.count()).select_from(ChunkRow)
    chunks = chunks.join(DocumentRow, shown == ChunkRow.version_id)
    with source.reading() as session:
        return (
            load_indexes(session),
            session.scalar(select(func.count(shown))) or 0,
            session.scalar(chunks) or 0,
        )


class _Stores:
    """The target's indexes, of which the parts that go elsewhere are made anew."""

    def __init__(
        self,
        source: Database,
        target: Database,
        storages: tuple[StorageSettings, StorageSettings],
        places: tuple[Places, Places],
        replaced: bool,
        opened: contextlib.ExitStack,
        undo: list[Callable[[], object]],
    ) -> None:
        """`storages` and `places` are (from, to)."""
        self._source, self._opened, self._undo = source, opened, undo
        (_, storage), (before, self._after) = storages, places
        after = self._after
        self._former, home = (
            opened.enter_context(contextlib.closing(choose_vectors(source.directory, one)))
            for one in storages
        )
        self._vectors = home if before.vectors != after.vectors else None
        self._full_text = target if target is not source else None
        in_target = storage.vectors == "pgvector" and storage.pgvector.database is None
        self._may_empty = storage.vectors == "embedded" or (replaced and in_target)

    def require_free(self, records: Sequence[IndexRecord]) -> None:
        """
        Raises:
            MigrationError: vectors of indexes lie there that are not ours.
        """
        if self._vectors is not None and not self._may_empty:
            require_no_others(self._vectors, records)

    def fill(self, record: IndexRecord, tell: Callable[[int, int], None]) -> IndexReport:
        folder = self._source.directory / record.folder
        folder.mkdir(parents=True, exist_ok=True)
        filled = fill_index(
            self._source,
            record,
            folder,
            former=self._former,
            vectors=self._vectors,
            full_text=self._full_text,
            may_empty=self._may_empty,
            opened=self._opened,
            undo=self._undo,
            tell=tell,
        )
        return IndexReport(
            index=record.id,
            chunks=filled.chunks,
            vectors=self._after.vectors if self._vectors else None,
            full_text=self._after.full_text if self._full_text else None,
            searches=filled.searches,
            agreeing=filled.agreeing,
        )


@contextlib.contextmanager
def _undone_unless_whole() -> Iterator[list[Callable[[], object]]]:
    """No texts stay in a target that becomes none, but after a kill."""
    undo: list[Callable[[], object]] = []
    try:
        yield undo
    except BaseException:
        for one in reversed(undo):
            with contextlib.suppress(PhiloError):  # it is away, say; what went wrong first is told
                one()
        raise


def _move_rows(
    source: Database, target: Database, connection: Connection, tell: Listener
) -> dict[str, Content]:
    with moment(source) as rows:
        total = count_rows(rows)
        copying = _counted(tell, "rows")
        copy_rows(rows, connection, target.translating, lambda done: copying(done, total))
    # Another moment: so what somebody has changed in the source meanwhile is seen.
    with moment(source) as rows:
        comparing = _counted(tell, "comparing")
        return compare_rows(
            rows, connection, target.translating, lambda done: comparing(done, total)
        )


def _require_chain(session: Session, target: Database, data: Path, before: Verification) -> None:
    found = verify(session, ChainFiles(data), data)
    if (found.ok, found.problem, found.entries) != (before.ok, before.problem, before.entries):
        raise MigrationError(
            f"the audit log does not verify in {target.label} ({found.problem}); nothing was "
            "moved. Run philo audit verify, and then the command again"
        )


def _require_nobody(source: Database, target: Database) -> None:
    for one in (source, target):
        if one.others():
            raise DataDirectoryBusyError(
                f"a process of Philo has begun to work on {one.label}; nothing was moved. End "
                "it, and run the command again"
            )


def _counted(tell: Listener, step: str) -> Callable[[int, int], None]:
    tell(TransferProgress(step=step))
    return lambda done, total: tell(TransferProgress(step=step, done=done, total=total))
