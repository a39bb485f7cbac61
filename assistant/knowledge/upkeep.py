"""Bringing the indexes back in step with the truth, and emptying what is no longer wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, exists, select, update

from assistant.knowledge.database import Database
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.stored import in_batches, load_indexed_chunks
from assistant.knowledge.tables import ChunkRow, DocumentRow, VersionRow
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


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The truth and its two indexes. Its owner holds the library's writer lock."""

    database: Database
    vectors: VectorIndex
    lexicon: Lexicon
    failpoint: Callable[[str], None]

    def reconcile(self) -> ReconcileReport:
        with self.database.reading() as session:
            unfinished = [*session.scalars(select(VersionRow.id).where(~_is_published()))]
            hidden = DocumentRow.published_version_id.is_(None)
            removed = [*session.scalars(select(DocumentRow.id).where(hidden))]
            stale = [*session.scalars(select(DocumentRow.id).where(DocumentRow.indexes_stale))]
        self.purge_versions(unfinished)
        self.delete_documents(removed)
        for document_id in stale:
            self.regroup(document_id)
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
        )

    def refill(
        self, chunk_ids: Sequence[str], *, vectors: bool = False, lexicon: bool = False
    ) -> None:
        """Write published chunks to the indexes, from SQL alone."""
        for first in range(0, len(chunk_ids), REFILL_CHUNKS):
            with self.database.reading() as session:
                chunks = load_indexed_chunks(session, chunk_ids[first : first + REFILL_CHUNKS])
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
        """Empty versions that nobody sees; a published one is passed over.

        The indexes first, so that the rows in SQL remain the list of what is still to do.
        """
        for batch in in_batches(version_ids):
            with self.database.reading() as session:
                unseen = select(VersionRow.id).where(VersionRow.id.in_(batch), ~_is_published())
                ids = [*session.scalars(unseen)]
                query = select(ChunkRow.id).where(ChunkRow.version_id.in_(ids))
                chunk_ids = [*session.scalars(query)]
            self.vectors.remove(chunk_ids)
            self.failpoint("vectors purged")
            self.lexicon.remove(chunk_ids)
            self.failpoint("lexicon purged")
            with self.database.writing() as session:
                session.execute(delete(VersionRow).where(VersionRow.id.in_(ids)))
            self.failpoint("purged")

    def delete_documents(self, document_ids: Sequence[str]) -> None:
        """Delete hidden documents whose versions are purged."""
        for ids in in_batches(document_ids):
            with self.database.writing() as session:
                session.execute(delete(DocumentRow).where(DocumentRow.id.in_(ids)))
        if document_ids:
            self.database.truncate_log()


def _is_published() -> ColumnElement[bool]:
    return exists().where(DocumentRow.published_version_id == VersionRow.id)
