"""The index in use and the second one beside it: their records, their files, the switch.

An index is a set of versions, cut and embedded in one way, with their vectors and their full
text. The second one holds a counterpart of each version that the index in use shows or has in
quarantine. What is removed from one is removed from both; switching lets the versions change
places.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session, aliased

from assistant.errors import StoreUnavailableError, UnknownIndexError
from assistant.knowledge.bulk import in_batches
from assistant.knowledge.database import Database, open_database
from assistant.knowledge.job_records import utc_now
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.stored import IndexedChunk, load_vector_entries
from assistant.knowledge.tables import ChunkRow, DocumentRow, IndexRow, PieceRow, VersionRow
from assistant.knowledge.vectors.base import VectorEntry, VectorHome, VectorIndex
from assistant.knowledge.visibility import is_kept
from assistant.storage_settings import StorageSettings

SECOND_FOLDERS = "indexes"
DATABASE = "philo.db"


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """See `IndexRow`."""

    id: int
    folder: str
    embedder: str
    embedder_id: str
    dimension: int
    chunk_tokens: int
    in_use: bool


@dataclass(frozen=True, slots=True)
class Stores:
    """The vectors and the full text of one index.

    `index_id` is None where none is on record.
    """

    vectors: VectorIndex
    lexicon: Lexicon
    index_id: int | None

    def add(self, chunks: Sequence[IndexedChunk]) -> None:
        if chunks:
            self.vectors.add([chunk.vector_entry() for chunk in chunks])
            self.lexicon.add([chunk.lexicon_entry() for chunk in chunks])

    def clear(self) -> None:
        self.vectors.clear()
        self.lexicon.clear()

    def close(self) -> None:
        self.vectors.close()
        self.lexicon.close()


def open_stores(
    folder: Path,
    database: Database,
    record: IndexRecord,
    *,
    home: VectorHome,
    copy_bytes: int | None = None,
) -> Stores:
    """
    Args:
        copy_bytes: see `MirroredVectors`.
        database: what the copy of the vectors in memory is made from; on PostgreSQL, the full
            text lies there too.
    Raises:
        DataDirectoryError, IndexMismatchError: see the two indexes.
    """
    from assistant.knowledge.vector_feed import VectorFeed
    from assistant.knowledge.vectors.exact import ExactVectors
    from assistant.knowledge.vectors.mirrored import MirroredVectors

    store = home.open(
        folder, number=record.id, embedder_id=record.embedder_id, dimension=record.dimension
    )
    vectors = MirroredVectors(
        store,
        ExactVectors(record.dimension),
        partial(read_vector_entries, database),
        feed=VectorFeed(database, record.id) if home.shared else None,
        most_bytes=copy_bytes,
    )
    try:
        return Stores(vectors, open_lexicon(folder, database, record.id), record.id)
    except BaseException:
        vectors.close()
        raise


def open_lexicon(folder: Path, database: Database, number: int) -> Lexicon:
    """The full text of an index: on PostgreSQL in the database, else in its folder."""
    if database.engine.name == "postgresql":
        from assistant.knowledge.lexicon.postgres import PostgresLexicon
        from assistant.knowledge.postgres import PostgresDatabase

        assert isinstance(database, PostgresDatabase)  # noqa: S101 - the only one of that name
        return PostgresLexicon(database, number=number)
    from assistant.knowledge.lexicon.tantivy_index import TantivyLexicon

    return TantivyLexicon(folder / "lexicon")


def read_vector_entries(
    database: Database, chunk_ids: Collection[str]
) -> Iterator[list[VectorEntry]]:
    """What SQL says of the chunks, in portions; unknown ids are passed over."""
    for some in in_batches(sorted(chunk_ids)):
        with database.reading() as session:
            yield load_vector_entries(session, some)


def find_index_in_use(
    directory: Path, storage: StorageSettings | None = None
) -> IndexRecord | None:
    """What the documents of a data directory are indexed by; None where there are none.

    Args:
        storage: which servers hold what.
    """
    path = directory / DATABASE
    if (storage is None or storage.database is None) and not path.exists():
        return None
    database = open_database(path, storage)
    try:
        with database.reading() as session:
            holds_any = session.scalar(select(exists().where(is_kept())))
            return index_in_use(session) if holds_any else None
    finally:
        database.close()


def load_indexes(session: Session) -> list[IndexRecord]:
    """The one in use first."""
    rows = session.scalars(select(IndexRow).order_by(IndexRow.in_use.desc(), IndexRow.id))
    return [
        IndexRecord(
            id=row.id,
            folder=row.folder,
            embedder=row.embedder,
            embedder_id=row.embedder_id,
            dimension=row.dimension,
            chunk_tokens=row.chunk_tokens,
            in_use=row.in_use,
        )
        for row in rows
    ]


def index_in_use(session: Session) -> IndexRecord | None:
    return next((one for one in load_indexes(session) if one.in_use), None)


def require_in_use(session: Session, index_id: int | None) -> None:
    """
    Raises:
        StoreUnavailableError: another process has switched to another index meanwhile, so what
            this one would find or write is of no use.
    """
    used = index_in_use(session)
    if index_id is not None and (used is None or used.id != index_id):
        raise StoreUnavailableError(
            f"index {used.id if used else 'none'} is in use since another process switched to it, "
            f"this one has index {index_id} open; start it again"
        )


def is_on_record(session: Session, index_id: int | None) -> bool:
    return session.scalar(select(IndexRow.id).where(IndexRow.id == index_id)) is not None


def second_index(session: Session) -> IndexRecord | None:
    return next((one for one in load_indexes(session) if not one.in_use), None)


def register_index(
    session: Session,
    *,
    in_use: bool,
    embedder: str,
    embedder_id: str,
    dimension: int,
    chunk_tokens: int,
) -> None:
    """Write down a new index; the first one's files lie in the data directory itself."""
    number = (session.scalar(select(func.max(IndexRow.id))) or 0) + 1
    session.execute(
        insert(IndexRow).values(
            id=number,
            folder="" if in_use else f"{SECOND_FOLDERS}/{number}",
            embedder=embedder,
            embedder_id=embedder_id,
            dimension=dimension,
            chunk_tokens=chunk_tokens,
            in_use=in_use,
            created_at=utc_now(),
        )
    )


def note_index_in_use(
    session: Session, *, embedder: str, embedder_id: str, dimension: int, chunk_tokens: int
) -> None:
    """Bring the record of the index in use in line with how the directory was opened. Where
    documents are in it, only what the embedder is called may differ."""
    present = index_in_use(session)
    if present is None:
        register_index(
            session,
            in_use=True,
            embedder=embedder,
            embedder_id=embedder_id,
            dimension=dimension,
            chunk_tokens=chunk_tokens,
        )
        return
    values: dict[str, object] = {"embedder": embedder}
    if not session.scalar(select(exists().where(is_kept()))):
        values |= {"embedder_id": embedder_id, "dimension": dimension, "chunk_tokens": chunk_tokens}
    session.execute(update(IndexRow).where(IndexRow.id == present.id).values(values))


def is_wanted() -> ColumnElement[bool]:
    """The condition on `versions`: published, in quarantine, or counterpart of such a one."""
    return exists().where(
        or_(
            DocumentRow.published_version_id == VersionRow.id,
            DocumentRow.held_version_id == VersionRow.id,
            DocumentRow.published_version_id == VersionRow.counterpart_of,
            DocumentRow.held_version_id == VersionRow.counterpart_of,
        )
    )


def is_of_index_in_use() -> ColumnElement[bool]:
    """The condition on `versions`: published or in quarantine."""
    return exists().where(is_shown())


def is_shown() -> ColumnElement[bool]:
    """The same on `versions` and `documents` in one query."""
    return or_(
        DocumentRow.published_version_id == VersionRow.id,
        DocumentRow.held_version_id == VersionRow.id,
    )


def find_behind(session: Session, *, limit: int | None = None) -> list[str]:
    """Versions of the index in use that have no counterpart yet, published ones first."""
    other = aliased(VersionRow)
    found: list[str] = []
    for shown in (DocumentRow.published_version_id, DocumentRow.held_version_id):
        query = select(shown).where(
            shown.is_not(None), ~exists().where(other.counterpart_of == shown)
        )
        if limit is not None:
            query = query.limit(limit - len(found))
        found += [one for one in session.scalars(query) if one is not None]
    return found


def swap_indexes(session: Session, index_id: int) -> None:
    """Let the second index take the place of the one in use.

    Raises:
        UnknownIndexError: it is not there, or is behind.
    """
    second = second_index(session)
    if second is None or second.id != index_id or find_behind(session, limit=1):
        raise UnknownIndexError(f"index {index_id} is not there or not whole yet; build it first")
    other = aliased(VersionRow)
    matched = select(other.counterpart_of).where(other.counterpart_of.is_not(None))
    session.execute(
        update(VersionRow)
        .where(VersionRow.id.in_(matched))
        .values(
            counterpart_of=select(other.id)
            .where(other.counterpart_of == VersionRow.id)
            .scalar_subquery()
        )
        .execution_options(synchronize_session=False)
    )
    for column in (DocumentRow.published_version_id, DocumentRow.held_version_id):
        counterpart = select(other.id).where(other.counterpart_of == column).scalar_subquery()
        session.execute(
            update(DocumentRow)
            .where(column.is_not(None))
            .values({column: counterpart})
            .execution_options(synchronize_session=False)
        )
    session.execute(
        update(VersionRow)
        .where(is_of_index_in_use())
        .values(counterpart_of=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(update(IndexRow).values(in_use=IndexRow.id == index_id))


def forget_second(session: Session) -> list[str]:
    """Delete the record of the second index; its versions, which are remainders now."""
    versions = [
        *session.scalars(
            update(VersionRow)
            .where(VersionRow.counterpart_of.is_not(None))
            .values(counterpart_of=None)
            .returning(VersionRow.id)
            .execution_options(synchronize_session=False)
        )
    ]
    session.execute(delete(IndexRow).where(~IndexRow.in_use))
    return versions


def remove_unnamed(directory: Path, database: Database, named: Sequence[IndexRecord]) -> None:
    """Delete the files and the full text of indexes that were dropped."""
    if database.engine.name == "postgresql":
        from assistant.knowledge.lexicon.postgres import keep_only
        from assistant.knowledge.postgres import PostgresDatabase

        assert isinstance(database, PostgresDatabase)  # noqa: S101 - the only one of that name
        keep_only(database, [record.id for record in named])
    kept = {record.folder for record in named}
    if named and "" not in kept:
        for name in ("vectors", "lexicon"):
            shutil.rmtree(directory / name, ignore_errors=True)
    for folder in (directory / SECOND_FOLDERS).glob("*"):
        if f"{SECOND_FOLDERS}/{folder.name}" not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def count_versions(session: Session) -> int:
    """How many versions the index in use shows or has in quarantine."""
    shown = func.count(DocumentRow.published_version_id) + func.count(DocumentRow.held_version_id)
    return session.scalar(select(shown)) or 0


def measure_index(session: Session, *, in_use: bool) -> tuple[int, int]:
    """(chunks, bytes of their texts and embeddings in SQL) of an index."""
    mine = is_of_index_in_use() if in_use else VersionRow.counterpart_of.is_not(None)
    of_it = select(ChunkRow.piece_key).join(VersionRow, VersionRow.id == ChunkRow.version_id)
    chunks = select(func.count()).select_from(of_it.where(mine).subquery())
    stored = select(func.sum(func.length(PieceRow.embedding) + func.length(PieceRow.text)))
    stored = stored.where(PieceRow.key.in_(of_it.where(mine)))
    return session.scalar(chunks) or 0, session.scalar(stored) or 0
