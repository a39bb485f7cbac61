"""The words of the domain as types: what passes between the rooms of Philo.

Positions: every version of a document has one text. `start` and `end` are always
character offsets into that text (half-open), `page` counts from 1, and a box is in
PDF points with the origin at the top left of its page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["fr", "en"]

EVERYONE = "everyone"
"""The group that every principal belongs to."""

INHERIT = "\x1finherit"
"""In place of groups that a document is brought in with: it goes by its collection."""


REFERENCE_LIST = "(reference list)"
"""Last part of the heading path of chunks that hold entries of a reference list: they name
other works and say nothing themselves."""


class BlockKind(StrEnum):
    TITLE = "title"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CAPTION = "caption"
    CODE = "code"
    FOOTNOTE = "footnote"
    REFERENCE = "reference"


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
class Attachment:
    """A file inside of a file (a mail's attachment), which becomes a document of its own."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a parser makes of one file. `pages` counts slides and sheets as pages; 1 where a
    format has none. `empty_pages` are the page numbers on which no text was found.
    `recognised` are the pages read by character recognition: (page, mean confidence of its
    words in [0, 1])."""

    title: str
    blocks: tuple[Block, ...]
    pages: int = 1
    empty_pages: tuple[int, ...] = ()
    recognised: tuple[tuple[int, float], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    author: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as it is displayed. The sides are in points, as boxes are."""

    png: bytes
    width_pt: float
    height_pt: float


@dataclass(frozen=True, slots=True)
class BlockSpan:
    """Where a parsed block stands in a version's text: enough, with the chunks' lines, to cut
    the version into other chunks without its file."""

    kind: BlockKind
    level: int
    start: int
    end: int


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


@dataclass(frozen=True, slots=True)
class Readable:
    """Which documents a question may see. There is no query without one.

    A document is readable when it shares a key with the reader (`access.share_keys`), or
    when `everything` is set (the operator on the command line). `collection` narrows further.
    `grants` are keys besides the names of `groups`: of the reader alone, and of the collections
    that they may read.
    """

    groups: frozenset[str] = frozenset({EVERYONE})
    everything: bool = False
    collection: str | None = None
    grants: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        return self.groups | self.grants if self.grants else self.groups


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


class Place(PublicModel):
    """Another document that holds the same text, and the page on which it stands there."""

    document_id: str
    title: str
    uri: str
    page: int


Flag = Literal["injection", "toxicity"]
"""What a detector suspects of a text: that it orders a model about, that it insults or threatens.
Detectors err; docs/safety.md says how often."""


class Passage(PublicModel):
    """A chunk as found for a question. `pages` is how many the document has; `places` are the
    other documents, of those that the reader may see, that hold the same text."""

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
    places: list[Place] = []
    flags: list[Flag] = []


class Citation(PublicModel):
    """`quote` is the version's text from `start` to `end`, letter by letter. `places` as in
    `Passage`."""

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
    places: list[Place] = []
    flags: list[Flag] = []


class Doubt(PublicModel):
    """Why a sentence is not borne out: a code, and the same for readers of both languages."""

    fault: str
    en: str
    fr: str


class Sentence(PublicModel):
    """`support` in [0, 1] says how far the cited sentences bear it out. `doubt` is None where
    they do, and where nobody wants to know (grounding = "off"). `translated`: the sources are
    in the other language, so that words were compared by their meaning only."""

    text: str
    supported: bool
    citations: list[int]
    support: float = 0.0
    doubt: Doubt | None = None
    translated: bool = False


class Timings(PublicModel):
    """Milliseconds since the question arrived."""

    retrieve: float
    first_token: float
    total: float


class Answer(PublicModel):
    """`writer` says who wrote the sentences: the model, or the documents themselves. `evidence`
    is the gate's probability that the passages hold the answer. `cached`: it was given before,
    and nothing that the reader may read has changed since. `made_at` (UTC) is when it was written,
    `flags` are of its own words."""

    question: str
    answer: str
    refused: bool
    evidence: float
    model: str
    writer: Literal["model", "quotes", "none"]
    language: Language
    citations: list[Citation]
    sentences: list[Sentence]
    passages: list[Passage]
    timings_ms: Timings
    cached: bool = False
    ai_generated: Literal[True] = True
    made_at: str = ""
    flags: list[Flag] = []


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


class Turn(PublicModel):
    """One turn of the conversation before the question."""

    role: Literal["user", "assistant"]
    text: str


class Failure(PublicModel):
    uri: str
    reason: str


IngestOutcome = Literal[
    "added", "updated", "unchanged", "removed", "quarantined", "failed", "cancelled"
]


class JobKind(StrEnum):
    ADD = "add"
    REMOVE = "remove"


class JobState(StrEnum):
    """`FAILED` will be tried again, `DEAD` will not unless somebody says so."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"
    CANCELLED = "cancelled"


class JobInfo(PublicModel):
    """One document to bring in or to remove. `not_before` is when it may be (re)tried,
    `outcome` what came of it, `reason` why it failed. Times are UTC."""

    id: str
    kind: JobKind
    uri: str
    source: str | None
    collection: str
    groups: list[str] | None
    state: JobState
    priority: int
    attempts: int
    outcome: IngestOutcome | None
    reason: str | None
    document_id: str | None
    pages: int
    chunks: int
    created_at: str
    started_at: str | None
    heartbeat_at: str | None
    not_before: str
    finished_at: str | None


class IncompleteDocument(PublicModel):
    """A document that came in although these of its pages held no text."""

    uri: str
    pages: list[int]


class IngestReport(PublicModel):
    """`quarantined` were read too badly to be searched (setting ingest.min_read_share)."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[Failure] = []
    quarantined: list[Failure] = []
    incomplete: list[IncompleteDocument] = []
    pages: int = 0
    chunks: int = 0
    seconds: float = 0.0


class Access(PublicModel):
    """Who may read: groups by name, and single users by name."""

    groups: list[str] = Field(default=[], max_length=1_000)
    users: list[str] = Field(default=[], max_length=1_000)


AccessFrom = Literal["collection", "stated", "own"]
"""Who says who may read a document: its collection; its source, or who brought it in; or
somebody who shared it since."""


class CollectionInfo(PublicModel):
    """`access` is who may read by default what is in it, None where nobody has said: its
    documents are then for who brought them in. `documents` count those that the one who asks
    may read, and `inheriting` of them go by the collection."""

    name: str
    access: Access | None
    documents: int
    inheriting: int


DocumentState = Literal["published", "quarantined"]


class DocumentInfo(PublicModel):
    """`author` and `date` (see `Draft`) are "" where nothing says them. `ocr_confidence` is the
    mean over `recognised_pages`, in [0, 1]. `reason` says why a
    document is in quarantine. `parent_id` is the document it was attached to. `groups` and
    `users` may read it: nobody is told of groups that they are not in, nor of other users.
    `findings`: kind of personal data or secret -> how often it was found.
    `suspicious_chunks` seem to order a model about (see `Flag`)."""

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
    findings: dict[str, int] = {}


class IngestProgress(PublicModel):
    """Told after each file. `chunks_per_s` and `seconds_left` are None until known."""

    done: int
    total: int
    uri: str
    outcome: IngestOutcome
    chunks_per_s: float | None = None
    seconds_left: float | None = None


IndexState = Literal["in use", "building", "ready"]


class IndexInfo(PublicModel):
    """One set of chunks and vectors of all documents. A second one is `building` while it lacks
    documents that the one in use has, and `ready` to be switched to when it lacks none.
    `documents` count those in quarantine too, `size_bytes` its texts, vectors and full text."""

    id: int
    state: IndexState
    embedder: str
    embedder_id: str
    dimension: int
    chunk_tokens: int
    documents: int
    documents_total: int
    chunks: int
    size_bytes: int


class IndexProgress(PublicModel):
    """Documents in the second index so far. `seconds_left` is None until known."""

    done: int
    total: int
    seconds_left: float | None = None


class JudgedQuestion(PublicModel):
    """`grades`: id or address of a relevant document -> how relevant it is (> 0); empty where
    nobody has said."""

    text: str
    grades: dict[str, int] = {}


class ComparedQuestion(PublicModel):
    """`overlap` is the share of the ten best documents that both indexes find; the titles are
    of the three best."""

    question: str
    overlap: float
    titles: list[str]
    titles_second: list[str]


class IndexComparison(PublicModel):
    """`ndcg_at_10` is over the `judged` questions, of which the second index answers so many
    `better` and `worse`. `same_first` counts questions with the same best document."""

    index: int
    second: int
    questions: int
    overlap_at_10: float
    same_first: int
    judged: int
    ndcg_at_10: float | None
    ndcg_at_10_second: float | None
    better: int
    worse: int
    median_ms: float
    median_ms_second: float
    most_different: list[ComparedQuestion]


class IndexListener(Protocol):
    def __call__(self, progress: IndexProgress, /) -> None: ...


class IndexKeeper(Protocol):
    """See `assistant.indexes.Indexes`."""

    def all(self) -> list[IndexInfo]: ...

    def build(
        self,
        embedder: str | None = None,
        chunk_tokens: int | None = None,
        listener: IndexListener | None = None,
    ) -> IndexInfo: ...

    def switch(self, index_id: int, listener: IndexListener | None = None) -> IndexInfo: ...

    def drop(self, index_id: int) -> None: ...

    def compare(
        self, questions: Sequence[JudgedQuestion], listener: IndexListener | None = None
    ) -> IndexComparison: ...


SourceState = Literal["new", "running", "complete", "failed"]


class SourceInfo(PublicModel):
    """A source that is kept in step. `options` hold no secret: they name where one is found.
    `counts` are of the last run that listed everything, `completed_at` is when that was, and
    `error` is why the last run failed. `groups` None: as its collection. Times are UTC."""

    id: str
    kind: str
    name: str
    options: dict[str, Any]
    schedule: str | None
    collection: str
    groups: list[str] | None
    state: SourceState
    added_at: str
    started_at: str | None
    completed_at: str | None
    next_run_at: str | None
    error: str | None
    counts: dict[str, int]


class ProgressListener(Protocol):
    def __call__(self, progress: IngestProgress, /) -> None: ...


class SourceRegistry(Protocol):
    """Sources that are kept in step. A name may be an id as well.

    Raises (all that take a name): UnknownSourceError.
    """

    def add(
        self,
        kind: str,
        name: str,
        options: Mapping[str, Any],
        *,
        schedule: str | None = None,
        collection: str = "default",
        groups: Sequence[str] | None = None,
    ) -> SourceInfo:
        """Register a source; nothing is brought in yet.

        Args:
            schedule: like "1h" or "daily 02:00"; None: only when somebody asks.
            groups: who may read documents of which the source itself says nothing.
        Raises:
            SourceOptionsError: the kind, the name, an option or the schedule is wrong.
        """

    def all(self) -> list[SourceInfo]:
        """By name."""

    def source(self, name: str) -> SourceInfo: ...

    def sync(self, name: str, listener: ProgressListener | None = None) -> IngestReport:
        """Bring a source in now, and remove what it no longer holds.

        Raises:
            SourceBusyError: somebody does so already.
            SourceUnavailableError: it could not be listed to its end; nothing was removed.
        """

    def remove(self, name: str, *, keep_documents: bool = False) -> int:
        """Forget a source and, unless told otherwise, its documents; how many those were.

        Raises:
            SourceBusyError: it is being brought in.
        """
