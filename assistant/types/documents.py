"""Documents and their versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from assistant.types.access import AccessFrom
from assistant.types.base import Language, PublicModel
from assistant.types.pieces import BlockSpan, Chunk

DateBasis = Literal["", "document", "file"]
"""Who says of which day a document is: itself, or only its file, by when that was changed."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A new version of a document, ready to be staged.

    `date` is YYYY, YYYY-MM or YYYY-MM-DD, "" where none is known.

    `content_sha256` is of the file's bytes. `recipe` names everything besides the bytes that
    shaped the chunks (parser and chunker revision, embedder id): when either changes, the
    document is parsed and embedded again. `layout` has the blocks in the order in which they
    were parsed; None: not known. `findings`: kind of personal data or secret -> how often.
    """

    uri: str
    title: str
    text: str
    chunks: tuple[Chunk, ...]
    content_sha256: str
    recipe: str
    language: Language | None
    pages: int
    empty_pages: tuple[int, ...] = ()
    recognised: tuple[tuple[int, float], ...] = ()
    author: str = ""
    date: str = ""
    date_basis: DateBasis = ""
    media_type: str = ""
    size_bytes: int = 0
    layout: tuple[BlockSpan, ...] | None = None
    findings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextDocument:
    """A document that is known as text only. Each line of the text is a paragraph."""

    uri: str
    title: str
    text: str


DocumentState = Literal["published", "quarantined"]


class DocumentInfo(PublicModel):
    """`author` and `date` (see `Draft`) are "" where nothing says them. `ocr_confidence` is the
    mean over `recognised_pages`, in [0, 1]. `reason` says why a
    document is in quarantine. `parent_id` is the document it was attached to. `groups` and
    `users` may read it: nobody is told of groups that they are not in, nor of other users.
    `findings`: kind of personal data or secret -> how often it was found.
    `suspicious_chunks` seem to order a model about (see `Flag`). `staged_at` is when the version
    came in."""

    id: str
    uri: str
    title: str
    collection: str
    groups: list[str]
    users: list[str] = []
    access_from: AccessFrom = "stated"
    language: Language | None
    author: str = ""
    date: str = ""
    date_basis: DateBasis = ""
    media_type: str
    size_bytes: int
    pages: int
    pages_read: int
    empty_pages: list[int]
    recognised_pages: list[int]
    ocr_confidence: float | None
    chunks: int
    suspicious_chunks: int = 0
    state: DocumentState
    reason: str | None
    parent_id: str | None
    published_at: str
    staged_at: str = ""
    findings: dict[str, int] = {}
