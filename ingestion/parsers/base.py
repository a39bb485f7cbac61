"""Which files Philo reads, and how a file becomes a parsed document.

Parsers run in a child process (see `ingestion.sandbox`); only `format_of` and `FORMATS` are
used outside of it, so that no parsing library is imported in the service.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from assistant.errors import ParseError
from assistant.types import ParsedDocument
from ingestion.parsers.content import check_content

PARSER_REVISION = 1
"""Part of every recipe: raise it when any parser's output changes, and documents are
parsed again."""


class Parser(Protocol):
    """What each module of this package offers as `parse`."""

    def __call__(self, path: Path, *, max_pages: int) -> ParsedDocument:
        """Read one file that is not empty and whose content fits its name.

        Raises:
            ParseError: with the reason for people; also where no text was found.
        """


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: `module` holds its parser, `container` is what its bytes must be."""

    name: str
    extensions: tuple[str, ...]
    media_type: str
    module: str
    container: str


_OFFICE = "application/vnd.openxmlformats-officedocument."
FORMATS = (
    Format("PDF", (".pdf",), "application/pdf", "pdf", "pdf"),
    Format("Word", (".docx",), f"{_OFFICE}wordprocessingml.document", "docx", "zip"),
    Format("PowerPoint", (".pptx",), f"{_OFFICE}presentationml.presentation", "pptx", "zip"),
    Format("Excel", (".xlsx",), f"{_OFFICE}spreadsheetml.sheet", "xlsx", "zip"),
    Format("HTML", (".html", ".htm", ".xhtml"), "text/html", "html", "text"),
    Format("Markdown", (".md", ".markdown"), "text/markdown", "markdown", "text"),
    Format("text", (".txt", ".text"), "text/plain", "text", "text"),
)
_BY_EXTENSION = {extension: fmt for fmt in FORMATS for extension in fmt.extensions}


def format_of(name: str) -> Format | None:
    """The format that a file's name announces, None where it is none of `FORMATS`."""
    return _BY_EXTENSION.get(Path(name).suffix.lower())


def known_extensions() -> str:
    """For messages: '.docx, .htm, ...'."""
    return ", ".join(sorted(_BY_EXTENSION))


def parse_file(path: Path, *, max_pages: int, max_file_bytes: int) -> ParsedDocument:
    """Parse one file by the format that its name announces.

    Raises:
        ParseError: unknown format, empty, too large, content that does not fit the name,
            damaged, protected, or without any text; the message says which.
    """
    fmt = format_of(path.name)
    if fmt is None:
        raise ParseError(f"the format is not known; Philo reads {known_extensions()}")
    check_content(path, fmt.name, fmt.container, max_file_bytes=max_file_bytes)
    module = importlib.import_module(f"ingestion.parsers.{fmt.module}")
    document = cast(Parser, module.parse)(path, max_pages=max_pages)
    if not any(block.text.strip() for block in document.blocks):
        raise ParseError("no text was found in it")
    return document
