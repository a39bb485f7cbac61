"""The audit log."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.knowledge.tables.base import Large, Table


class AuditRow(Table):
    """See `assistant/audit/`. Rows are only ever added, and cut off at the beginning by retention.

    `details` is JSON in which a mark stands for each content; `version` says what `hash` covers.
    `seal` is set on rows of version 1: their hash covers content as well, the seal does not.
    """

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(Large, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(String(40))
    who: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(40))
    details: Mapped[str] = mapped_column(Text, doc="JSON")
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(server_default="1")
    seal: Mapped[str | None] = mapped_column(String(64))


class AuditContentRow(Table):
    """A text of an audit row, whose hash is keyed with `salt`. `value` is None where only that it
    can be recognised was wanted."""

    __tablename__ = "audit_contents"

    number: Mapped[int] = mapped_column(Large, primary_key=True, autoincrement=False)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    salt: Mapped[str] = mapped_column(String(32))
    value: Mapped[str | None] = mapped_column(Text, doc="JSON")


class AuditPersonRow(Table):
    """Who a pseudonym of the audit log is. `key` is the name without case."""

    __tablename__ = "audit_people"

    pseudonym: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    key: Mapped[str] = mapped_column(String(120), index=True)
    salt: Mapped[str] = mapped_column(String(32))


class AuditCheckpointRow(Table):
    """The rows up to `number` were cut off; the last of them had `hash`."""

    __tablename__ = "audit_checkpoints"

    number: Mapped[int] = mapped_column(Large, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[str] = mapped_column(String(40))
    signature: Mapped[str] = mapped_column(Text)
