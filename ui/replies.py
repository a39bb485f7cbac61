"""What the service answers, as far as the page shows it (see the API's own /docs)."""

from __future__ import annotations

from typing import Literal, TypedDict


class Generation(TypedDict):
    """Whether answers and summaries are written, and if not, why."""

    state: Literal["running", "stopped"]
    reason: str


class Health(TypedDict):
    generator: str
    documents: int
    chunks: int
    max_question_chars: int
    max_file_bytes: int
    generation: Generation


class Me(TypedDict):
    """`login`: whether people have to sign in; `name` is None where they do not."""

    login: bool
    name: str | None
    role: str | None
    groups: list[str]
    csrf: str


class Place(TypedDict):
    """Another document that holds the same text."""

    title: str
    uri: str
    page: int


class Passage(TypedDict):
    document_id: str
    uri: str
    title: str
    page: int
    pages: int
    heading: list[str]
    start: int
    end: int
    text: str
    places: list[Place]
    flags: list[str]


class Citation(TypedDict):
    marker: int
    document_id: str
    title: str
    uri: str
    page: int
    pages: int
    heading: list[str]
    start: int
    end: int
    quote: str
    places: list[Place]
    flags: list[str]


class Doubt(TypedDict):
    """Why a sentence is not borne out, for readers of both languages."""

    en: str
    fr: str


class Sentence(TypedDict):
    text: str
    supported: bool
    citations: list[int]
    doubt: Doubt | None
    translated: bool


class Timings(TypedDict):
    total: float


class Answer(TypedDict):
    answer: str
    refused: bool
    model: str
    writer: Literal["model", "quotes", "none"]
    language: str
    citations: list[Citation]
    sentences: list[Sentence]
    passages: list[Passage]
    timings_ms: Timings
    flags: list[str]


class Statement(TypedDict):
    text: str
    citations: list[int]
    field: str | None
    document_id: str | None


class Pairing(TypedDict):
    """Indexes of two statements about the same thing."""

    first: int
    second: int
    kind: Literal["agreement", "contradiction"]


class Summary(TypedDict):
    form: str
    language: str
    document_ids: list[str]
    titles: list[str]
    statements: list[Statement]
    citations: list[Citation]
    pairings: list[Pairing]
    remarks: list[str]
    model: str
    writer: Literal["model", "quotes"]
    timings_ms: Timings


class Scope(TypedDict, total=False):
    """Which documents to ask; what is left out asks for nothing."""

    collections: list[str]
    documents: list[str]
    types: list[str]
    languages: list[str]
    author: str
    after: str
    before: str


class Turn(TypedDict):
    role: Literal["user", "assistant"]
    text: str


class Document(TypedDict):
    """`groups` and `users` may read it, by whose word `access_from` says."""

    id: str
    uri: str
    title: str
    collection: str
    groups: list[str]
    users: list[str]
    access_from: Literal["collection", "stated", "own"]
    language: str | None
    pages: int
    pages_read: int
    empty_pages: list[int]
    recognised_pages: list[int]
    ocr_confidence: float | None
    reason: str | None
    published_at: str
    author: str
    date: str
    date_basis: Literal["", "document", "file"]


class DocumentList(TypedDict):
    """`next` is the cursor of the page behind, None on the last one."""

    documents: list[Document]
    total: int
    next: str | None


class Job(TypedDict):
    id: str
    uri: str
    state: str
    outcome: str | None
    reason: str | None


class JobList(TypedDict):
    jobs: list[Job]
    total: int
    counts: dict[str, int]


class Failure(TypedDict):
    uri: str
    reason: str


class Incomplete(TypedDict):
    uri: str
    pages: list[int]


class IngestReport(TypedDict):
    added: int
    updated: int
    unchanged: int
    failed: list[Failure]
    quarantined: list[Failure]
    incomplete: list[Incomplete]
