"""What stands beside an answer: the page that a citation points to, or the text around it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from assistant.errors import NoPageError
from assistant.ingestor import Ingestor
from assistant.knowledge.files import DocumentFile, DocumentFiles
from assistant.knowledge.library import Library
from assistant.positions import LineMap
from assistant.types import Box, PageImage, PublicModel, Readable

DRAWN = ("application/pdf", "image/")
"""Media types with pages that can be drawn, by their beginning."""
MOST_KEPT_BYTES = 32 * 2**20
AROUND_CHARS = 1500
"""Of text shown before and behind a span."""


class Span(PublicModel):
    """A span of a document's text with what stands around it. `drawn`: its pages can be drawn.
    `text` is "" where the text has no such place."""

    document_id: str
    title: str
    uri: str
    heading: list[str]
    page: int
    pages: int
    before: str
    text: str
    after: str
    boxes: list[Box]
    drawn: bool


class Pages:
    """Pages of documents, the last ones kept. From any thread."""

    def __init__(self, library: Library, ingestor: Callable[[], Ingestor]) -> None:
        self._library = library
        self._ingestor = ingestor
        self._files = DocumentFiles(library.database, library.originals)
        self._kept: OrderedDict[tuple[str, int], PageImage] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def file(self, document_id: str, readable: Readable) -> DocumentFile:
        """See `DocumentFiles.find`."""
        return self._files.find(document_id, readable)

    def draw(self, file: DocumentFile, number: int) -> PageImage:
        """Page `number` from 1.

        Raises:
            NoPageError: it has none of that number, or its format has no pages to draw.
            ParseError: it cannot be drawn.
        """
        if not file.media_type.startswith(DRAWN):
            raise NoPageError(f"pages of {file.media_type} cannot be drawn; read its text")
        if not 1 <= number <= file.pages:
            raise NoPageError(f"there is no page {number}; the document has {file.pages}")
        key = (file.sha256, number)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        drawn = self._ingestor().draw_page(
            str(file.path), number=number, media_type=file.media_type
        )
        with self._lock:
            if key not in self._kept:
                self._kept[key] = drawn
                self._kept_bytes += len(drawn.png)
            while self._kept_bytes > MOST_KEPT_BYTES:
                self._kept_bytes -= len(self._kept.popitem(last=False)[1].png)
        return drawn

    def span(self, document_id: str, start: int, end: int, readable: Readable) -> Span:
        """The text from `start` to `end` among the text of its section around it.

        Raises:
            DocumentNotFoundError: there is no such document, or none that the reader may see.
        """
        document = self._library.document(document_id, readable)
        chunks = self._library.document_chunks(document_id, readable)
        at = next((n for n, one in enumerate(chunks) if one.start <= start < one.end), None)
        before = text = after = ""
        heading: list[str] = []
        boxes: list[Box] = []
        page = 1
        if at is not None and end <= chunks[at].end:
            chunk = chunks[at]
            lines = LineMap(chunk.lines, chunk.end, chunk.text)
            page, boxes = lines.page(start), lines.boxes(start, end)
            heading = list(chunk.heading)
            text = chunk.text[start - chunk.start : end - chunk.start]
            section = [one for one in chunks if one.heading == chunk.heading]
            before = _joined([(one.start, one.end, one.text) for one in section], stop=start)
            after = _joined([(one.start, one.end, one.text) for one in section], begin=end)
        return Span(
            document_id=document.id,
            title=document.title,
            uri=document.uri,
            heading=heading,
            page=page,
            pages=document.pages,
            before=before[-AROUND_CHARS:],
            text=text,
            after=after[:AROUND_CHARS],
            boxes=boxes,
            drawn=document.media_type.startswith(DRAWN),
        )


def _joined(pieces: list[tuple[int, int, str]], *, begin: int = 0, stop: int | None = None) -> str:
    """The pieces' text between two offsets; pieces may overlap, and what lies between them is
    white space."""
    told: list[str] = []
    reached = begin
    for start, end, text in pieces:
        last = end if stop is None else min(end, stop)
        first = max(start, reached)
        if last <= first:
            continue
        if told and start > reached:
            told.append("\n\n")
        told.append(text[first - start : last - start])
        reached = last
    return "".join(told)
