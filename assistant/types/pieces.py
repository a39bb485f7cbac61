"""A document in pieces: blocks as they are parsed, chunks as they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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
