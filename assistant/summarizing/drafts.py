"""A document that was read but not brought in, as chunks like those of the library."""

from __future__ import annotations

from assistant.knowledge.library import StoredChunk
from assistant.types import Draft


def chunks_of(draft: Draft) -> list[StoredChunk]:
    """In order. Its id is the beginning of its bytes' SHA-256; it has no version."""
    document_id = draft.content_sha256[:32]
    return [
        StoredChunk(
            chunk_id=f"{document_id}:{chunk.ordinal:05d}",
            document_id=document_id,
            version_id="",
            uri=draft.uri,
            title=draft.title,
            ordinal=chunk.ordinal,
            start=chunk.start,
            end=chunk.end,
            text=chunk.text,
            heading=chunk.heading,
            table_header=chunk.table_header,
            lines=chunk.lines,
            page=chunk.page,
            pages=draft.pages,
            collection="",
            language=draft.language,
        )
        for chunk in draft.chunks
    ]
