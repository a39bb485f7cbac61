"""Citations: from a sentence of a passage to its place on the page."""

from __future__ import annotations

from assistant.answering.candidates import Candidate
from assistant.positions import LineMap
from assistant.types import Citation


def cite(source: Candidate, *, marker: int) -> Citation:
    """The citation of one sentence, with its exact quote, page and rectangles."""
    chunk = source.chunk
    lines = LineMap(chunk.lines, chunk.end)
    return Citation(
        marker=marker,
        document_id=chunk.document_id,
        title=chunk.title,
        uri=chunk.uri,
        page=lines.page(source.start),
        pages=chunk.pages,
        heading=list(chunk.heading),
        start=source.start,
        end=source.end,
        quote=source.quote,
        boxes=lines.boxes(source.start, source.end),
        places=chunk.places(source.start - chunk.start),
    )
