"""Plain text: paragraphs parted by blank lines, pages by form feeds."""

from __future__ import annotations

import re
from pathlib import Path

from assistant.types import BlockKind, ParsedDocument
from ingestion.parsers.blocks import BlockList, title_from_name
from ingestion.parsers.encoding import decode_text


def parse(path: Path, *, max_pages: int) -> ParsedDocument:  # noqa: ARG001 - the protocol
    """Read a text file.

    Raises:
        ParseError: the bytes are no text.
    """
    pages = decode_text(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n").split("\f")
    blocks = BlockList()
    for number, page in enumerate(pages, 1):
        blocks.page = number
        for paragraph in re.split(r"\n[ \t]*\n\s*", page):
            blocks.add(BlockKind.PARAGRAPH, paragraph)
    return ParsedDocument(
        title=title_from_name(path.name),
        blocks=tuple(blocks.blocks),
        pages=len(pages),
        empty_pages=blocks.pages_without_text(len(pages)),
    )
