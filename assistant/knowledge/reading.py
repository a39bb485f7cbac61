"""Everything that is asked of the documents, as far as the one who asks may see them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import func, or_, select

from assistant.errors import DocumentNotFoundError
from assistant.knowledge.bulk import all_of, in_batches
from assistant.knowledge.changes import Changes
from assistant.knowledge.database import Database
from assistant.knowledge.document_infos import load_documents
from assistant.knowledge.document_lists import Counts, DocumentFilter, Place, in_order
from assistant.knowledge.lexicon.base import Lexicon
from assistant.knowledge.packing import stated_keys, unpack_vector
from assistant.knowledge.search_room import SearchRoom
from assistant.knowledge.stored import (
    Known,
    Published,
    StoredChunk,
    load_groups,
    select_documents,
    select_published_chunks,
    to_stored_chunk,
)
from assistant.knowledge.tables import ChunkRow, DocumentRow, PieceRow, VersionRow
from assistant.knowledge.vectors.base import Vector, VectorIndex
from assistant.knowledge.visibility import is_kept, is_readable
from assistant.types import DocumentInfo, DocumentState, Readable


class ReadingRoom(SearchRoom):
    """The library as readers use it, from any thread."""

    def __init__(
        self,
        database: Database,
        vectors: VectorIndex,
        lexicon: Lexicon,
        changes: Changes | None = None,
    ) -> None:
        super().__init__(database, vectors, lexicon)
        self._counts = Counts(changes)

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
        meant = DocumentFilter(query=query, state=state)
        return self.list_documents(readable, meant, offset=offset, limit=limit)

    def list_documents(
        self,
        readable: Readable,
        meant: DocumentFilter,
        *,
        place: Place | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> list[DocumentInfo]:
        """At most `limit` of those that are meant, newest first, from a place on."""
        newest = in_order(meant.select(readable), meant.state, place)
        with self._database.reading() as session:
            return load_documents(session, newest.offset(offset).limit(limit), readable)

    def count_matching(
        self,
        readable: Readable,
        *,
        query: str = "",
        state: DocumentState = "published",
        meant: DocumentFilter | None = None,
    ) -> int:
        """How many `documents` would list without a limit, or how many are meant."""
        wanted = meant or DocumentFilter(query=query, state=state)

        def count() -> int:
            with self._database.reading() as session:
                return session.scalar(wanted.count(readable)) or 0

        return self._counts.get(wanted, readable, count)

    def collections(self, readable: Readable) -> list[str]:
        """Those with a readable document, by name."""
        query = select(DocumentRow.collection).where(is_readable(readable)).distinct()
        with self._database.reading() as session:
            return [*session.scalars(query.order_by(DocumentRow.collection))]

    def count(self, readable: Readable) -> tuple[int, int]:
        """(documents, chunks)."""
        return self._counts.get("documents and chunks", readable, lambda: self._count(readable))

    def _count(self, readable: Readable) -> tuple[int, int]:
        documents = select(func.count()).select_from(DocumentRow).where(is_readable(readable))
        chunks = (
            select(func.count())
            .select_from(ChunkRow)
            .join(DocumentRow, DocumentRow.published_version_id == ChunkRow.version_id)
            .where(is_readable(readable))
        )
        with self._database.reading() as session:
            return session.scalar(documents) or 0, session.scalar(chunks) or 0

    def named_documents(
        self, document_ids: Sequence[str], readable: Readable
    ) -> dict[str, DocumentInfo]:
        """Those of the documents that the reader may see, published or in quarantine, by id."""
        found: dict[str, DocumentInfo] = {}
        states: tuple[DocumentState, ...] = ("quarantined", "published")
        with self._database.reading() as session:
            for state in states:
                query = select_documents(readable, state)
                query = query.where(DocumentRow.id.in_(all_of(document_ids)))
                found |= {one.id: one for one in load_documents(session, query, readable)}
        return found

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

    def contents_of(self, document_ids: Collection[str], readable: Readable) -> dict[str, str]:
        """SHA-256 of what is published of each document; those that the reader may not see are
        silently absent."""
        query = (
            select(DocumentRow.id, VersionRow.content_sha256)
            .join(VersionRow, VersionRow.id == DocumentRow.published_version_id)
            .where(DocumentRow.id.in_(all_of(document_ids)), is_readable(readable))
        )
        with self._database.reading() as session:
            return {row.id: row.content_sha256 for row in session.execute(query)}

    def collections_of(self, document_ids: Iterable[str]) -> set[str]:
        """The names of the collections of these documents."""
        query = select(DocumentRow.collection).where(DocumentRow.id.in_(all_of(document_ids)))
        with self._database.reading() as session:
            return set(session.scalars(query))

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


def not_found(document_id: str) -> DocumentNotFoundError:
    return DocumentNotFoundError(
        f"there is no document {document_id!r} that you may read; list them: philo documents list"
    )
