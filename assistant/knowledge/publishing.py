"""The two SQL transactions of a publication: stage a version unseen, then show it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from assistant.knowledge.stored import IndexedChunk, pack_json, to_chunk_row
from assistant.knowledge.tables import (
    ChunkRow,
    CollectionRow,
    DocumentGroupRow,
    DocumentRow,
    VersionRow,
)
from assistant.types import Draft
from assistant.words import fold


@dataclass(frozen=True, slots=True)
class Staged:
    """A version that is whole in SQL and that nobody sees yet."""

    document_id: str
    version_id: str
    chunks: tuple[IndexedChunk, ...]


def stage_version(
    session: Session,
    draft: Draft,
    vectors: NDArray[np.float32],  # (N, D)
    *,
    collection: str,
    groups: frozenset[str],
    embedder_id: str,
) -> Staged:
    """Write a version with its chunks and embeddings; its document is made when missing."""
    now = datetime.now(UTC)
    if session.get(CollectionRow, collection) is None:
        session.execute(insert(CollectionRow).values(name=collection, created_at=now))
    document_id = session.scalar(
        select(DocumentRow.id).where(
            DocumentRow.uri == draft.uri, DocumentRow.collection == collection
        )
    )
    if document_id is None:
        document_id = uuid.uuid4().hex
        session.execute(
            insert(DocumentRow).values(
                id=document_id, uri=draft.uri, collection=collection, indexes_stale=False
            )
        )
    version_id = uuid.uuid4().hex
    session.execute(
        insert(VersionRow).values(
            id=version_id,
            document_id=document_id,
            title=draft.title,
            search_key=fold(f"{draft.title}\n{draft.uri}"),
            text=draft.text,
            author=draft.author,
            date=draft.date,
            language=draft.language,
            media_type=draft.media_type,
            size_bytes=draft.size_bytes,
            pages=draft.pages,
            empty_pages=pack_json(draft.empty_pages),
            content_sha256=draft.content_sha256,
            recipe=draft.recipe,
            embedder=embedder_id,
            staged_at=now,
        )
    )
    rows = [
        to_chunk_row(chunk, version_id, vector)
        for chunk, vector in zip(draft.chunks, vectors, strict=True)
    ]
    if rows:
        session.execute(insert(ChunkRow), rows)
    chunks = tuple(
        IndexedChunk(
            chunk_id=row["id"],
            document_id=document_id,
            collection=collection,
            groups=groups,
            title=draft.title,
            heading=chunk.heading,
            table_header=chunk.table_header,
            text=chunk.text,
            vector=vector,
        )
        for row, chunk, vector in zip(rows, draft.chunks, vectors, strict=True)
    )
    return Staged(document_id, version_id, chunks)


def show_version(
    session: Session, staged: Staged, *, groups: frozenset[str], source: str | None
) -> str | None:
    """Make the staged version the one that readers see; the id of the one before."""
    document = session.get_one(DocumentRow, staged.document_id)
    previous = document.published_version_id
    document.published_version_id = staged.version_id
    document.indexes_stale = False
    if source is not None:
        document.source = source
    session.get_one(VersionRow, staged.version_id).published_at = datetime.now(UTC)
    replace_groups(session, staged.document_id, groups)
    return previous


def replace_groups(session: Session, document_id: str, groups: frozenset[str]) -> None:
    session.execute(delete(DocumentGroupRow).where(DocumentGroupRow.document_id == document_id))
    if groups:
        rows = [{"document_id": document_id, "group_name": group} for group in sorted(groups)]
        session.execute(insert(DocumentGroupRow), rows)
