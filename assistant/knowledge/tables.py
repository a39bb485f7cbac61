"""The tables of the truth.

A document has versions; the one that `published_version_id` names is the only one that
anybody sees. Every other version, and every document without one, is a remainder: of a
publication that never finished, or of a removal that has yet to. Times are UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    DateTime,
    Dialect,
    ForeignKey,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC also where the database knows no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class CollectionRow(Table):
    __tablename__ = "collections"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DocumentRow(Table):
    """`indexes_stale` is set while the indexes may still hold the groups of before.

    `published_version_id` has no foreign key: it would close a circle with
    `versions.document_id`.
    """

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("uri", "collection"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    uri: Mapped[str] = mapped_column(Text)
    collection: Mapped[str] = mapped_column(ForeignKey("collections.name"), index=True)
    source: Mapped[str | None] = mapped_column(Text, index=True)
    published_version_id: Mapped[str | None] = mapped_column(String(32), index=True)
    indexes_stale: Mapped[bool] = mapped_column(default=False)


class DocumentGroupRow(Table):
    __tablename__ = "document_groups"

    document_id: Mapped[str] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    group_name: Mapped[str] = mapped_column(String(200), primary_key=True, index=True)


class VersionRow(Table):
    """`search_key` is title and address without case and accents."""

    __tablename__ = "versions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    document_id: Mapped[str] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, deferred=True)
    author: Mapped[str] = mapped_column(Text)
    date: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(8))
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int]
    pages: Mapped[int]
    empty_pages: Mapped[str] = mapped_column(Text, doc="JSON: page numbers")
    content_sha256: Mapped[str] = mapped_column(String(64))
    recipe: Mapped[str] = mapped_column(Text)
    embedder: Mapped[str] = mapped_column(Text)
    staged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ChunkRow(Table):
    """`id` is "<version id>:<ordinal>". `embedding` is D little-endian float32."""

    __tablename__ = "chunks"

    id: Mapped[str] = mapped_column(String(48), primary_key=True)
    version_id: Mapped[str] = mapped_column(
        ForeignKey("versions.id", ondelete="CASCADE"), index=True
    )
    ordinal: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    heading: Mapped[str] = mapped_column(Text, doc="JSON: headings, outermost first")
    table_header: Mapped[str] = mapped_column(Text)
    lines: Mapped[str] = mapped_column(Text, doc="JSON: [offset, page] or [offset, page, box]")
    embedding: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
