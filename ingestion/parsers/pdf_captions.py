"""Which caption belongs to a part of a page: a table's or a figure's."""

from __future__ import annotations

import re
from collections import Counter

from ingestion.parsers.pdf_characters import Box
from ingestion.parsers.pdf_text import PageText

CAPTION_DISTANCE = 40.0
TABLE_CAPTION = re.compile(r"(?i)tab(?:le|leau|\.)\s*[\dIVX]")
FIGURE_CAPTION = re.compile(r"(?i)(?:fig(?:ure|\.)|schéma)\s*[\dIVX]")


def is_table(page: PageText, box: Box) -> bool:
    """Whether a table's caption begins right above or right below the box."""
    return any(
        TABLE_CAPTION.match(line.text)
        and line.x1 > box[0]
        and line.x0 < box[2]
        and (
            -CAPTION_DISTANCE - 2 * line.size < line.y1 - box[1] < 4
            or -4 < line.y0 - box[3] < CAPTION_DISTANCE
        )
        for line in page.lines
    )


def is_figure(page: PageText, box: Box) -> bool:
    """Whether the nearest caption is a figure's: the next one below, or the lines right above,
    with no running text in between."""
    if is_table(page, box):
        return False
    lines = [line for line in page.lines if line.x1 > box[0] and line.x0 < box[2]]
    sizes = Counter(line.size for line in page.lines for _ in line.words)
    prose = 0.9 * max(sizes, key=lambda size: sizes[size]) if sizes else 0.0
    below = sorted((line for line in lines if line.y0 > box[3] - 2), key=lambda line: line.y0)
    for line in below:
        if FIGURE_CAPTION.match(line.text):
            return True
        if TABLE_CAPTION.match(line.text) or (
            len(line.words) > 8 and line.size > prose and line.table is None
        ):
            break
    above = sorted((line for line in lines if line.y1 < box[1] + 2), key=lambda line: -line.y1)
    top = box[1] - CAPTION_DISTANCE
    for line in above:
        if line.y1 < top or TABLE_CAPTION.match(line.text):
            break
        if FIGURE_CAPTION.match(line.text):
            return True
        top = line.y0 - line.size
    return False
