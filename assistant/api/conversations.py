"""Conversations over HTTP: everybody has their own, and reads those shared with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import FastAPI, Query, Response

from assistant.access.types import Principal
from assistant.answering.events import AskEvent
from assistant.answering.follow_ups import FollowUpRequest
from assistant.api.events import Event
from assistant.api.reader import Caller, Reader, readable_of
from assistant.assistant import Assistant
from assistant.conversations.exporting import to_summaries
from assistant.conversations.store import Conversations
from assistant.conversations.types import (
    Conversation,
    ConversationChange,
    ConversationInfo,
    NewConversation,
)
from assistant.errors import ConversationNotFoundError
from assistant.summarizing.exporting import MEDIA_TYPES, export
from assistant.summarizing.types import ExportFormat
from assistant.types import Answer, PublicModel


class ConversationList(PublicModel):
    """One page of the list; `total` counts all that match."""

    conversations: list[ConversationInfo]
    total: int


class ExchangeEvent(PublicModel):
    """The id under which a question is kept in its conversation."""

    id: str


class FollowUps(PublicModel):
    questions: list[str]


def add_conversations(api: FastAPI, assistant: Assistant) -> None:
    conversations = assistant.conversations

    @api.post("/conversations", status_code=201)
    def start(new: NewConversation, principal: Caller) -> ConversationInfo:
        """An empty conversation; name it in `conversation` of /ask/stream to have the question
        and its answer kept in it."""
        return conversations.start(new.question, principal)

    @api.get("/conversations")
    def listed(
        principal: Caller,
        q: Annotated[str, Query(max_length=1000, description="part of title or questions")] = "",
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> ConversationList:
        """One's own and those shared with one, newest first."""
        found, total = conversations.all(principal, query=q, offset=offset, limit=limit)
        return ConversationList(conversations=found, total=total)

    @api.get("/conversations/{conversation_id}")
    def conversation(conversation_id: str, principal: Caller) -> Conversation:
        """With its last 200 exchanges. An answer that rests on a document which the caller may not
        read is withheld."""
        return conversations.read(conversation_id, principal, readable_of(principal))

    @api.patch("/conversations/{conversation_id}")
    def change_conversation(
        conversation_id: str, wanted: ConversationChange, principal: Caller
    ) -> ConversationInfo:
        """Rename one's own, or share it with groups of one's own."""
        return conversations.change(
            conversation_id, principal, title=wanted.title, groups=wanted.groups
        )

    @api.delete("/conversations/{conversation_id}", status_code=204)
    def remove_conversation(conversation_id: str, principal: Caller) -> None:
        """Delete one's own for good."""
        conversations.remove(conversation_id, principal)

    @api.delete("/conversations/{conversation_id}/exchanges/{exchange_id}", status_code=204)
    def remove_exchange(conversation_id: str, exchange_id: str, principal: Caller) -> None:
        """Delete a question with its answer for good."""
        conversations.remove_exchange(conversation_id, exchange_id, principal)

    @api.get("/conversations/{conversation_id}/export", response_class=Response)
    def export_conversation(
        conversation_id: str,
        principal: Caller,
        form: Annotated[ExportFormat, Query(alias="format")],
        exchange: Annotated[str, Query(max_length=64, description="only this one")] = "",
    ) -> Response:
        """As a file, with citations as footnotes; as far as the caller may read it."""
        found = conversations.read(conversation_id, principal, readable_of(principal))
        chosen = [one for one in found.conversation if exchange in ("", one.id)]
        summaries = to_summaries(chosen)
        if not summaries:
            raise ConversationNotFoundError("there is no answer in it that could be exported")
        return Response(export(summaries, form), media_type=MEDIA_TYPES[form])

    @api.post("/ask/follow-ups")
    def follow_ups(follow: FollowUpRequest, readable: Reader) -> FollowUps:
        """Up to three questions that go on from an answer, and that the documents answer."""
        return FollowUps(questions=assistant.follow_ups(follow, readable))


def keep_events(
    events: Iterator[AskEvent],
    named: Iterator[Event],
    conversations: Conversations,
    *,
    conversation_id: str,
    question: str,
    principal: Principal | None,
) -> Iterator[Event]:
    """`named` with the question and its answer kept in a conversation: `exchange` comes first.

    Raises:
        ConversationNotFoundError: with the first event; nothing was asked.
    """
    try:
        exchange_id = conversations.begin_exchange(conversation_id, question, principal)
        yield "exchange", ExchangeEvent(id=exchange_id)
        for name, body in named:
            if isinstance(body, Answer):
                conversations.finish_exchange(exchange_id, body)
            yield name, body
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()
