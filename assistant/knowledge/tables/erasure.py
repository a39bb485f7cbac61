"""What is erased, what holds it up, and where else it may be."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from assistant.knowledge.tables.base import Table, UtcDateTime


class PseudonymRow(Table):
    """See `assistant/safety/personal/pseudonyms.py`. `sealed` is the value, encrypted, where it
    was masked in a document."""

    __tablename__ = "pseudonyms"
    __table_args__ = (UniqueConstraint("kind", "number"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    number: Mapped[int]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class HoldRow(Table):
    """Nothing of what it covers is erased until it is released. `subject` is a user's name or a
    document's id; of a period it is empty."""

    __tablename__ = "holds"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(120))
    since: Mapped[str] = mapped_column(String(40))
    until: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    placed_by: Mapped[str] = mapped_column(String(120))
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ErasureRow(Table):
    """What is to be erased, and how far that is. `plan` names ids and no content; `receipt` is
    set with the end."""

    __tablename__ = "erasures"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[str] = mapped_column(String(120))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    step: Mapped[str] = mapped_column(String(16))
    plan: Mapped[str] = mapped_column(Text, doc="JSON")
    removed: Mapped[str] = mapped_column(Text, doc="JSON: what, how many")
    receipt: Mapped[str | None] = mapped_column(Text, doc="JSON")


class ExportRow(Table):
    """A file or folder that holds what was taken out of the knowledge, so that erasing can reach
    it, or tell of it."""

    __tablename__ = "exports"

    path: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
