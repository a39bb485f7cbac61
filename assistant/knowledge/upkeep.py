"""Bringing the indexes back in step with the truth, and emptying what is no longer wanted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, or_, select, update

from assistant.knowledge.database import Database
from assistant.knowledge.job_records import needs_original
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.originals import Originals
from assistant.knowledge.ratings import forget_documents
from assistant.knowledge.stored import in_batches, is_kept, load_indexed_chunks
from assistant.knowledge.tables import ChunkRow, DocumentRow, JobRow, PieceRow, VersionRow
from assistant.knowledge.vectors.base import VectorIndex

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


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The truth and its two indexes. Its owner holds the library's writer lock."""

    database: Database
    vectors: VectorIndex
    lexicon: Lexicon
    originals: Originals
    failpoint: Callable[[str], None]

    def reconcile(self) -> ReconcileReport:
        with self.database.reading() as session:
            unfinished = [*session.scalars(select(VersionRow.id).where(~_is_wanted()))]
            removed = [*session.scalars(select(DocumentRow.id).where(~is_kept()))]
            stale = [*session.scalars(select(DocumentRow.id).where(DocumentRow.indexes_stale))]
        self.purge_versions(unfinished)
        self.delete_documents(removed)
        for document_id in stale:
            self.regroup(document_id)
        pieces = self.remove_unused_pieces()
        originals = self.remove_unused_originals(self.originals.names())
        with self.database.reading() as session:
            query = select(ChunkRow.id).join(
                DocumentRow, DocumentRow.published_version_id == ChunkRow.version_id
            )
            published = set(session.scalars(query))
        in_vectors, in_lexicon = self.vectors.ids(), self.lexicon.ids()
        if orphans := in_vectors - published:
            self.vectors.remove(sorted(orphans))
        if strays := in_lexicon - published:
            self.lexicon.remove(sorted(strays))
        self.refill(sorted(published - in_vectors), vectors=True)
        self.refill(sorted(published - in_lexicon), lexicon=True)
        return ReconcileReport(
            versions_purged=len(unfinished),
            documents_purged=len(removed),
            documents_regrouped=len(stale),
            orphans_removed=len(orphans | strays),
            vectors_restored=len(published - in_vectors),
            texts_restored=len(published - in_lexicon),
            pieces_removed=pieces,
            originals_removed=originals,
        )

    def refill(
        self,
        chunk_ids: Sequence[str],
        *,
        vectors: bool = False,
        lexicon: bool = False,
        held: bool = False,
    ) -> None:
        """Write published chunks (or those in quarantine) to the indexes, from SQL alone."""
        for first in range(0, len(chunk_ids), REFILL_CHUNKS):
            with self.database.reading() as session:
                ids = chunk_ids[first : first + REFILL_CHUNKS]
                chunks = load_indexed_chunks(session, ids, held=held)
            if vectors:
                self.vectors.add([chunk.vector_entry() for chunk in chunks])
            if lexicon:
                self.lexicon.add([chunk.lexicon_entry() for chunk in chunks])

    def regroup(self, document_id: str) -> None:
        """Tell the indexes the groups that SQL has of a document."""
        with self.database.reading() as session:
            query = (
                select(ChunkRow.id)
                .join(DocumentRow, DocumentRow.published_version_id == ChunkRow.version_id)
                .where(DocumentRow.id == document_id)
            )
            chunk_ids = [*session.scalars(query)]
        self.refill(chunk_ids, vectors=True)
        self.failpoint("vectors regrouped")
        self.refill(chunk_ids, lexicon=True)
        self.failpoint("lexicon regrouped")
        with self.database.writing() as session:
            session.execute(
                update(DocumentRow).where(DocumentRow.id == document_id).values(indexes_stale=False)
            )

    def purge_versions(self, version_ids: Sequence[str]) -> None:
        """Empty versions that nobody sees; one that is published or in quarantine is passed over.

        The indexes first, so that the rows in SQL remain the list of what is still to do.
        """
        for batch in in_batches(version_ids):
            with self.database.reading() as session:
                unseen = select(VersionRow.id).where(VersionRow.id.in_(batch), ~_is_wanted())
                ids = [*session.scalars(unseen)]
                query = select(ChunkRow.id).where(ChunkRow.version_id.in_(ids))
                chunk_ids = [*session.scalars(query)]
                kept = select(VersionRow.original).where(VersionRow.id.in_(ids))
                originals = {name for name in session.scalars(kept) if name is not None}
            self.vectors.remove(chunk_ids)
            self.failpoint("vectors purged")
            self.lexicon.remove(chunk_ids)
            self.failpoint("lexicon purged")
            with self.database.writing() as session:
                keys = select(ChunkRow.piece_key).where(ChunkRow.version_id.in_(ids)).distinct()
                orphaned = [*session.scalars(keys)]
                session.execute(delete(VersionRow).where(VersionRow.id.in_(ids)))
                for some in in_batches(orphaned):
                    unused = delete(PieceRow).where(PieceRow.key.in_(some), ~_is_used())
                    session.execute(unused)
            self.failpoint("purged")
            self.remove_unused_originals(originals)
            self.failpoint("originals purged")

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
        """Delete hidden documents whose versions are purged, and what ratings said from them."""
        for ids in in_batches(document_ids):
            with self.database.writing() as session:
                forget_documents(session, ids)
                session.execute(delete(DocumentRow).where(DocumentRow.id.in_(ids)))
        if document_ids:
            self.database.truncate_log()


def _is_wanted() -> ColumnElement[bool]:
    return exists().where(
        or_(
            DocumentRow.published_version_id == VersionRow.id,
            DocumentRow.held_version_id == VersionRow.id,
        )
    )


def _is_used() -> ColumnElement[bool]:
    return exists().where(ChunkRow.piece_key == PieceRow.key)
