"""The words of the domain as types: what passes between the rooms of Philo.

Positions: every version of a document has one text. `start` and `end` are always
character offsets into that text (half-open), `page` counts from 1, and a box is in
PDF points with the origin at the top left of its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

Language = Literal["fr", "en"]

EVERYONE = "everyone"
"""The group that every principal belongs to."""


class BlockKind(StrEnum):
    TITLE = "title"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CAPTION = "caption"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Line:
    """Where one printed line of a block stands.

    `offset` counts characters from the start of the block's text. `box` is
    (x0, y0, x1, y1) in points from the page's top left; None where the format
    has no geometry (Markdown, DOCX, ...).
    """

    offset: int
    page: int
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """One parsed piece of a document: a paragraph, a heading, a table, ...

    `level` is the depth of a heading (1 is the highest), 0 for all other kinds.
    `lines` is never empty and its first line has offset 0. A table's text is
    Markdown with the header as its first two lines.
    """

    kind: BlockKind
    text: str
    lines: tuple[Line, ...]
    level: int = 0

    @property
    def page(self) -> int:
        return self.lines[0].page


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a parser makes of one file. `pages` counts slides and sheets as pages; 1 where a
    format has none. `empty_pages` are the page numbers on which no text was found."""

    title: str
    blocks: tuple[Block, ...]
    pages: int = 1
    empty_pages: tuple[int, ...] = ()
    author: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stored piece: `text` is exactly the version's text from `start` to `end`.

    `heading` is the path of headings above it, outermost first. `table_header` is the
    header of a table that was split by rows and whose header is not in `text`.
    `lines` has offsets into the version's text.
    """

    ordinal: int
    start: int
    end: int
    text: str
    heading: tuple[str, ...]
    lines: tuple[Line, ...]
    table_header: str = ""

    @property
    def page(self) -> int:
        return self.lines[0].page

    def indexed_text(self, title: str) -> str:
        """What is embedded: title and heading path say what the piece is about."""
        path = [part for part in (title, *self.heading) if part]
        context = " > ".join(dict.fromkeys(path))
        return "\n".join(part for part in (context, self.table_header, self.text) if part)


@dataclass(frozen=True, slots=True)
class Draft:
    """A new version of a document, ready to be staged.

    `content_sha256` is of the file's bytes. `recipe` names everything besides the bytes that
    shaped the chunks (parser and chunker revision, embedder id): when either changes, the
    document is parsed and embedded again.
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
    author: str = ""
    date: str = ""
    media_type: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Readable:
    """Which documents a question may see. There is no query without one.

    A document is readable when it shares a group with `groups`, or when `everything` is
    set (the operator on the command line). `collection` narrows further.
    """

    groups: frozenset[str] = frozenset({EVERYONE})
    everything: bool = False
    collection: str | None = None


OPERATOR = Readable(everything=True)
"""The owner of the data directory, who can open its files anyway."""


@dataclass(frozen=True, slots=True)
class ScoredId:
    id: str
    score: float


class PublicModel(BaseModel):
    """Base of what leaves the process as JSON (command line, API)."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Box(PublicModel):
    """A rectangle on a page, in points from the page's top left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class Passage(PublicModel):
    """A chunk as found for a question. `pages` is how many the document has."""

    rank: int
    score: float
    chunk_id: str
    document_id: str
    uri: str
    title: str
    page: int
    pages: int
    heading: list[str]
    start: int
    end: int
    text: str


class Citation(PublicModel):
    """`quote` is the version's text from `start` to `end`, letter by letter."""

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
    boxes: list[Box]


class Sentence(PublicModel):
    text: str
    supported: bool
    citations: list[int]


class Timings(PublicModel):
    """Milliseconds since the question arrived."""

    retrieve: float
    first_token: float
    total: float


class Answer(PublicModel):
    """`writer` says who wrote the sentences: the model, or the documents themselves."""

    question: str
    answer: str
    refused: bool
    model: str
    writer: Literal["model", "quotes", "none"]
    language: Language
    citations: list[Citation]
    sentences: list[Sentence]
    passages: list[Passage]
    timings_ms: Timings
    ai_generated: Literal[True] = True


class Turn(PublicModel):
    """One turn of the conversation before the question."""

    role: Literal["user", "assistant"]
    text: str


class Failure(PublicModel):
    uri: str
    reason: str


class IngestReport(PublicModel):
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[Failure] = []
    pages: int = 0
    chunks: int = 0
    seconds: float = 0.0


class DocumentInfo(PublicModel):
    id: str
    uri: str
    title: str
    collection: str
    groups: list[str]
    language: Language | None
    media_type: str
    size_bytes: int
    pages: int
    empty_pages: list[int]
    chunks: int
    published_at: str


class IngestProgress(PublicModel):
    """Told after each file. `chunks_per_s` and `seconds_left` are None until known."""

    done: int
    total: int
    uri: str
    outcome: Literal["added", "updated", "unchanged", "removed", "failed"]
    chunks_per_s: float | None = None
    seconds_left: float | None = None


class ProgressListener(Protocol):
    def __call__(self, progress: IngestProgress, /) -> None: ...


class Ingestor(Protocol):
    """The ingestion service as the assistant sees it (it never imports the package)."""

    def ingest(
        self,
        paths: Sequence[str],
        *,
        collection: str = "default",
        groups: Sequence[str] | None = None,
        listener: ProgressListener | None = None,
    ) -> IngestReport:
        """Bring files and folders into the knowledge.

        `groups` None: a known document stays readable by whom it was, a new one is by all.

        A folder is kept in step: files that left it since the last time are retired.

        Raises:
            NothingToIngestError: no path holds a file of a known format.
            SourceNotFoundError: a path does not exist.
        """

    def ingest_upload(
        self,
        path: str,
        *,
        name: str,
        collection: str = "default",
        groups: Sequence[str] | None = None,
    ) -> IngestReport:
        """Bring one uploaded file in as `upload://<collection>/<name>`; the file at `path`
        may be deleted when the call returns. The same name again is a new version."""

    def close(self) -> None: ...
