"""Chunks with their texts and embeddings, and the indexes that they are in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.knowledge.tables.base import Table, UtcDateTime


class IndexRow(Table):
    """One set of chunks with their vectors: one is in use, a second one may stand beside it.

    `embedder` is what the settings call it, `embedder_id` its vector space. `folder` is where its
    files lie in the data directory.
    """

    __tablename__ = "indexes"

    id: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str] = mapped_column(Text)
    embedder: Mapped[str] = mapped_column(Text)
    embedder_id: Mapped[str] = mapped_column(Text)
    dimension: Mapped[int]
    chunk_tokens: Mapped[int]
    in_use: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PieceRow(Table):
    """A text and its embedding, once for all chunks that hold it. `key` is `piece_key` of
    them. `embedding` is D little-endian float32. `injection` and `toxicity` are the detectors'
    scores; None: it came in before there were any."""

    __tablename__ = "pieces"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    embedding: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    injection: Mapped[float | None]
    toxicity: Mapped[float | None]


class ChunkRow(Table):
    """Where a piece stands in a version. `id` is "<version id>:<ordinal>"."""

    __tablename__ = "chunks"

    id: Mapped[str] = mapped_column(String(48), primary_key=True)
    version_id: Mapped[str] = mapped_column(
        ForeignKey("versions.id", ondelete="CASCADE"), index=True
    )
    piece_key: Mapped[str] = mapped_column(ForeignKey("pieces.key"), index=True)
    ordinal: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    heading: Mapped[str] = mapped_column(Text, doc="JSON: headings, outermost first")
    table_header: Mapped[str] = mapped_column(Text)
    lines: Mapped[str] = mapped_column(Text, doc="JSON: [offset, page] or [offset, page, box]")
