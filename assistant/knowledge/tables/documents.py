"""Documents, their versions, and who may read them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from assistant.knowledge.tables.base import EMPTY, Large, Table, UtcDateTime


class CollectionRow(Table):
    """`readers` are the keys of those who may read by default what is in it; None: not said."""

    __tablename__ = "collections"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    readers: Mapped[str | None] = mapped_column(Text, doc="JSON: keys")


class DocumentRow(Table):
    """`indexes_stale` is set while the indexes may still hold the groups of before.

    `published_version_id` and `held_version_id` have no foreign key: it would close a circle
    with `versions.document_id`. `held_reason` says why the held version is in quarantine.
    `fingerprint` is what its source said of the content when it was last read, and
    `parent_id` the document that it was attached to. `stated` are the keys that it came in with
    (`access.share_keys`), None: as its collection. With `own_access`, somebody has shared
    it otherwise since, and `document_groups` holds that.
    """

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("uri", "collection"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    uri: Mapped[str] = mapped_column(Text)
    collection: Mapped[str] = mapped_column(ForeignKey("collections.name"), index=True)
    source: Mapped[str | None] = mapped_column(Text, index=True)
    published_version_id: Mapped[str | None] = mapped_column(String(32), index=True)
    indexes_stale: Mapped[bool] = mapped_column(default=False)
    held_version_id: Mapped[str | None] = mapped_column(String(32), index=True)
    held_reason: Mapped[str | None] = mapped_column(Text)
    fingerprint: Mapped[str | None] = mapped_column(Text)
    parent_id: Mapped[str | None] = mapped_column(String(32), index=True)
    stated: Mapped[str | None] = mapped_column(Text, doc="JSON: keys")
    own_access: Mapped[bool] = mapped_column(default=False, server_default=false())


class DocumentGroupRow(Table):
    """The keys that readers are compared with: names of groups, and others."""

    __tablename__ = "document_groups"

    document_id: Mapped[str] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True
    )
    group_name: Mapped[str] = mapped_column(String(200), primary_key=True, index=True)


_ORDER = ("published_at", "document_id")


class VersionRow(Table):
    """`search_key` is title and address without case and accents, `author_key` the author
    likewise. `date` is YYYY, YYYY-MM or YYYY-MM-DD, "" where none is known. `original` is the
    SHA-256 under which the bytes are kept in the data directory, where they are.

    `counterpart_of` is set on versions of the second index: they hold what that version of the
    index in use holds, cut and embedded otherwise. `layout` is None where it is not known.
    """

    __tablename__ = "versions"
    __table_args__ = (
        Index("ix_versions_newest", *_ORDER, info={"dialect": "postgresql"}),
        Index("ix_versions_titles", *_ORDER, "search_key", info={"dialect": "sqlite"}),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    document_id: Mapped[str] = mapped_column(
        ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, deferred=True)
    author: Mapped[str] = mapped_column(Text)
    author_key: Mapped[str] = mapped_column(Text, server_default=EMPTY)
    date: Mapped[str] = mapped_column(Text)
    date_basis: Mapped[str] = mapped_column(Text, server_default=EMPTY, doc="as `DateBasis`")
    language: Mapped[str | None] = mapped_column(String(8))
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(Large)
    pages: Mapped[int]
    empty_pages: Mapped[str] = mapped_column(Text, doc="JSON: page numbers")
    recognised: Mapped[str] = mapped_column(
        Text, server_default="[]", doc="JSON: [page, confidence of its characters in [0, 1]]"
    )
    content_sha256: Mapped[str] = mapped_column(String(64))
    recipe: Mapped[str] = mapped_column(Text)
    embedder: Mapped[str] = mapped_column(Text)
    original: Mapped[str | None] = mapped_column(String(64), index=True)
    staged_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    layout: Mapped[str | None] = mapped_column(
        Text, deferred=True, doc="JSON: [kind, level, start, end] of each block"
    )
    counterpart_of: Mapped[str | None] = mapped_column(String(32), unique=True, index=True)
    findings: Mapped[str] = mapped_column(
        Text, server_default="{}", doc="JSON: kind of personal data or secret -> how often"
    )


class NotesRow(Table):
    """Notes of a version for its summaries. `writer` names the generator and the embedder."""

    __tablename__ = "notes"

    version_id: Mapped[str] = mapped_column(
        ForeignKey("versions.id", ondelete="CASCADE"), primary_key=True
    )
    writer: Mapped[str] = mapped_column(String(200), primary_key=True)
    payload: Mapped[str] = mapped_column(Text, doc="JSON: places and scores of sentences")
    vectors: Mapped[bytes] = mapped_column(LargeBinary, doc="(N, D) float16")
    size_bytes: Mapped[int]
    kept_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
