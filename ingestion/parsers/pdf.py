"""PDF through PDFium: characters, lines, reading order, blocks, headings."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c

from assistant.errors import ParseError
from assistant.types import Block, BlockKind, ParsedDocument
from ingestion.parsers.blocks import choose_title, clean_line, sensible_author, sensible_title
from ingestion.parsers.pdf_blocks import (
    TextBlock,
    count_words,
    group_lines,
    merge_continued,
    write_text,
)
from ingestion.parsers.pdf_headings import Bookmark, mark_headings, mark_title
from ingestion.parsers.pdf_order import drop_running_lines, order_page
from ingestion.parsers.pdf_text import (
    PageText,
    PrintedLine,
    drop_unreadable_fonts,
    read_page,
)

MOST_BOOKMARKS = 5000


def parse(path: Path, *, max_pages: int) -> ParsedDocument:
    """Read a PDF with a text layer.

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
        pages, damaged = _read_pages(document, count)
        bookmarks = list(_read_bookmarks(document))
        metadata = document.get_metadata_dict()
    finally:
        document.close()
    lost = drop_unreadable_fonts(pages)
    bare = {page.number for page in pages if not page.lines and not page.sideways}
    if len(bare) == count:
        where = "its only page" if count == 1 else f"any of its {count} pages"
        if len(damaged) == count:
            raise ParseError(f"the PDF is damaged: no text can be loaded from {where}")
        if lost:
            raise ParseError(
                f"no readable text on {where}: its fonts do not say what their characters "
                "mean, and OCR is not available yet"
            )
        raise ParseError(f"no text on {where}: a scan? OCR is not available yet")
    blocks = _lay_out(pages, bookmarks)
    return ParsedDocument(
        title=_choose_title(metadata.get("Title", ""), blocks, path),
        blocks=blocks,
        pages=count,
        empty_pages=tuple(sorted(bare | lost)),
        author=sensible_author(metadata.get("Author", "")),
        date=_iso_date(metadata.get("CreationDate", "")),
    )


def _open(path: Path) -> Any:
    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            raise ParseError("protected by a password: save it without one") from exc
        if exc.err_code == pdfium_c.FPDF_ERR_SECURITY:
            raise ParseError("encrypted in a way that cannot be read: save it without") from exc
        raise ParseError("the PDF is damaged or cut short: it cannot be opened") from exc


def _read_pages(document: Any, count: int) -> tuple[list[PageText], set[int]]:
    """All pages, and the numbers of those that cannot be loaded (they come back empty)."""
    pages: list[PageText] = []
    damaged: set[int] = set()
    for index in range(count):
        try:
            page = document[index]
            try:
                pages.append(read_page(page, index + 1))
            finally:
                page.close()
        except pypdfium2.PdfiumError:
            damaged.add(index + 1)
            pages.append(PageText(index + 1, 0.0, 0.0, 0, [], []))
    return pages, damaged


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


def _lay_out(pages: list[PageText], bookmarks: list[Bookmark]) -> tuple[Block, ...]:
    by_number = {page.number: page for page in pages}
    drop_running_lines(pages)
    ordered = [(page, order_page(page)) for page in pages]
    fonts: Counter[str] = Counter()
    for _, lines in ordered:
        for line in lines:
            fonts[line.font] += len(line.text)
    body_font = fonts.most_common(1)[0][0] if fonts else ""
    blocks: list[TextBlock] = []
    sideways: list[TextBlock] = []
    for page, lines in ordered:
        blocks.extend(group_lines(lines, body_font))
        sideways.extend(group_lines(page.sideways, body_font))
    mark_headings(blocks, bookmarks)
    if blocks and blocks[0].page == pages[0].number:
        mark_title(blocks, pages[0].height)
    blocks = merge_continued(blocks)
    words = count_words([line for page in pages for line in page.lines])

    def locate(line: PrintedLine) -> tuple[float, float, float, float]:
        return by_number[line.page].displayed_box(line)

    # Sideways text (labels of axes, turned tables) comes after its page's text.
    for block in sorted((*blocks, *sideways), key=lambda block: block.page):
        write_text(block, words, locate)
    return tuple(
        Block(block.kind, block.text, tuple(block.lines), block.level)
        for block in sorted((*blocks, *sideways), key=lambda block: block.page)
        if block.text.strip()
    )


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
