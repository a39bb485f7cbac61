"""PDF pages that are pictures: which they are, and what recognition reads on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium_c

from ingestion.parsers.ocr import PageReader, RecognisedPage, even_out_sizes, rendering_scale
from ingestion.parsers.pace import Pace

PICTURED_SHARE = 0.6
"""Of a page's area that one image covers: what little text there is may be a stamp on a scan."""
FEW_LETTERS = 200
MOST_OBJECTS = 200


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


def recognise_pages(
    document: Any, numbers: Sequence[int], pace: Pace
) -> tuple[dict[int, RecognisedPage], str]:
    """Recognise pages of an open document, first to last, while there is time.

    Returns:
        (what was read by page number, why pages were left out or "").
    """
    read: dict[int, RecognisedPage] = {}
    with PageReader(pace) as reader:
        for number in numbers:
            if not reader.has_time():
                break
            try:
                page = document[number - 1]
            except pypdfium2.PdfiumError:
                continue
            try:
                recognised = _recognise(page, number, reader)
            finally:
                page.close()
            if recognised is not None:
                read[number] = recognised
        pace.tell(recognising=False)
        even_out_sizes([page.text for page in read.values()])
        return read, reader.reason if numbers else ""


def _recognise(page: Any, number: int, reader: PageReader) -> RecognisedPage | None:
    width, height = page.get_size()
    scale = rendering_scale(width, height)
    if not scale:
        return None
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        image = np.ascontiguousarray(bitmap.to_numpy())
        return reader.read(image, number, width, height)
    finally:
        bitmap.close()
