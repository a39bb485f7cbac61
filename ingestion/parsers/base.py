"""Which files Philo reads, and how a file becomes a parsed document.

Parsers run in a child process (see `ingestion.sandbox`); only `format_of` and `FORMATS` are
used outside of it, so that no parsing library is imported in the service.
"""

from __future__ import annotations

import dataclasses
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from assistant.errors import ParseError
from assistant.types import ParsedDocument
from ingestion.parsers.content import Container, check_content
from ingestion.parsers.pace import Pace
from ingestion.parsers.references import mark_references

PARSER_REVISION = 8
"""Part of every recipe: raise it when any parser's output changes, and documents are
parsed again."""


class Parser(Protocol):
    """What each module of this package offers as `parse`."""

    def __call__(self, path: Path, *, max_pages: int, **paced: Pace) -> ParsedDocument:
        """Read one file that is not empty and whose content fits its name. Those of paced
        formats take `pace`.

        Raises:
            ParseError: with the reason for people; also where no text was found.
        """


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: `module` holds its parser, `container` is what its bytes must be.

    A format that people have but that Philo does not read has no module, and `instead` says
    what to do with it.
    `paced` parsers take a `Pace`: they read many pages, or recognise characters.
    """

    name: str
    extensions: tuple[str, ...]
    media_type: str
    module: str
    container: Container
    instead: str = ""
    paced: bool = False


_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
FORMATS = (
    Format("PDF", (".pdf",), "application/pdf", "pdf", "pdf", paced=True),
    Format("Word", (".docx",), f"{_OFFICE}wordprocessingml.document", "docx", "zip", paced=True),
    Format(
        "PowerPoint",
        (".pptx", ".pptm"),
        f"{_OFFICE}presentationml.presentation",
        "pptx",
        "zip",
        paced=True,
    ),
    Format("Excel", (".xlsx", ".xlsm"), f"{_OFFICE}spreadsheetml.sheet", "xlsx", "zip"),
    Format("ODT", (".odt",), f"{_OPEN}text", "opendocument", "zip"),
    Format("ODS", (".ods",), f"{_OPEN}spreadsheet", "opendocument", "zip"),
    Format("ODP", (".odp",), f"{_OPEN}presentation", "opendocument", "zip"),
    Format("EPUB", (".epub",), "application/epub+zip", "epub", "zip"),
    Format("RTF", (".rtf",), "application/rtf", "rtf", "rtf"),
    Format("CSV", (".csv",), "text/csv", "delimited", "text"),
    Format("TSV", (".tsv",), "text/tab-separated-values", "delimited", "text"),
    Format("mail", (".eml",), "message/rfc822", "mail", "text"),
    Format("Outlook message", (".msg",), "application/vnd.ms-outlook", "outlook", "ole"),
    Format("LaTeX", (".tex",), "application/x-tex", "latex", "text"),
    Format("HTML", (".html", ".htm", ".xhtml"), "text/html", "html", "text"),
    Format("Markdown", (".md", ".markdown"), "text/markdown", "markdown", "text"),
    Format("text", (".txt", ".text"), "text/plain", "text", "text"),
    Format("PNG", (".png",), "image/png", "image", "image", paced=True),
    Format("JPEG", (".jpg", ".jpeg"), "image/jpeg", "image", "image", paced=True),
    Format("TIFF", (".tif", ".tiff"), "image/tiff", "image", "image", paced=True),
    Format("BMP", (".bmp",), "image/bmp", "image", "image", paced=True),
    Format("WebP", (".webp",), "image/webp", "image", "image", paced=True),
    Format("old Word", (".doc", ".dot"), "application/msword", "", "any", "save it as .docx"),
    Format("Word with macros", (".docm",), "application/msword", "", "any", "save it as .docx"),
    Format("old Excel", (".xls",), "application/vnd.ms-excel", "", "any", "save it as .xlsx"),
    Format("binary Excel", (".xlsb",), "application/vnd.ms-excel", "", "any", "save it as .xlsx"),
    Format(
        "old PowerPoint",
        (".ppt", ".pps"),
        "application/vnd.ms-powerpoint",
        "",
        "any",
        "save it as .pptx",
    ),
)
_BY_EXTENSION = {extension: fmt for fmt in FORMATS for extension in fmt.extensions}


def format_of(name: str) -> Format | None:
    """The format that a file's name announces, None where it is none of `FORMATS`."""
    return _BY_EXTENSION.get(Path(name).suffix.lower())


def known_extensions() -> str:
    """Of the files that Philo reads, for messages: '.docx, .htm, ...'."""
    return ", ".join(sorted(name for name, fmt in _BY_EXTENSION.items() if fmt.module))


def parse_file(
    path: Path, *, max_pages: int, max_file_bytes: int, pace: Pace | None = None
) -> ParsedDocument:
    """Parse one file by the format that its name announces; without a `pace`, without
    recognition of characters.

    Raises:
        ParseError: unknown format, empty, too large, content that does not fit the name,
            damaged, protected, or without any text; the message says which.
    """
    fmt = format_of(path.name)
    if fmt is None:
        raise ParseError(f"the format is not known; Philo reads {known_extensions()}")
    if not fmt.module:
        raise ParseError(f"Philo does not read {fmt.name} files ({path.suffix}): {fmt.instead}")
    check_content(path, fmt.name, fmt.container, max_file_bytes=max_file_bytes)
    module = importlib.import_module(f"ingestion.parsers.{fmt.module}")
    options = {"pace": pace or Pace()} if fmt.paced else {}
    document = cast(Parser, module.parse)(path, max_pages=max_pages, **options)
    if not any(block.text.strip() for block in document.blocks):
        raise ParseError("no text was found in it")
    return dataclasses.replace(document, blocks=mark_references(document.blocks))
