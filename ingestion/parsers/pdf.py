"""PDF through PDFium: characters, lines, reading order, blocks, headings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c

from assistant.errors import ParseError
from assistant.types import Block, BlockKind, ParsedDocument
from ingestion.parsers.blocks import choose_title, clean_line, sensible_author, sensible_title
from ingestion.parsers.pace import BATCH_PAGES, Pace
from ingestion.parsers.pdf_headings import Bookmark
from ingestion.parsers.pdf_layout import lay_out
from ingestion.parsers.pdf_pictures import Recognition, is_pictured, recognise_pages
from ingestion.parsers.pdf_text import PageText, drop_unreadable_fonts, read_page

MOST_BOOKMARKS = 5000


def parse(path: Path, *, max_pages: int, pace: Pace) -> ParsedDocument:
    """Read a PDF: its text layer, and by recognition the pages without a usable one.

    Boxes are those of the displayed page: crop box and rotation applied.

    Raises:
        ParseError: protected by a password, damaged, too long, or without any text.
    """
    document = _open(path)
    try:
        count = len(document)
        if count == 0:
            raise ParseError("the PDF is damaged: it has no pages")
        if count > max_pages:
            raise ParseError(
                f"{count} pages, more than the {max_pages} allowed (setting ingest.max_pages)"
            )
        pages, damaged, pictured = _read_pages(document, count, pace)
        unreadable = drop_unreadable_fonts(pages)
        lost = unreadable.pages
        unread = {page.number for page in pages if not (page.lines or page.sideways)} | lost
        wanted = sorted((unread | pictured) - damaged)
        recognition = recognise_pages(document, wanted, pace, unreadable)
        bookmarks = list(_read_bookmarks(document))
        metadata = document.get_metadata_dict()
    finally:
        document.close()
    recognised = recognition.pages
    for number, page in recognised.items():
        if number in unread or page.letters > 2 * pages[number - 1].letters:
            pages[number - 1] = page.text
            unread.discard(number)
    if not any(page.lines or page.sideways for page in pages):
        raise ParseError(_why_no_text(count, damaged, lost, recognition))
    blocks = lay_out(pages, bookmarks)
    return ParsedDocument(
        title=_choose_title(metadata.get("Title", ""), blocks, path),
        blocks=blocks,
        pages=count,
        empty_pages=tuple(sorted(unread)),
        recognised=tuple(
            (number, page.confidence)
            for number, page in recognised.items()
            if pages[number - 1] is page.text
        ),
        author=sensible_author(metadata.get("Author", "")),
        date=_iso_date(metadata.get("CreationDate", "")) or _iso_date(metadata.get("ModDate", "")),
    )


def _why_no_text(
    count: int, damaged: set[int], lost: Collection[int], recognition: Recognition
) -> str:
    where = "its only page" if count == 1 else f"any of its {count} pages"
    if len(damaged) == count:
        return f"the PDF is damaged: no text can be loaded from {where}"
    if len(recognition.blank) == count:
        return f"no text: nothing is on {where}"
    if len(recognition.undrawable) == count:
        return f"no text on {where}, and its size cannot be drawn: the PDF is damaged or hostile"
    tried = recognition.obstacle or "none was recognised on its picture"
    if lost:
        fonts = "its fonts do not say what their characters mean"
        return f"no readable text on {where}: {fonts}; {tried}"
    if recognition.obstacle:
        return f"no text on {where}: a scan? {tried}"
    return f"no text on {where}, and {tried}"


def _open(path: Path) -> Any:
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise ParseError("protected by a password: save it without one") from exc
        if exc.err_code == pdfium_c.FPDF_ERR_SECURITY:
            raise ParseError("encrypted in a way that cannot be read: save it without") from exc
        raise ParseError("the PDF is damaged or cut short: it cannot be opened") from exc


def _read_pages(document: Any, count: int, pace: Pace) -> tuple[list[PageText], set[int], set[int]]:
    """(all pages, numbers of those that cannot be loaded and come back empty, numbers of those
    that are in truth scans with a few words of text beside)."""
    pages: list[PageText] = []
    damaged: set[int] = set()
    pictured: set[int] = set()
    for number in range(1, count + 1):
        if number % BATCH_PAGES == 0:
            pace.tell(recognising=False)
        try:
            page = document[number - 1]
            try:
                pages.append(read_page(page, number))
                if is_pictured(page, pages[-1].letters):
                    pictured.add(number)
            finally:
                page.close()
        except pypdfium2.PdfiumError:
            damaged.add(number)
            pages.append(PageText(number, 0.0, 0.0, 0, [], []))
    return pages, damaged, pictured


def _read_bookmarks(document: Any) -> Iterator[Bookmark]:
    try:
        for item in itertools.islice(document.get_toc(), MOST_BOOKMARKS):
            target = item.get_dest()
            index = target.get_index() if target else None
            yield Bookmark(
                item.level + 1,
                clean_line(item.get_title() or ""),
                None if index is None else index + 1,
            )
    except (pypdfium2.PdfiumError, UnicodeDecodeError, RecursionError):
        return  # a damaged outline: headings are then found by number and style


def _choose_title(metadata: str, blocks: tuple[Block, ...], path: Path) -> str:
    """The metadata's title counts when the first page says it too, or shows none."""
    stated = sensible_title(metadata)
    printed = next((block.text for block in blocks if block.kind is BlockKind.TITLE), "")
    if stated and printed:
        opening = _squeeze(" ".join(block.text for block in blocks[:12]))
        if _squeeze(stated) not in opening:
            return clean_line(printed)
    return choose_title(stated, blocks, path)


def _squeeze(text: str) -> str:
    return re.sub(r"\W+", "", text.lower())


def _iso_date(date: str) -> str:
    """'D:20240131120000' -> '2024-01-31', "" where it is no date."""
    match = re.match(r"(?:D:)?(\d{4})(\d{2})(\d{2})", date)
    return "-".join(match.groups()) if match else ""
