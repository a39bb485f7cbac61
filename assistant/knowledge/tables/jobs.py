"""What is to be brought in, and the sources that it comes from."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.knowledge.tables.base import Large, Table, UtcDateTime


class JobRow(Table):
    """A document to bring in or to remove (see `jobs.py`).

    `groups` is JSON, or None: as before. `original` is as in `versions`. `worker` has it until
    `lease_until`. `run_id` names the call that asked for it. `document_id` is the document that
    came of it, or that is to be removed. `owner_key` is the key of the user who brought it in
    (`access.share_keys`); None: the operator, or a source.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_uri", "uri", "collection"),
        Index("ix_jobs_claim", "state", "priority", "not_before"),
        Index("ix_jobs_run", "run_id", "finished_at"),
        Index("ix_jobs_owner", "owner_key", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    uri: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    collection: Mapped[str] = mapped_column(String(200))
    groups: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    fingerprint: Mapped[str | None] = mapped_column(Text)
    size_bytes: Mapped[int | None] = mapped_column(Large)
    original: Mapped[str | None] = mapped_column(String(64), index=True)
    parent_id: Mapped[str | None] = mapped_column(String(32), index=True)
    owner_key: Mapped[str | None] = mapped_column(String(48))
    depth: Mapped[int]
    priority: Mapped[int]
    run_id: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    cancel_wanted: Mapped[bool]
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    worker: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(String(16))
    document_id: Mapped[str | None] = mapped_column(String(32))
    pages: Mapped[int]
    chunks: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class SourceRow(Table):
    """`started_at` is of the last run that was begun, `ended_at` of the last that ended, and
    `completed_at` of the last that listed everything. `error` is why the last one failed."""

    __tablename__ = "sources"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(64), unique=True)
    options: Mapped[str] = mapped_column(Text, doc="JSON")
    schedule: Mapped[str | None] = mapped_column(String(64))
    collection: Mapped[str] = mapped_column(String(200))
    groups: Mapped[str | None] = mapped_column(Text, doc="JSON: names")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    counts: Mapped[str] = mapped_column(Text, doc="JSON: of the last complete run")
