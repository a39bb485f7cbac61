"""Citations: from a sentence of a passage to its place on the page, and a model's marks."""

from __future__ import annotations

import re

from assistant.answering.candidates import Candidate
from assistant.positions import LineMap
from assistant.types import Citation


def cite(source: Candidate, *, marker: int) -> Citation:
    """The citation of one sentence, with its exact quote, page and rectangles."""
    chunk = source.chunk
    lines = LineMap(chunk.lines, chunk.end, chunk.text)
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
        flags=list(chunk.flags),
    )


_MARKS = re.compile(r"\s*\[(\d{1,2}(?:\s*[,;–-]\s*\d{1,2})*)\]")


def read_marks(sentence: str) -> tuple[str, tuple[int, ...]]:
    """'It holds [1, 3].' -> ('It holds.', (0, 2)): the sentence without its writer's marks, and
    the passages (from 0) that they name. A mark beyond the passages names nothing."""
    numbers = [
        int(number) - 1
        for match in _MARKS.finditer(sentence)
        for number in re.findall(r"\d+", match.group(1))
    ]
    return " ".join(_MARKS.sub("", sentence).split()), tuple(dict.fromkeys(numbers))
