"""The JSON of the API that is not already a type of the domain."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from assistant.types import (
    Citation,
    DocumentInfo,
    Passage,
    PublicModel,
    Sentence,
    Turn,
)

MAX_BODY_CHARS = 100_000


class AskRequest(PublicModel):
    question: str = Field(max_length=MAX_BODY_CHARS)
    history: list[Turn] = Field(default=[], max_length=50)
    collection: str | None = Field(default=None, max_length=200)


class SearchResponse(PublicModel):
    hits: list[Passage]


class PassagesEvent(PublicModel):
    passages: list[Passage]


class SentenceEvent(PublicModel):
    sentence: Sentence
    citations: list[Citation]


class DocumentList(PublicModel):
    """One page of the list; `total` counts all that match."""

    documents: list[DocumentInfo]
    total: int


class ChunkList(PublicModel):
    chunks: list[Passage]


class IngestRequest(PublicModel):
    """Paths on the machine of the service."""

    paths: list[str] = Field(min_length=1, max_length=1000)
    collection: str = Field(default="default", min_length=1, max_length=200)
    groups: list[str] | None = Field(default=None, min_length=1, max_length=100)


class Health(PublicModel):
    status: Literal["ok"]
    version: str
    generator: str
    embedder: str
    documents: int
    chunks: int
    max_question_chars: int
    max_file_bytes: int


class ErrorBody(PublicModel):
    type: str
    message: str


class ErrorResponse(PublicModel):
    error: ErrorBody
