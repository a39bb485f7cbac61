"""Questions and answers that are kept, and what people say of answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.knowledge.tables.base import Table, UtcDateTime


class RatingRow(Table):
    """`sentences` are those of the rated answer, each with the documents that it cites."""

    __tablename__ = "ratings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    question: Mapped[str] = mapped_column(Text)
    good: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    correction: Mapped[str] = mapped_column(Text)
    refused: Mapped[bool]
    sentences: Mapped[str] = mapped_column(Text, doc='JSON: [{"text", "document_ids"}]')
    rater: Mapped[str | None] = mapped_column(String(120), index=True, doc="without case")


class RatingDocumentRow(Table):
    """A document that a rated answer cites, or (`holds_answer`) that the rater says holds the
    answer."""

    __tablename__ = "rating_documents"

    rating_id: Mapped[str] = mapped_column(
        ForeignKey("ratings.id", ondelete="CASCADE"), primary_key=True
    )
    document_id: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)
    holds_answer: Mapped[bool]


class ConversationRow(Table):
    """`owner_key` is a user's key, None the operator. `search_key` is the title and the
    questions without case and accents."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_owner", "owner_key", "updated_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner_key: Mapped[str | None] = mapped_column(ForeignKey("users.key", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(Text)
    search_key: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConversationGroupRow(Table):
    """A group that a conversation is shared with."""

    __tablename__ = "conversation_groups"

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    group_name: Mapped[str] = mapped_column(String(200), primary_key=True, index=True)


class ExchangeRow(Table):
    """A question and its answer: None while there is none, or once it is `forgotten`."""

    __tablename__ = "exchanges"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    ordinal: Mapped[int]
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text, doc="JSON: as `Answer`")
    forgotten: Mapped[bool]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExchangeDocumentRow(Table):
    """A document that an answer names in any way: cited, found near, or of the same text."""

    __tablename__ = "exchange_documents"

    exchange_id: Mapped[str] = mapped_column(
        ForeignKey("exchanges.id", ondelete="CASCADE"), primary_key=True
    )
    document_id: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)
