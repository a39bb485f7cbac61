"""Bringing the indexes back in step with the truth, and emptying what is no longer wanted."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select, true, update

from assistant.conversations import store as conversations
from assistant.errors import StoreUnavailableError, VectorsLostError
from assistant.knowledge import ratings
from assistant.knowledge.bulk import all_of, in_batches
from assistant.knowledge.database import Database
from assistant.knowledge.indexes import Stores, is_on_record, is_wanted
from assistant.knowledge.job_records import needs_original
from assistant.knowledge.lexicon.base import LexiconEntry
from assistant.knowledge.originals import Originals
from assistant.knowledge.renewal import Add, Alone
from assistant.knowledge.stored import IndexedChunk, load_indexed_chunks
from assistant.knowledge.tables import ChunkRow, DocumentRow, JobRow, PieceRow, VersionRow
from assistant.knowledge.vectors.base import VectorEntry
from assistant.knowledge.visibility import is_kept

STAGING_S = 3600
"""How long another process may take between staging a version and showing it."""

REFILL_CHUNKS = 2_000
"""Read from SQL and written to an index at a time."""


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """What a start had to put right; all zero after an orderly end."""

    versions_purged: int = 0
    documents_purged: int = 0
    documents_regrouped: int = 0
    orphans_removed: int = 0
    vectors_restored: int = 0
    texts_restored: int = 0
    pieces_removed: int = 0
    originals_removed: int = 0


@dataclass(slots=True)
class Upkeep:
    """The truth and what is made from it. Its owner holds the library's writer lock.

    `stores` are those of the index in use, `second` those of the one beside it. `shared`: other
    processes may publish at the same time. `stopping` is set when the library is to be closed: what
    is being filled in then waits for the next start.
    """

    database: Database
    stores: Stores
    originals: Originals
    failpoint: Callable[[str], None]
    second: Stores | None = None
    shared: bool = False
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def all_stores(self) -> list[Stores]:
        return [self.stores] if self.second is None else [self.stores, self.second]

    def holds_dropped(self) -> bool:
        """Whether the second index is open here that another process has dropped."""
        if self.second is None:
            return False
        with self.database.reading() as session:
            return not is_on_record(session, self.second.index_id)

    def leave_dropped(self) -> None:
        """Close such an index: a change of it would find nothing to change, and fail."""
        if self.second is not None and self.holds_dropped():
            dropped, self.second = self.second, None
            dropped.close()

    def reconcile(self) -> ReconcileReport:
        """
        Raises:
            StoreUnavailableError: a server is away, or `stopping` was set.
        """
        self.leave_dropped()
        made_anew = sum(self._make_lost(stores) for stores in self.all_stores)
        idle = self._is_idle(self.database.now())
        with self.database.reading() as session:
            unfinished = [*session.scalars(select(VersionRow.id).where(~is_wanted(), idle))]
            busy = exists().where(VersionRow.document_id == DocumentRow.id, ~idle)
            removed = [*session.scalars(select(DocumentRow.id).where(~is_kept(), ~busy))]
            stale = [*session.scalars(select(DocumentRow.id).where(DocumentRow.indexes_stale))]
        self.purge_versions(unfinished)
        self.delete_documents(removed)
        self.regroup_all(stale)
        pieces = self.remove_unused_pieces()
        originals = self.remove_unused_originals(self.originals.names())
        orphans, no_vector, no_text = self._fit(self.stores, published_chunks(self.database))
        if self.second is not None:
            of_second = self._fit(self.second, published_chunks(self.database, second=True))
            orphans, no_vector, no_text = (
                one + other
                for one, other in zip((orphans, no_vector, no_text), of_second, strict=True)
            )
        return ReconcileReport(
            versions_purged=len(unfinished),
            documents_purged=len(removed),
            documents_regrouped=len(stale),
            orphans_removed=orphans,
            vectors_restored=no_vector + made_anew,
            texts_restored=no_text,
            pieces_removed=pieces,
            originals_removed=originals,
        )

    def _make_lost(self, stores: Stores) -> int:
        """Make vectors that a server has lost anew beside their place, so that nobody takes a part
        of them for all. How many chunks that were."""
        try:
            stores.vectors.count()
        except VectorsLostError:
            wanted = sorted(published_chunks(self.database, second=stores is self.second))

            def give(add: Add[VectorEntry]) -> None:
                for portion in self._missing(wanted):
                    add([chunk.vector_entry() for chunk in portion])

            stores.vectors.renew(give, contextlib.nullcontext)
            self.failpoint("vectors made anew")
            return len(wanted)
        return 0

    def _is_idle(self, now: datetime) -> ColumnElement[bool]:
        """The condition on `versions`: nobody is about to show it."""
        if not self.shared:
            return true()
        long_ago = VersionRow.staged_at < now - timedelta(seconds=STAGING_S)
        return or_(long_ago, VersionRow.published_at.is_not(None))

    def _fit(self, stores: Stores, wanted: set[str]) -> tuple[int, int, int]:
        """Let stores hold these chunks and no others: how many were too many, had no vector,
        had no text in them."""
        in_vectors, in_lexicon = stores.vectors.ids(), stores.lexicon.ids()
        if orphans := in_vectors - wanted - self._chunks_of_others(in_vectors - wanted):
            stores.vectors.remove(sorted(orphans))
        if strays := in_lexicon - wanted - self._chunks_of_others(in_lexicon - wanted):
            stores.lexicon.remove(sorted(strays))
        _write(stores, self._missing(sorted(wanted - in_vectors)), vectors=True)
        _write(stores, self._missing(sorted(wanted - in_lexicon)), lexicon=True)
        return len(orphans | strays), len(wanted - in_vectors), len(wanted - in_lexicon)

    def _chunks_of_others(self, chunk_ids: Collection[str]) -> set[str]:
        """Those that another process may be publishing: SQL knows them by now."""
        if not self.shared or not chunk_ids:
            return set()
        with self.database.reading() as session:
            return set(
                session.scalars(select(ChunkRow.id).where(ChunkRow.id.in_(all_of(chunk_ids))))
            )

    def refill(
        self,
        stores: Stores,
        chunk_ids: Sequence[str],
        *,
        vectors: bool = False,
        lexicon: bool = False,
    ) -> None:
        """Write chunks to stores, from SQL alone."""
        portions = read_portions(self.database, chunk_ids)
        _write(stores, portions, vectors=vectors, lexicon=lexicon)

    def _missing(self, chunk_ids: Sequence[str]) -> Iterator[list[IndexedChunk]]:
        """What stores lack of these, which may take minutes."""
        for portion in read_portions(self.database, chunk_ids):
            if self.stopping.is_set():
                raise StoreUnavailableError(
                    "Philo is being closed; what the indexes lack is filled in at the next start"
                )
            yield portion

    def renew(self, alone: Alone, tell: Callable[[int, int], None]) -> None:
        """Give all indexes fresh files, beside searches.

        Args:
            tell: told how many chunks of how many are done.
        """
        self.leave_dropped()
        ids = [
            (stores, sorted(published_chunks(self.database, second=stores is self.second)))
            for stores in self.all_stores
        ]
        done, total = 0, 2 * sum(len(some) for _, some in ids)

        def counted(portion: Sequence[IndexedChunk]) -> None:
            nonlocal done
            done += len(portion)
            tell(done, total)

        for stores, chunk_ids in ids:

            def give_vectors(add: Add[VectorEntry], wanted: Sequence[str] = chunk_ids) -> None:
                for portion in read_portions(self.database, wanted):
                    add([chunk.vector_entry() for chunk in portion])
                    counted(portion)

            def give_texts(add: Add[LexiconEntry], wanted: Sequence[str] = chunk_ids) -> None:
                for portion in read_portions(self.database, wanted):
                    add([chunk.lexicon_entry() for chunk in portion])
                    counted(portion)

            stores.vectors.renew(give_vectors, alone)
            self.failpoint("vectors renewed")
            stores.lexicon.renew(give_texts, alone)
            self.failpoint("lexicon renewed")

    def regroup_all(self, document_ids: Sequence[str]) -> None:
        """Tell the indexes the keys that SQL has of documents."""
        if not document_ids:
            return
        self.leave_dropped()
        chunk_ids = sorted(published_chunks(self.database, document_ids))
        self.refill(self.stores, chunk_ids, vectors=True)
        self.failpoint("vectors regrouped")
        self.refill(self.stores, chunk_ids, lexicon=True)
        self.failpoint("lexicon regrouped")
        if self.second is not None:
            beside = sorted(published_chunks(self.database, document_ids, second=True))
            self.refill(self.second, beside, vectors=True, lexicon=True)
            self.failpoint("second regrouped")
        with self.database.writing() as session:
            for ids in in_batches(document_ids):
                session.execute(
                    update(DocumentRow).where(DocumentRow.id.in_(ids)).values(indexes_stale=False)
                )

    def purge_versions(self, version_ids: Sequence[str]) -> None:
        """Empty versions that nobody sees, with their counterparts; those that are wanted are
        passed over.

        The indexes first, so that the rows in SQL remain the list of what is still to do.
        """
        self.leave_dropped()
        for batch in in_batches(version_ids):
            with self.database.reading() as session:
                named = VersionRow.id.in_(batch) | VersionRow.counterpart_of.in_(batch)
                ids = [*session.scalars(select(VersionRow.id).where(named, ~is_wanted()))]
                chunk_ids: list[str] = []
                originals: set[str] = set()
                for some in in_batches(ids):
                    query = select(ChunkRow.id).where(ChunkRow.version_id.in_(some))
                    chunk_ids += session.scalars(query)
                    kept = select(VersionRow.original).where(VersionRow.id.in_(some))
                    originals |= {name for name in session.scalars(kept) if name is not None}
            for stores in self.all_stores:
                stores.vectors.remove(chunk_ids)
            self.failpoint("vectors purged")
            for stores in self.all_stores:
                stores.lexicon.remove(chunk_ids)
            self.failpoint("lexicon purged")
            for some in in_batches(ids):
                self.delete_versions(some)
            self.failpoint("purged")
            self.remove_unused_originals(originals)
            self.failpoint("originals purged")

    def delete_versions(self, ids: Sequence[str]) -> None:
        """From SQL, with the pieces that nothing else holds."""
        with self.database.writing() as session:
            keys = select(ChunkRow.piece_key).where(ChunkRow.version_id.in_(ids)).distinct()
            orphaned = [*session.scalars(keys)]
            session.execute(delete(VersionRow).where(VersionRow.id.in_(ids)))
            for some in in_batches(orphaned):
                unused = delete(PieceRow).where(PieceRow.key.in_(some), ~_is_used())
                session.execute(unused)

    def remove_unused_pieces(self) -> int:
        """Delete pieces that no chunk refers to. How many."""
        with self.database.reading() as session:
            unused = [*session.scalars(select(PieceRow.key).where(~_is_used()))]
        for keys in in_batches(unused):
            with self.database.writing() as session:
                session.execute(delete(PieceRow).where(PieceRow.key.in_(keys), ~_is_used()))
        return len(unused)

    def remove_unused_originals(self, names: Collection[str]) -> int:
        """Delete those of the kept files that no version and no job refers to. How many."""
        return self.originals.remove_unneeded(names, self._needed) if names else 0

    def _needed(self, names: Collection[str]) -> set[str]:
        needed: set[str | None] = set()
        with self.database.reading() as session:
            for some in in_batches([*names]):
                query = select(VersionRow.original).where(VersionRow.original.in_(some))
                needed.update(session.scalars(query))
                needed.update(session.scalars(select(JobRow.original).where(needs_original(some))))
        return {name for name in needed if name is not None}

    def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Delete hidden documents whose versions are purged, and what ratings and conversations
        hold of them. One that has a version is left alone: another process has brought it in again
        meanwhile."""
        for some in in_batches(document_ids):
            with self.database.writing() as session:
                versions = exists().where(VersionRow.document_id == DocumentRow.id)
                hidden = select(DocumentRow.id).where(
                    DocumentRow.id.in_(some), ~is_kept(), ~versions
                )
                ids = [*session.scalars(hidden)]
                ratings.forget_documents(session, ids)
                conversations.forget_documents(session, ids)
                session.execute(delete(DocumentRow).where(DocumentRow.id.in_(ids)))
        if document_ids:
            self.database.truncate_log()


def _is_used() -> ColumnElement[bool]:
    return exists().where(ChunkRow.piece_key == PieceRow.key)


def published_chunks(
    database: Database, document_ids: Sequence[str] | None = None, *, second: bool = False
) -> set[str]:
    """Ids of the published chunks, or of their counterparts; of some documents or of all."""
    query = select(ChunkRow.id)
    if second:
        query = query.join(VersionRow, VersionRow.id == ChunkRow.version_id)
        query = query.join(
            DocumentRow, DocumentRow.published_version_id == VersionRow.counterpart_of
        )
    else:
        query = query.join(DocumentRow, DocumentRow.published_version_id == ChunkRow.version_id)
    if document_ids is not None:
        query = query.where(DocumentRow.id.in_(all_of(document_ids)))
    with database.reading() as session:
        return set(session.scalars(query))


def _write(
    stores: Stores,
    portions: Iterable[Sequence[IndexedChunk]],
    *,
    vectors: bool = False,
    lexicon: bool = False,
) -> None:
    for chunks in portions:
        if vectors:
            stores.vectors.add([chunk.vector_entry() for chunk in chunks])
        if lexicon:
            stores.lexicon.add([chunk.lexicon_entry() for chunk in chunks])


def read_portions(database: Database, chunk_ids: Sequence[str]) -> Iterator[list[IndexedChunk]]:
    """What the indexes are told of chunks."""
    for first in range(0, len(chunk_ids), REFILL_CHUNKS):
        with database.reading() as session:
            chunks = load_indexed_chunks(session, chunk_ids[first : first + REFILL_CHUNKS])
        yield chunks
