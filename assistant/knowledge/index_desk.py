"""Building a second index beside the one in use, switching between them, dropping one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy import select, update
from sqlalchemy.orm import Session, undefer

from assistant.errors import IndexExistsError, UnknownIndexError
from assistant.knowledge.bulk import in_batches
from assistant.knowledge.change_log import log_any_change, log_changes
from assistant.knowledge.database import Database
from assistant.knowledge.indexes import (
    IndexRecord,
    Stores,
    count_versions,
    find_behind,
    forget_second,
    is_shown,
    load_indexes,
    measure_index,
    open_stores,
    register_index,
    remove_unnamed,
    second_index,
    swap_indexes,
)
from assistant.knowledge.packing import to_chunk, unpack_layout
from assistant.knowledge.publishing import Publication, Staged, stage_version
from assistant.knowledge.renewal import remove_remainders
from assistant.knowledge.tables import ChunkRow, DocumentRow, PieceRow, VersionRow
from assistant.knowledge.turns import Turn
from assistant.knowledge.upkeep import Upkeep
from assistant.knowledge.vectors.base import VectorHome
from assistant.types import DateBasis, Draft, IndexInfo, Language


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version of the index in use as it was published, or put into quarantine."""

    version_id: str
    draft: Draft
    collection: str
    original: str | None


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What the second index is given for a version of the one in use."""

    of: str
    publication: Publication


class IndexDesk:
    """The two indexes of a library; `writer` is its lock.

    Args:
        home: where the vectors of a new index go.
        copy_bytes: see `MirroredVectors`.
        switched: told the stores and the record of the index that is in use from now on, while
            the lock is held.
    """

    def __init__(
        self,
        database: Database,
        upkeep: Upkeep,
        writer: Turn,
        *,
        home: VectorHome,
        copy_bytes: int | None = None,
        failpoint: Callable[[str], None],
        switched: Callable[[Stores, IndexRecord], None],
    ) -> None:
        self._database = database
        self._directory = database.directory
        self._upkeep = upkeep
        self._writer = writer
        self._home = home
        self._copy_bytes = copy_bytes
        self._failpoint = failpoint
        self._switched = switched

    def records(self) -> list[IndexRecord]:
        """The one in use first."""
        with self._database.reading() as session:
            return load_indexes(session)

    def infos(self) -> list[IndexInfo]:
        """The same for people, with their sizes and how far they are."""
        with self._database.reading() as session:
            records = load_indexes(session)
            sizes = {one.id: measure_index(session, in_use=one.in_use) for one in records}
            behind = len(find_behind(session)) if len(records) > 1 else 0
            total = count_versions(session)
        return [
            IndexInfo(
                id=one.id,
                state="in use" if one.in_use else "building" if behind else "ready",
                embedder=one.embedder,
                embedder_id=one.embedder_id,
                dimension=one.dimension,
                chunk_tokens=one.chunk_tokens,
                documents=total if one.in_use else total - behind,
                documents_total=total,
                chunks=sizes[one.id][0],
                size_bytes=sizes[one.id][1] + self._bytes_on_disk(one),
            )
            for one in records
        ]

    def second(self) -> IndexRecord | None:
        with self._database.reading() as session:
            return second_index(session)

    @property
    def second_stores(self) -> Stores | None:
        return self._upkeep.second

    def add(
        self, *, embedder: str, embedder_id: str, dimension: int, chunk_tokens: int
    ) -> IndexRecord:
        """Begin a second index, empty so far.

        Raises:
            IndexExistsError: there is one already.
        """
        with self._writer:
            self._upkeep.leave_dropped()  # the new one may be given its number
            with self._database.writing() as session:
                present = second_index(session)
                if present is not None:
                    raise IndexExistsError(
                        f"index {present.id} ({present.embedder}, {present.chunk_tokens} tokens) "
                        f"stands beside the one in use; drop it first: philo index drop "
                        f"{present.id}"
                    )
                register_index(
                    session,
                    in_use=False,
                    embedder=embedder,
                    embedder_id=embedder_id,
                    dimension=dimension,
                    chunk_tokens=chunk_tokens,
                )
                record = second_index(session)
            assert record is not None  # noqa: S101 - just registered
            self._failpoint("index registered")
            self._upkeep.second = open_index(
                self._directory, self._database, record, self._home, self._copy_bytes
            )
        return record

    def progress(self) -> tuple[int, int]:
        """(documents in the second index, documents that it has to hold)."""
        with self._database.reading() as session:
            total = count_versions(session)
            return total - len(find_behind(session)), total

    def behind(self, *, limit: int | None = None) -> list[str]:
        """Versions that the second index lacks."""
        with self._database.reading() as session:
            return find_behind(session, limit=limit)

    def versions(self, version_ids: Sequence[str]) -> list[StoredVersion]:
        """As they stand in the index in use; those that are gone are passed over."""
        with self._database.reading() as session:
            query = (
                select(VersionRow, DocumentRow)
                .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
                .where(VersionRow.id.in_(version_ids), is_shown())
                .options(undefer(VersionRow.text), undefer(VersionRow.layout))
            )
            return [
                StoredVersion(
                    version_id=version.id,
                    draft=_draft_of(session, version, document),
                    collection=document.collection,
                    original=version.original,
                )
                for version, document in session.execute(query)
            ]

    def add_counterparts(self, counterparts: Sequence[Counterpart]) -> None:
        """Put versions into the second index, whole or not at all. Those whose version is gone
        meanwhile are passed over.

        Raises:
            UnknownIndexError: the second index is gone.
            StorageFullError: no space is left; none was put in.
        """
        with self._writer:
            stores, now = self._upkeep.second, self._database.now()
            with self._database.writing() as session:
                record = second_index(session)
                if record is None or stores is None:
                    raise UnknownIndexError("the second index was dropped meanwhile")
                wanted = _still_wanted(session, [one.of for one in counterparts])
                kept = [one for one in counterparts if one.of in wanted]
                staged = [
                    stage_version(session, one.publication, embedder_id=record.embedder_id, now=now)
                    for one in kept
                ]
            try:
                self._failpoint("counterparts staged")
                published = {one.of: one for one in kept if wanted[one.of]}
                stores.add(
                    [
                        chunk
                        for one, what in zip(staged, kept, strict=True)
                        if what.of in published
                        for chunk in one.chunks
                    ]
                )
                self._failpoint("counterparts indexed")
                self._join(kept, staged)
            except BaseException:
                with contextlib.suppress(Exception):  # the next start purges it otherwise
                    self._upkeep.purge_versions([one.version_id for one in staged])
                raise
            self._failpoint("counterparts added")

    def _join(self, counterparts: Sequence[Counterpart], staged: Sequence[Staged]) -> None:
        with self._database.writing() as session:
            for what, one in zip(counterparts, staged, strict=True):
                since = select(VersionRow.published_at).where(VersionRow.id == what.of)
                values = {"counterpart_of": what.of, "published_at": session.scalar(since)}
                session.execute(
                    update(VersionRow).where(VersionRow.id == one.version_id).values(values)
                )
            log_changes(session, [one.document_id for one in staged])

    def switch(self, index_id: int) -> IndexRecord:
        """Let the second index answer from now on, in one transaction; the one so far becomes
        the second.

        Raises:
            UnknownIndexError: it is not there, in use already, or behind.
        """
        with self._writer:
            self.require_second(index_id)
            second = self._upkeep.second
            if second is None:
                raise UnknownIndexError(
                    f"index {index_id} was built by another process, and this one has not opened "
                    "it; start this one again, or switch in the other one"
                )
            with self._database.writing() as session:
                swap_indexes(session, index_id)
                log_any_change(session)
            self._failpoint("switched")
            self._upkeep.second, self._upkeep.stores = self._upkeep.stores, second
            record = next(one for one in self.records() if one.in_use)
            self._switched(second, record)
        return record

    def drop(self, index_id: int) -> None:
        """Remove the second index with its versions and files.

        Raises:
            UnknownIndexError: it is not there, or in use.
        """
        with self._writer:
            self.require_second(index_id)
            with self._database.writing() as session:
                versions = forget_second(session)
            self._failpoint("index forgotten")
            if self._upkeep.second is not None:
                self._upkeep.second.close()
                self._upkeep.second = None
            kept = self.records()
            remove_unnamed(self._directory, self._database, kept)
            self._home.keep_only([one.id for one in kept])
            self._failpoint("index files removed")
            for ids in in_batches(versions):
                self._upkeep.delete_versions(ids)
            self._database.truncate_log()

    def require_second(self, index_id: int) -> IndexRecord:
        """
        Raises:
            UnknownIndexError: it is not the second index.
        """
        for record in self.records():
            if record.id == index_id and not record.in_use:
                return record
            if record.id == index_id:
                raise UnknownIndexError(f"index {index_id} is the one in use")
        raise UnknownIndexError(f"there is no index {index_id}; list them: philo index list")

    def _bytes_on_disk(self, record: IndexRecord) -> int:
        root = self._directory / record.folder
        return sum(
            path.stat().st_size
            for part in ("vectors", "lexicon")
            for path in (root / part).rglob("*")
            if path.is_file()
        )


def open_index(
    directory: Path,
    database: Database,
    record: IndexRecord,
    home: VectorHome,
    copy_bytes: int | None = None,
) -> Stores:
    """
    Raises:
        DataDirectoryError, IndexMismatchError: see `open_stores`.
    """
    folder = directory / record.folder
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("vectors", "lexicon"):
        remove_remainders(folder / part)
    return open_stores(folder, database, record, home=home, copy_bytes=copy_bytes)


def _still_wanted(session: Session, version_ids: Sequence[str]) -> dict[str, bool]:
    """Those of the versions that lack a counterpart still, and whether they are published."""
    present = select(VersionRow.counterpart_of).where(VersionRow.counterpart_of.in_(version_ids))
    taken = set(session.scalars(present))
    query = (
        select(VersionRow.id, DocumentRow.published_version_id)
        .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
        .where(VersionRow.id.in_(version_ids), is_shown())
    )
    return {
        version_id: version_id == published
        for version_id, published in session.execute(query)
        if version_id not in taken
    }


def _draft_of(session: Session, version: VersionRow, document: DocumentRow) -> Draft:
    rows = session.execute(
        select(ChunkRow, PieceRow)
        .join(PieceRow, PieceRow.key == ChunkRow.piece_key)
        .where(ChunkRow.version_id == version.id)
        .order_by(ChunkRow.ordinal)
    )
    return Draft(
        uri=document.uri,
        title=version.title,
        text=version.text,
        chunks=tuple(to_chunk(chunk, piece) for chunk, piece in rows),
        content_sha256=version.content_sha256,
        recipe=version.recipe,
        language=cast("Language | None", version.language),
        pages=version.pages,
        empty_pages=tuple(json.loads(version.empty_pages)),
        recognised=tuple((page, sure) for page, sure in json.loads(version.recognised)),
        author=version.author,
        date=version.date,
        date_basis=cast("DateBasis", version.date_basis),
        media_type=version.media_type,
        size_bytes=version.size_bytes,
        layout=unpack_layout(version.layout),
        findings=json.loads(version.findings),
    )
