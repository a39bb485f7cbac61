"""The JSON of the API that is not already a type of the domain."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from assistant.safety.disclosure import RUNNING, GenerationState
from assistant.scope import EVERYTHING, Scope
from assistant.summarizing.types import ExportFormat, Form, Summary
from assistant.types import (
    Citation,
    DocumentInfo,
    IndexInfo,
    JobInfo,
    JobState,
    JudgedQuestion,
    Language,
    Passage,
    PublicModel,
    Rating,
    Sentence,
    SourceInfo,
    Turn,
)

MAX_BODY_CHARS = 100_000


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [fields]})


class AskRequest(PublicModel):
    """`conversation`: the id of the caller's own in which /ask/stream keeps question and answer."""

    model_config = _example(question="How many days of leave are there in Dublin?")

    question: str = Field(max_length=MAX_BODY_CHARS)
    history: list[Turn] = Field(default=[], max_length=50)
    collection: str | None = Field(default=None, max_length=200)
    scope: Scope = EVERYTHING
    conversation: str | None = Field(default=None, max_length=64)


class SearchRequest(PublicModel):
    model_config = _example(question="LM-240 warranty", k=5, scope={"types": ["pdf"]})

    question: str = Field(max_length=MAX_BODY_CHARS)
    k: int = Field(default=10, ge=1, le=100)
    scope: Scope = EVERYTHING


class SearchResponse(PublicModel):
    hits: list[Passage]


class PassagesEvent(PublicModel):
    passages: list[Passage]


class WaitingEvent(PublicModel):
    """How many questions are answered before this one."""

    position: int


class SentenceEvent(PublicModel):
    sentence: Sentence
    citations: list[Citation]


class DocumentList(PublicModel):
    """One page of the list; `total` counts all that match. `next` is the cursor of the page behind
    it, None on the last one."""

    documents: list[DocumentInfo]
    total: int
    next: str | None = None


class JobList(PublicModel):
    """One page of the list; `total` counts all in the state asked for, `counts` those in each
    state."""

    jobs: list[JobInfo]
    total: int
    counts: dict[JobState, int]


class RatingList(PublicModel):
    """One page of the list; `total` counts all."""

    ratings: list[Rating]
    total: int


class ChunkList(PublicModel):
    chunks: list[Passage]


class IngestRequest(PublicModel):
    """Paths on the machine of the service."""

    paths: list[str] = Field(min_length=1, max_length=1000)
    collection: str = Field(default="default", min_length=1, max_length=200)
    groups: list[str] | None = Field(default=None, min_length=1, max_length=100)


class NewSource(PublicModel):
    """`options` hold no secret: they name an environment variable or a file that does."""

    kind: str = Field(max_length=100)
    name: str = Field(max_length=200)
    options: dict[str, str | int | bool] = Field(default={}, max_length=100)
    schedule: str | None = Field(default=None, max_length=100)
    collection: str = Field(default="default", min_length=1, max_length=200)
    groups: list[str] | None = Field(default=None, min_length=1, max_length=100)


class NewIndex(PublicModel):
    """None: as the settings say."""

    embedder: str | None = Field(default=None, max_length=1000)
    chunk_tokens: int | None = Field(default=None, ge=50, le=480)


class IndexList(PublicModel):
    indexes: list[IndexInfo]


class CompareRequest(PublicModel):
    questions: list[JudgedQuestion] = Field(min_length=1, max_length=100_000)


class SourceList(PublicModel):
    sources: list[SourceInfo]


class RemovedSource(PublicModel):
    removed_documents: int


class Health(PublicModel):
    status: Literal["ok"]
    version: str
    generator: str
    embedder: str
    documents: int
    chunks: int
    max_question_chars: int
    max_file_bytes: int
    generation: GenerationState = RUNNING


class StopRequest(PublicModel):
    reason: str = Field(min_length=1, max_length=2000)


class ErrorBody(PublicModel):
    type: str
    message: str


class ErrorResponse(PublicModel):
    error: ErrorBody


class SummaryRequest(PublicModel):
    """`documents` are ids, addresses or titles; `files` paths on the machine of the service that
    are read for this summary only. One document, or several to compare."""

    model_config = _example(documents=["Handbook"], form="points", language="en")

    documents: list[str] = Field(default=[], max_length=50)
    files: list[str] = Field(default=[], max_length=50)
    form: Form = "points"
    language: Language | None = None
    sections: list[str] = Field(default=[], max_length=50)
    collection: str | None = None


class SummaryExport(PublicModel):
    summary: Summary
    format: ExportFormat
