"""Kept conversations, over HTTP. Every function raises ServiceError."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from ui.client import Service
from ui.replies import Answer, Citation, Scope


class ConversationInfo(TypedDict):
    id: str
    title: str
    owner: str | None
    mine: bool
    groups: list[str]
    exchanges: int
    updated_at: str


class KeptExchange(TypedDict):
    id: str
    question: str
    answer: Answer | None
    withheld: bool
    forgotten: bool


class Conversation(ConversationInfo):
    conversation: list[KeptExchange]


class ConversationList(TypedDict):
    conversations: list[ConversationInfo]
    total: int


def start_conversation(service: Service, question: str) -> ConversationInfo:
    return service.fetch("POST", "/conversations", json={"question": question}).json()


def list_conversations(
    service: Service, *, query: str, offset: int, limit: int
) -> ConversationList:
    """One page, newest first; `total` counts all that match."""
    parameters = {"q": query, "offset": offset, "limit": limit}
    return service.fetch("GET", "/conversations", params=parameters).json()


def read_conversation(service: Service, conversation_id: str) -> Conversation:
    return service.fetch("GET", f"/conversations/{conversation_id}").json()


def rename_conversation(service: Service, conversation_id: str, title: str) -> None:
    service.fetch("PATCH", f"/conversations/{conversation_id}", json={"title": title})


def share_conversation(service: Service, conversation_id: str, groups: Sequence[str]) -> None:
    service.fetch("PATCH", f"/conversations/{conversation_id}", json={"groups": list(groups)})


def delete_conversation(service: Service, conversation_id: str) -> None:
    service.fetch("DELETE", f"/conversations/{conversation_id}")


def delete_exchange(service: Service, conversation_id: str, exchange_id: str) -> None:
    service.fetch("DELETE", f"/conversations/{conversation_id}/exchanges/{exchange_id}")


def export_conversation(
    service: Service, conversation_id: str, kind: str, *, exchange_id: str = ""
) -> bytes:
    """All of it, or one answer, as a file: `kind` is md, docx or pdf."""
    parameters = {"format": kind, "exchange": exchange_id}
    path = f"/conversations/{conversation_id}/export"
    return service.fetch("GET", path, params=parameters).content


def suggest_questions(
    service: Service,
    citations: Sequence[Citation],
    *,
    asked: Sequence[str],
    language: str,
    scope: Scope,
) -> list[str]:
    """Up to three questions that go on from an answer."""
    cited = [
        {"document_id": one["document_id"], "start": one["start"], "end": one["end"]}
        for one in citations
    ]
    body = {"cited": cited, "asked": list(asked), "language": language, "scope": scope}
    return service.fetch("POST", "/ask/follow-ups", json=body).json()["questions"]
