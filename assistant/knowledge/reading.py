"""Everything that is asked of the knowledge, as far as the one who asks may see it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Select, func, or_, select

from assistant.errors import DocumentNotFoundError
from assistant.knowledge.database import Database
from assistant.knowledge.document_infos import load_documents
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.scoping import is_in_scope
from assistant.knowledge.stored import (
    Hit,
    Known,
    Published,
    StoredChunk,
    Twin,
    all_of,
    in_batches,
    is_kept,
    is_readable,
    load_groups,
    select_documents,
    select_published_chunks,
    stated_keys,
    to_stored_chunk,
    unpack_lines,
    unpack_vector,
)
from assistant.knowledge.tables import ChunkRow, DocumentRow, PieceRow, VersionRow
from assistant.knowledge.vectors.base import Vector, VectorIndex
from assistant.scope import EVERYTHING, Scope
from assistant.types import DocumentInfo, DocumentState, Language, Readable, ScoredId
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

    def known(self, uris: Sequence[str], collection: str) -> dict[str, Known]:
        """What is known of these addresses in a collection, published or in quarantine."""
        newest = func.coalesce(DocumentRow.held_version_id, DocumentRow.published_version_id)
        found: dict[str, Known] = {}
        with self._database.reading() as session:
            for some in in_batches(uris):
                query = (
                    select(
                        DocumentRow.id,
                        DocumentRow.uri,
                        DocumentRow.fingerprint,
                        VersionRow.content_sha256,
                        VersionRow.recipe,
                        DocumentRow.source,
                        DocumentRow.parent_id,
                        DocumentRow.stated,
                    )
                    .join(VersionRow, VersionRow.id == newest)
                    .where(DocumentRow.uri.in_(some), DocumentRow.collection == collection)
                )
                rows = session.execute(query).all()
                for row in rows:
                    found[row.uri] = Known(
                        document_id=row.id,
                        uri=row.uri,
                        fingerprint=row.fingerprint,
                        content_sha256=row.content_sha256,
                        recipe=row.recipe,
                        groups=stated_keys(row.stated),
                        source=row.source,
                        parent_id=row.parent_id,
                    )
        return found

    def empty_pages(self, document_ids: Sequence[str]) -> dict[str, list[int]]:
        """Document id -> published pages without text, of documents that have some."""
        found: dict[str, list[int]] = {}
        with self._database.reading() as session:
            for ids in in_batches(document_ids):
                query = (
                    select(DocumentRow.id, VersionRow.empty_pages)
                    .join(VersionRow, VersionRow.id == DocumentRow.published_version_id)
                    .where(DocumentRow.id.in_(ids), VersionRow.empty_pages != "[]")
                )
                for row in session.execute(query):
                    found[row.id] = json.loads(row.empty_pages)
        return found

    def embeddings(self, keys: Sequence[str]) -> dict[str, Vector]:
        """Key of a piece -> (D,) float32, of those that are known."""
        found: dict[str, Vector] = {}
        with self._database.reading() as session:
            for some in in_batches(keys):
                query = select(PieceRow.key, PieceRow.embedding).where(PieceRow.key.in_(some))
                for row in session.execute(query):
                    found[row.key] = unpack_vector(row.embedding)
        return found

    def uris_of_source(self, source: str, collection: str) -> dict[str, str]:
        """Address -> document id of what came from a source and from folders in it, without
        what is attached to other documents."""
        query = select(DocumentRow.uri, DocumentRow.id).where(
            or_(
                DocumentRow.source == source,
                DocumentRow.source.startswith(f"{source}/", autoescape=True),
            ),
            DocumentRow.collection == collection,
            DocumentRow.parent_id.is_(None),
            is_kept(),
        )
        with self._database.reading() as session:
            return {row.uri: row.id for row in session.execute(query)}

    def documents(
        self,
        readable: Readable,
        *,
        query: str = "",
        state: DocumentState = "published",
        offset: int = 0,
        limit: int = 50,
    ) -> list[DocumentInfo]:
        """Newest first. `query` is a part of title or address, whatever its case and accents."""
        matching = _matching(readable, query, state)
        newest = matching.order_by(
            VersionRow.published_at.desc(), VersionRow.staged_at.desc(), DocumentRow.id
        )
        with self._database.reading() as session:
            return load_documents(session, newest.offset(offset).limit(limit), readable)

    def count_matching(
        self, readable: Readable, *, query: str = "", state: DocumentState = "published"
    ) -> int:
        """How many `documents` would list without a limit."""
        rows = _matching(readable, query, state).with_only_columns(DocumentRow.id).subquery()
        with self._database.reading() as session:
            return session.scalar(select(func.count()).select_from(rows)) or 0

    def collections(self, readable: Readable) -> list[str]:
        """Those with a readable document, by name."""
        query = select(DocumentRow.collection).where(is_readable(readable)).distinct()
        with self._database.reading() as session:
            return [*session.scalars(query.order_by(DocumentRow.collection))]

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
        """What is published of a document, or else what of it is in quarantine.

        Raises:
            DocumentNotFoundError: there is none, or none that the reader may see.
        """
        states: tuple[DocumentState, ...] = ("published", "quarantined")
        with self._database.reading() as session:
            for state in states:
                query = select_documents(readable, state).where(DocumentRow.id == document_id)
                if found := load_documents(session, query, readable):
                    return found[0]
        raise not_found(document_id)

    def find_version(self, document_id: str, readable: Readable) -> str | None:
        """The id of what is published of a document; None where the reader may not see it."""
        query = select(DocumentRow.published_version_id).where(
            DocumentRow.id == document_id, is_readable(readable)
        )
        with self._database.reading() as session:
            return session.scalar(query)

    def readable_of(self, document_ids: Collection[str], readable: Readable) -> set[str]:
        """Those of the documents that are published and that the reader may see."""
        query = select(DocumentRow.id).where(
            DocumentRow.id.in_(all_of(document_ids)), is_readable(readable)
        )
        with self._database.reading() as session:
            return set(session.scalars(query))

    def collections_of(self, document_ids: Iterable[str]) -> set[str]:
        """The names of the collections of these documents."""
        query = select(DocumentRow.collection).where(DocumentRow.id.in_(all_of(document_ids)))
        with self._database.reading() as session:
            return set(session.scalars(query))

    def chunks(self, chunk_ids: Sequence[str], readable: Readable) -> dict[str, StoredChunk]:
        """By id; those that are not published or not readable are silently absent."""
        found = {}
        with self._database.reading() as session:
            query = select_published_chunks().where(
                ChunkRow.id.in_(all_of(chunk_ids)), is_readable(readable)
            )
            for row in session.execute(query):
                found[row[0].id] = to_stored_chunk(*row)
        return found

    def with_twins(self, chunks: Sequence[StoredChunk], readable: Readable) -> list[StoredChunk]:
        """The same chunks, each with those of other readable documents that hold its text."""
        twins: dict[str, list[Twin]] = {}
        query = (
            select(ChunkRow, VersionRow.title, DocumentRow.id, DocumentRow.uri)
            .join(VersionRow, VersionRow.id == ChunkRow.version_id)
            .join(DocumentRow, DocumentRow.published_version_id == VersionRow.id)
            .where(
                ChunkRow.piece_key.in_(all_of({chunk.piece_key for chunk in chunks})),
                is_readable(readable),
            )
            .order_by(DocumentRow.uri, ChunkRow.ordinal)
        )
        with self._database.reading() as session:
            for row, title, document_id, uri in session.execute(query):
                lines = unpack_lines(row.lines)
                twin = Twin(document_id, uri, title, row.start, row.end, lines)
                twins.setdefault(row.piece_key, []).append(twin)
        return [
            replace(chunk, twins=_others(chunk, twins.get(chunk.piece_key, []))) for chunk in chunks
        ]

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

    def search_dense(
        self, vector: Vector, *, k: int, readable: Readable, scope: Scope = EVERYTHING
    ) -> list[Hit]:
        """At most `k` readable chunks in scope with their cosine similarity, best first.

        Args:
            vector: (D,) float32, L2-normalised.
        Raises:
            IndexMismatchError: D differs from the library's.
        """
        documents = self._documents_in(scope, readable)
        return self._search(
            lambda wanted: self._vectors.search(
                vector, k=wanted, readable=readable, documents=documents
            ),
            k,
            readable,
            scope,
        )

    def search_text(
        self,
        query: str,
        *,
        k: int,
        readable: Readable,
        language: Language,
        scope: Scope = EVERYTHING,
    ) -> list[Hit]:
        """At most `k` readable chunks in scope with their BM25 scores, best first."""
        documents = self._documents_in(scope, readable)
        return self._search(
            lambda wanted: self._lexicon.search(
                query, k=wanted, readable=readable, language=language, documents=documents
            ),
            k,
            readable,
            scope,
        )

    def _documents_in(self, scope: Scope, readable: Readable) -> frozenset[str] | None:
        """The ids that a scope leaves to a reader; None where it narrows nothing."""
        if scope == EVERYTHING:
            return None
        query = select(DocumentRow.id).where(is_readable(readable), is_in_scope(scope))
        with self._database.reading() as session:
            return frozenset(session.scalars(query))

    def _search(
        self, ask: Callable[[int], list[ScoredId]], k: int, readable: Readable, scope: Scope
    ) -> list[Hit]:
        """Ask an index for more and more until `k` of its hits stand before SQL."""
        if k < 1:
            return []
        wanted = k
        while True:
            found = ask(wanted)
            kept = self._confirm(found, readable, scope)
            if len(kept) >= k or len(found) < wanted:
                return kept[:k]
            wanted *= 4

    def _confirm(self, found: Sequence[ScoredId], readable: Readable, scope: Scope) -> list[Hit]:
        """Those that are published, readable and in scope, in the same order."""
        scores = {one.id: one.score for one in found}
        query = (
            select(ChunkRow.id, DocumentRow.id, ChunkRow.piece_key, VersionRow.language)
            .join(VersionRow, VersionRow.id == ChunkRow.version_id)
            .join(DocumentRow, DocumentRow.published_version_id == VersionRow.id)
            .where(ChunkRow.id.in_(all_of(scores)), is_readable(readable), is_in_scope(scope))
        )
        with self._database.reading() as session:
            rows = {row[0]: row for row in session.execute(query)}
        return [
            Hit(one.id, one.score, rows[one.id][1], rows[one.id][2], rows[one.id][3])
            for one in found
            if one.id in rows
        ]


def not_found(document_id: str) -> DocumentNotFoundError:
    return DocumentNotFoundError(
        f"there is no document {document_id!r} that you may read; list them: philo documents list"
    )


def _others(chunk: StoredChunk, twins: Sequence[Twin]) -> tuple[Twin, ...]:
    """The first in each other document."""
    first: dict[str, Twin] = {}
    for twin in twins:
        if twin.document_id != chunk.document_id:
            first.setdefault(twin.document_id, twin)
    return tuple(first.values())


def _matching(
    readable: Readable, query: str, state: DocumentState
) -> Select[DocumentRow, VersionRow]:
    statement = select_documents(readable, state)
    if query:
        statement = statement.where(VersionRow.search_key.contains(fold(query), autoescape=True))
    return statement
