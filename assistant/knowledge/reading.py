"""Everything that is asked of the knowledge, as far as the one who asks may see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Select, func, or_, select

from assistant.errors import DocumentNotFoundError
from assistant.knowledge.database import Database
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.stored import (
    Published,
    StoredChunk,
    in_batches,
    is_readable,
    load_documents,
    load_groups,
    select_documents,
    select_published_chunks,
    to_stored_chunk,
)
from assistant.knowledge.tables import ChunkRow, DocumentRow, VersionRow
from assistant.knowledge.vectors.base import Vector, VectorIndex
from assistant.types import DocumentInfo, Language, Readable, ScoredId
from assistant.words import fold


class ReadingRoom:
    """The library as readers use it, from any thread.

    Nothing that an index says is believed before SQL has confirmed it: published, and
    readable.
    """

    def __init__(self, database: Database, vectors: VectorIndex, lexicon: Lexicon) -> None:
        self._database = database
        self._vectors = vectors
        self._lexicon = lexicon

    def find(self, uri: str, collection: str) -> Published | None:
        """What is published under an address in a collection."""
        query = (
            select(DocumentRow, VersionRow)
            .join(VersionRow, VersionRow.id == DocumentRow.published_version_id)
            .where(DocumentRow.uri == uri, DocumentRow.collection == collection)
        )
        with self._database.reading() as session:
            row = session.execute(query).one_or_none()
            if row is None:
                return None
            document, version = row
            return Published(
                document_id=document.id,
                version_id=version.id,
                uri=document.uri,
                content_sha256=version.content_sha256,
                recipe=version.recipe,
                groups=load_groups(session, [document.id])[document.id],
                collection=document.collection,
            )

    def uris_of_source(self, source: str, collection: str) -> dict[str, str]:
        """Address -> document id of what is published from a source and from folders in it."""
        query = select(DocumentRow.uri, DocumentRow.id).where(
            or_(
                DocumentRow.source == source,
                DocumentRow.source.startswith(f"{source}/", autoescape=True),
            ),
            DocumentRow.collection == collection,
            DocumentRow.published_version_id.is_not(None),
        )
        with self._database.reading() as session:
            return {row.uri: row.id for row in session.execute(query)}

    def documents(
        self, readable: Readable, *, query: str = "", offset: int = 0, limit: int = 50
    ) -> list[DocumentInfo]:
        """Newest first. `query` is a part of title or address, whatever its case and accents."""
        matching = _matching(readable, query)
        newest = matching.order_by(VersionRow.published_at.desc(), DocumentRow.id)
        with self._database.reading() as session:
            return load_documents(session, newest.offset(offset).limit(limit))

    def count_matching(self, readable: Readable, *, query: str = "") -> int:
        """How many `documents` would list without a limit."""
        rows = _matching(readable, query).with_only_columns(DocumentRow.id).subquery()
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(rows)) or 0

    def count(self, readable: Readable) -> tuple[int, int]:
        """(documents, chunks)."""
        documents = select(func.count()).select_from(DocumentRow).where(is_readable(readable))
        chunks = (
            select(func.count())
            .select_from(ChunkRow)
            .join(DocumentRow, DocumentRow.published_version_id == ChunkRow.version_id)
            .where(is_readable(readable))
        )
        with self._database.reading() as session:
            return session.scalar(documents) or 0, session.scalar(chunks) or 0

    def document(self, document_id: str, readable: Readable) -> DocumentInfo:
        """
        Raises:
            DocumentNotFoundError: there is none, or none that the reader may see.
        """
        query = select_documents(readable).where(DocumentRow.id == document_id)
        with self._database.reading() as session:
            found = load_documents(session, query)
        if not found:
            raise not_found(document_id)
        return found[0]

    def chunks(self, chunk_ids: Sequence[str], readable: Readable) -> dict[str, StoredChunk]:
        """By id; those that are not published or not readable are silently absent."""
        found = {}
        with self._database.reading() as session:
            for ids in in_batches(chunk_ids):
                query = select_published_chunks().where(ChunkRow.id.in_(ids), is_readable(readable))
                for row in session.execute(query):
                    found[row[0].id] = to_stored_chunk(*row)
        return found

    def document_chunks(self, document_id: str, readable: Readable) -> list[StoredChunk]:
        """All chunks of a document, in order.

        Raises:
            DocumentNotFoundError: there is none, or none that the reader may see.
        """
        document = select(DocumentRow.id).where(
            DocumentRow.id == document_id, is_readable(readable)
        )
        query = select_published_chunks().where(DocumentRow.id == document_id)
        with self._database.reading() as session:
            if session.scalar(document) is None:
                raise not_found(document_id)
            rows = session.execute(query.order_by(ChunkRow.ordinal))
            return [to_stored_chunk(*row) for row in rows]

    def search_dense(self, vector: Vector, *, k: int, readable: Readable) -> list[ScoredId]:
        """At most `k` readable chunk ids with their cosine similarity, best first.

        Args:
            vector: (D,) float32, L2-normalised.
        Raises:
            IndexMismatchError: D differs from the library's.
        """
        return self._search(
            lambda wanted: self._vectors.search(vector, k=wanted, readable=readable), k, readable
        )

    def search_text(
        self, query: str, *, k: int, readable: Readable, language: Language
    ) -> list[ScoredId]:
        """At most `k` readable chunk ids with their BM25 scores, best first."""
        return self._search(
            lambda wanted: self._lexicon.search(
                query, k=wanted, readable=readable, language=language
            ),
            k,
            readable,
        )

    def _search(
        self, ask: Callable[[int], list[ScoredId]], k: int, readable: Readable
    ) -> list[ScoredId]:
        """Ask an index for more and more until `k` of its hits stand before SQL."""
        if k < 1:
            return []
        wanted = k
        while True:
            hits = ask(wanted)
            confirmed = self._confirm([hit.id for hit in hits], readable)
            kept = [hit for hit in hits if hit.id in confirmed]
            if len(kept) >= k or len(hits) < wanted:
                return kept[:k]
            wanted *= 4

    def _confirm(self, chunk_ids: Sequence[str], readable: Readable) -> set[str]:
        confirmed: set[str] = set()
        with self._database.reading() as session:
            for ids in in_batches(chunk_ids):
                query = (
                    select(ChunkRow.id)
                    .join(DocumentRow, DocumentRow.published_version_id == ChunkRow.version_id)
                    .where(ChunkRow.id.in_(ids), is_readable(readable))
                )
                confirmed.update(session.scalars(query))
        return confirmed


def not_found(document_id: str) -> DocumentNotFoundError:
    return DocumentNotFoundError(
        f"there is no document {document_id!r} that you may read; list them: philo documents list"
    )


def _matching(readable: Readable, query: str) -> Select[DocumentRow, VersionRow]:
    statement = select_documents(readable)
    if query:
        statement = statement.where(VersionRow.search_key.contains(fold(query), autoescape=True))
    return statement
