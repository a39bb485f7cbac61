"""Passages -> the sentences that could be the answer, each with its place in the document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.knowledge.library import StoredChunk
from assistant.sentences import split_sentences
from assistant.types import REFERENCE_LIST

MAX_SENTENCE_CHARS = 1200
_SEPARATOR_ROW = re.compile(r"\|[\s:|-]*-[\s:|-]*\|\s*$")
_MARKUP = re.compile(r"^(?:[-*•‣–]\s+|\d{1,2}[.)]\s+)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence or table row of a passage.

    `start` and `end` are offsets into the version's text; `text` is the same words made
    readable (a table row with its column names, a list item without its bullet).
    `context` is what the reader of the page sees around it: title, headings, neighbours.
    """

    passage: int
    chunk: StoredChunk
    start: int
    end: int
    text: str
    context: str
    is_row: bool = False
    is_heading: bool = False

    @property
    def quote(self) -> str:
        return self.chunk.text[self.start - self.chunk.start : self.end - self.chunk.start]


def list_candidates(chunks: Sequence[StoredChunk]) -> list[Candidate]:
    """All sentences of the passages in order; `passage` counts from 0.

    Entries of a reference list are found by search, but say nothing that could be an answer.
    """
    return [
        candidate
        for index, chunk in enumerate(chunks)
        if REFERENCE_LIST not in chunk.heading
        for candidate in _candidates_of(index, chunk)
    ]


def _candidates_of(index: int, chunk: StoredChunk) -> Iterator[Candidate]:
    spans = split_sentences(chunk.text, chunk.language)
    raw = [chunk.text[start:end] for start, end in spans]
    path = " ".join(dict.fromkeys([chunk.title, *chunk.heading]))
    headings = {heading.strip() for heading in (*chunk.heading, chunk.title)}
    header = _cells(chunk.table_header.splitlines()[0]) if chunk.table_header else []
    for at, (start, end) in enumerate(spans):
        text = raw[at].strip()
        is_row = text.startswith("|") and text.endswith("|") and len(text) > 2
        if is_row and _SEPARATOR_ROW.match(chunk.text[end:].lstrip().partition("\n")[0]):
            header = _cells(text)
            continue
        if not any(ch.isalnum() for ch in text) or len(text) > MAX_SENTENCE_CHARS:
            continue
        around = [raw[other] for other in (at - 1, at + 1) if 0 <= other < len(raw)]
        yield Candidate(
            passage=index,
            chunk=chunk,
            start=chunk.start + start,
            end=chunk.start + end,
            text=_row_text(text, header) if is_row else _plain(text),
            context=" ".join([path, *around]),
            is_row=is_row,
            is_heading=text.lstrip("# ").strip() in headings,
        )


def _cells(row: str) -> list[str]:
    inner = row.strip().removeprefix("|").removesuffix("|")
    return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inner)]


def _row_text(row: str, header: Sequence[str]) -> str:
    cells = _cells(row)
    names = [*header, *[""] * (len(cells) - len(header))]
    parts = [
        f"{name}: {cell}" if name and name != cell else cell
        for name, cell in zip(names, cells, strict=False)
        if cell
    ]
    return "; ".join(parts)


def _plain(text: str) -> str:
    return " ".join(_MARKUP.sub("", text).split())
