"""What people say of answers."""

from __future__ import annotations

from pydantic import Field

from assistant.types.base import PublicModel


class RatedSentence(PublicModel):
    """A sentence of an answer with the documents that it cites."""

    text: str = Field(max_length=10_000)
    document_ids: list[str] = Field(default=[], max_length=100)


class NewRating(PublicModel):
    """What somebody says of an answer. `correction` is the right answer in their words,
    `document_ids` the documents that hold it, where they say so."""

    question: str = Field(min_length=1, max_length=20_000)
    good: bool
    reason: str = Field(default="", max_length=2_000)
    correction: str = Field(default="", max_length=10_000)
    refused: bool = False
    sentences: list[RatedSentence] = Field(default=[], max_length=200)
    document_ids: list[str] = Field(default=[], max_length=100)


class Rating(NewRating):
    """`created_at` is UTC."""

    id: str
    created_at: str
