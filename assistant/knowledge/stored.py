"""Rows of the truth as values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from sqlalchemy import Select, select
from sqlalchemy.orm import Bundle, Session, undefer

from assistant.knowledge.bulk import all_of, in_batches
from assistant.knowledge.lexicon.base import LexiconEntry
from assistant.knowledge.packing import unpack_lines, unpack_vector
from assistant.knowledge.tables import ChunkRow, DocumentGroupRow, DocumentRow, PieceRow, VersionRow
from assistant.knowledge.vectors.base import Vector, VectorEntry
from assistant.knowledge.visibility import is_shared
from assistant.positions import LineMap
from assistant.safety.injection import score_injection
from assistant.safety.toxicity import flags_of, score_toxicity
from assistant.types import DocumentState, Flag, Language, Line, Place, Readable, ScoredId


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk of a published version, with what a citation of it needs.

    `start`, `end` and the lines' offsets are positions in the version's text; `page` is
    the chunk's first, `pages` how many the document has. `twins` hold the same text in other
    documents that the reader may see, where they were asked for.
    """

    chunk_id: str
    document_id: str
    version_id: str
    uri: str
    title: str
    ordinal: int
    start: int
    end: int
    text: str
    heading: tuple[str, ...]
    table_header: str
    lines: tuple[Line, ...]
    page: int
    pages: int
    collection: str
    language: Language | None
    piece_key: str = ""
    twins: tuple[Twin, ...] = ()
    flags: tuple[Flag, ...] = ()

    def places(self, offset: int = 0) -> list[Place]:
        """Where the twins say what this chunk says `offset` characters after its start."""
        return [twin.place(offset) for twin in self.twins]


@dataclass(frozen=True, slots=True)
class Hit(ScoredId):
    """A chunk that an index has found and SQL has confirmed, with what ranking asks of it."""

    document_id: str
    piece_key: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Twin:
    """A chunk of another document with the same text."""

    document_id: str
    uri: str
    title: str
    start: int
    end: int
    lines: tuple[Line, ...]

    def place(self, offset: int) -> Place:
        page = LineMap(self.lines, self.end).page(self.start + offset)
        return Place(document_id=self.document_id, title=self.title, uri=self.uri, page=page)


@dataclass(frozen=True, slots=True)
class Published:
    """What is published under an address: enough to see whether a file has changed."""

    document_id: str
    version_id: str
    uri: str
    content_sha256: str
    recipe: str
    groups: frozenset[str]
    collection: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an address, published or in quarantine: enough to see whether its
    source holds something else now. `groups` are the keys that were stated of it."""

    document_id: str
    uri: str
    fingerprint: str | None
    content_sha256: str
    recipe: str
    groups: frozenset[str]
    source: str | None
    parent_id: str | None


@dataclass(frozen=True, slots=True)
class IndexedChunk:
    """What both indexes are told of a chunk."""

    chunk_id: str
    document_id: str
    collection: str
    groups: frozenset[str]
    title: str
    heading: tuple[str, ...]
    table_header: str
    text: str
    vector: Vector

    def vector_entry(self) -> VectorEntry:
        return VectorEntry(
            chunk_id=self.chunk_id,
            vector=self.vector,
            document_id=self.document_id,
            collection=self.collection,
            groups=self.groups,
        )

    def lexicon_entry(self) -> LexiconEntry:
        return LexiconEntry(
            chunk_id=self.chunk_id,
            title=self.title,
            heading="\n".join(self.heading),
            text="\n".join(part for part in (self.table_header, self.text) if part),
            document_id=self.document_id,
            collection=self.collection,
            groups=self.groups,
        )


_SHOWN: tuple[Bundle[Any], ...] = (
    Bundle(
        "chunk",
        *(ChunkRow.id, ChunkRow.version_id, ChunkRow.piece_key, ChunkRow.ordinal),
        *(ChunkRow.start, ChunkRow.end, ChunkRow.heading, ChunkRow.table_header, ChunkRow.lines),
    ),
    Bundle("piece", PieceRow.key, PieceRow.text, PieceRow.injection, PieceRow.toxicity),
    Bundle("version", VersionRow.id, VersionRow.title, VersionRow.pages, VersionRow.language),
    Bundle("document", DocumentRow.id, DocumentRow.uri, DocumentRow.collection),
)
"""What is shown of a chunk, as columns: objects with an identity in their session cost more, and
this is read with each search."""


def select_published_chunks() -> Select[Any]:
    """Rows are the arguments of `to_stored_chunk`."""
    return (
        select(*_SHOWN)
        .select_from(ChunkRow)
        .join(PieceRow, PieceRow.key == ChunkRow.piece_key)
        .join(VersionRow, VersionRow.id == ChunkRow.version_id)
        .join(DocumentRow, DocumentRow.published_version_id == VersionRow.id)
    )


def select_documents(
    readable: Readable, state: DocumentState = "published"
) -> Select[DocumentRow, VersionRow]:
    """Readable documents with their published version, or with the one in quarantine."""
    shown = {
        "published": DocumentRow.published_version_id,
        "quarantined": DocumentRow.held_version_id,
    }[state]
    return (
        select(DocumentRow, VersionRow)
        .join(VersionRow, VersionRow.id == shown)
        .where(is_shared(readable))
    )


def load_indexed_chunks(session: Session, chunk_ids: Sequence[str]) -> list[IndexedChunk]:
    """Chunks with their embeddings; ids that are not there are passed over."""
    found: list[IndexedChunk] = []
    for ids in in_batches(chunk_ids):
        query = (
            select(ChunkRow, PieceRow, VersionRow, DocumentRow)
            .join(PieceRow, PieceRow.key == ChunkRow.piece_key)
            .join(VersionRow, VersionRow.id == ChunkRow.version_id)
            .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
            .where(ChunkRow.id.in_(ids))
        )
        rows = session.execute(query.options(undefer(PieceRow.embedding))).all()
        groups = load_groups(session, {document.id for _, _, _, document in rows})
        found += [
            IndexedChunk(
                chunk_id=chunk.id,
                document_id=document.id,
                collection=document.collection,
                groups=groups[document.id],
                title=version.title,
                heading=tuple(json.loads(chunk.heading)),
                table_header=chunk.table_header,
                text=piece.text,
                vector=unpack_vector(piece.embedding),
            )
            for chunk, piece, version, document in rows
        ]
    return found


def load_vector_entries(session: Session, chunk_ids: Sequence[str]) -> list[VectorEntry]:
    """Chunks of any version, as the index of vectors is told of them; other ids are passed
    over."""
    query = (
        select(ChunkRow.id, DocumentRow.id, DocumentRow.collection, PieceRow.embedding)
        .join(PieceRow, PieceRow.key == ChunkRow.piece_key)
        .join(VersionRow, VersionRow.id == ChunkRow.version_id)
        .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
        .where(ChunkRow.id.in_(all_of(chunk_ids)))
    )
    rows = session.execute(query).all()
    groups = load_groups(session, {row[1] for row in rows})
    return [
        VectorEntry(
            chunk_id=chunk_id,
            vector=np.frombuffer(embedding, dtype="<f4"),
            document_id=document_id,
            collection=collection,
            groups=groups[document_id],
        )
        for chunk_id, document_id, collection, embedding in rows
    ]


def load_groups(session: Session, document_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """Document id -> keys that it is shared with, for every id given."""
    groups: dict[str, set[str]] = {document_id: set() for document_id in document_ids}
    for ids in in_batches(list(groups)):
        query = select(DocumentGroupRow.document_id, DocumentGroupRow.group_name).where(
            DocumentGroupRow.document_id.in_(all_of(ids))
        )
        for document_id, group in session.execute(query):
            groups[document_id].add(group)
    return {document_id: frozenset(names) for document_id, names in groups.items()}


def to_stored_chunk(
    chunk: ChunkRow, piece: PieceRow, version: VersionRow, document: DocumentRow
) -> StoredChunk:
    lines = unpack_lines(chunk.lines)
    return StoredChunk(
        chunk_id=chunk.id,
        document_id=document.id,
        version_id=version.id,
        uri=document.uri,
        title=version.title,
        ordinal=chunk.ordinal,
        start=chunk.start,
        end=chunk.end,
        text=piece.text,
        heading=tuple(json.loads(chunk.heading)),
        table_header=chunk.table_header,
        lines=lines,
        page=lines[0].page,
        pages=version.pages,
        collection=document.collection,
        language=cast("Language | None", version.language),
        piece_key=piece.key,
        flags=_flags_of(piece),
    )


def _flags_of(piece: PieceRow) -> tuple[Flag, ...]:
    """Texts of before the detectors are judged when they are read."""
    injection = score_injection(piece.text) if piece.injection is None else piece.injection
    toxicity = score_toxicity(piece.text) if piece.toxicity is None else piece.toxicity
    return flags_of(injection=injection, toxicity=toxicity)
