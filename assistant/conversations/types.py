"""Conversations as others see them. Times are UTC."""

from __future__ import annotations

from pydantic import Field

from assistant.types import Answer, PublicModel

MOST_TITLE_CHARS = 200


class ConversationInfo(PublicModel):
    """`owner` is None for the operator. `mine`: the one who asks may change it. `groups` are those
    it is shared with, of which others see only their own."""

    id: str
    title: str
    owner: str | None
    mine: bool
    groups: list[str]
    exchanges: int
    created_at: str
    updated_at: str


class Exchange(PublicModel):
    """A question and what came of it. `answer` is None where the writing was broken off, where it
    is `withheld` (it rests on a document that the one who asks may not read, or that is gone) and
    where it is `forgotten` (such a document was removed)."""

    id: str
    question: str
    asked_at: str
    answer: Answer | None = None
    withheld: bool = False
    forgotten: bool = False


class Conversation(ConversationInfo):
    """`conversation` holds the last exchanges, oldest first; `exchanges` counts all."""

    conversation: list[Exchange]


class NewConversation(PublicModel):
    """Named by its first question."""

    question: str = Field(min_length=1, max_length=100_000)


class ConversationChange(PublicModel):
    """None: as it is."""

    title: str | None = Field(default=None, min_length=1, max_length=MOST_TITLE_CHARS)
    groups: list[str] | None = Field(default=None, max_length=100)
