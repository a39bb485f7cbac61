"""PDF pages that are pictures: which they are, and what recognition reads on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium_c

from ingestion.parsers.ocr import (
    DPI,
    Greys,
    PageReader,
    Recognised,
    RecognisedPage,
    even_out_sizes,
    is_blank,
    rendering_scale,
)
from ingestion.parsers.pace import Pace
from ingestion.parsers.pdf_characters import Key, read_glyphs
from ingestion.parsers.pdf_cipher import Cipher
from ingestion.parsers.pdf_text import PageText, Unreadable, read_page

PICTURED_SHARE = 0.6
"""Of a page's area that one image covers: what little text there is may be a stamp on a scan."""
FEW_LETTERS = 200
MOST_OBJECTS = 200
SOLVED_DPI = 200
"""Letters that the file draws are as well recognised as at 300 dpi, in four fifths of the time."""


def is_pictured(page: Any, letters: int) -> bool:
    """Whether a loaded page with so few `letters` of text is in truth a scan."""
    if letters >= FEW_LETTERS:
        return False
    width, height = page.get_size()
    for index in range(min(MOST_OBJECTS, pdfium_c.FPDFPage_CountObjects(page))):
        thing = pdfium_c.FPDFPage_GetObject(page, index)
        if pdfium_c.FPDFPageObj_GetType(thing) == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            edges = [pdfium_c.FS_FLOAT() for _ in range(4)]
            if pdfium_c.FPDFPageObj_GetBounds(thing, *edges):
                left, bottom, right, top = (edge.value for edge in edges)
                if (right - left) * (top - bottom) >= PICTURED_SHARE * width * height:
                    return True
    return False


@dataclass(frozen=True, slots=True)
class Recognition:
    """`pages` by their numbers; `blank` has nothing on it, `undrawable` a size that no picture
    can have; `obstacle` is why others were left out, or ""."""

    pages: dict[int, RecognisedPage]
    blank: frozenset[int]
    undrawable: frozenset[int]
    obstacle: str


def recognise_pages(
    document: Any, numbers: Sequence[int], pace: Pace, unreadable: Unreadable
) -> Recognition:
    """Recognise pages of an open document, first to last, while there is time; of the unreadable
    ones no more than it takes to read their text after all (see `Cipher`)."""
    read: dict[int, RecognisedPage] = {}
    reading: dict[int, Recognised] = {}
    solved: dict[int, float] = {}
    blank: set[int] = set()
    undrawable: set[int] = set()
    cipher = Cipher()
    with PageReader(pace) as reader:
        for number in numbers:
            if not reader.has_time():
                break
            try:
                page = document[number - 1]
            except pypdfium2.PdfiumError:
                continue
            try:
                width, height = page.get_size()
                scale = rendering_scale(width, height)
                if not scale:
                    undrawable.add(number)
                    continue
                if number in unreadable.pages:
                    glyphs = read_glyphs(page, unreadable.fonts)
                    coarser = max(scale * SOLVED_DPI / DPI, min(scale, SOLVED_DPI / 72))
                    drawn = _draw(page, coarser)
                    if agreement := cipher.solve(glyphs, drawn, width, reader):
                        solved[number] = agreement
                        continue
                image = _draw(page, scale)
            finally:
                page.close()
            if is_blank(image):
                blank.add(number)
            else:
                reading[number] = reader.read_beside(image, number, width, height)
        for number, recognised in reading.items():
            if (found := recognised()) is not None:
                read[number] = found
        pace.tell(recognising=False)
        even_out_sizes([page.text for page in read.values()])
        key = Key(unreadable.fonts, cipher.meanings)
        for number, agreement in solved.items():
            read[number] = RecognisedPage(_read_by(key, document, number), agreement)
        obstacle = reader.reason if numbers else ""
        pages = {number: read[number] for number in sorted(read)}
        return Recognition(pages, frozenset(blank), frozenset(undrawable), obstacle)


def _read_by(key: Key, document: Any, number: int) -> PageText:
    page = document[number - 1]
    try:
        return read_page(page, number, key)
    finally:
        page.close()


def _draw(page: Any, scale: float) -> Greys:
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        return bitmap.to_numpy().squeeze().copy()  # type: ignore[no-any-return]
    finally:
        bitmap.close()
