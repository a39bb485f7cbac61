"""Pages of printed lines become blocks: what all that is printed shares, PDF or picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistant.types import Block
from ingestion.parsers.pdf_blocks import (
    TextBlock,
    count_words,
    group_lines,
    merge_continued,
    write_text,
)
from ingestion.parsers.pdf_characters import Box
from ingestion.parsers.pdf_headings import Bookmark, mark_headings, mark_title
from ingestion.parsers.pdf_notes import mark_footnotes, split_references
from ingestion.parsers.pdf_order import drop_running_lines, order_page
from ingestion.parsers.pdf_tables import take_tables
from ingestion.parsers.pdf_text import PageText, PrintedLine


def lay_out(pages: list[PageText], bookmarks: list[Bookmark]) -> tuple[Block, ...]:
    """The blocks of a document in reading order. Changes the pages.

    Args:
        bookmarks: the PDF's outline, of which the headings are believed first.
    """
    by_number = {page.number: page for page in pages}
    drop_running_lines(pages)
    for page in pages:
        take_tables(page)
    ordered = [(page, order_page(page)) for page in pages]
    body_font, body_size = _find_body([line for _, lines in ordered for line in lines])
    blocks: list[TextBlock] = []
    sideways: list[TextBlock] = []
    for page, lines in ordered:
        grouped = group_lines(lines, body_font)
        mark_footnotes(grouped, page, body_size)
        blocks.extend(grouped)
        sideways.extend(group_lines(page.sideways, body_font))
    mark_headings(blocks, bookmarks)
    if blocks and blocks[0].page == pages[0].number:
        mark_title(blocks, pages[0].height)
    blocks = merge_continued(split_references(blocks))
    words = count_words([line for page in pages for line in page.lines])

    def locate(page: int, box: Box) -> Box:
        return by_number[page].displayed_box(box)

    # Sideways text (labels of axes, turned tables) comes after its page's text.
    for block in sorted((*blocks, *sideways), key=lambda block: block.page):
        write_text(block, words, locate)
    return tuple(
        Block(block.kind, block.text, tuple(block.lines), block.level)
        for block in sorted((*blocks, *sideways), key=lambda block: block.page)
        if block.text.strip()
    )


def _find_body(lines: Sequence[PrintedLine]) -> tuple[str, float]:
    """Font and size of most letters."""
    fonts: Counter[str] = Counter()
    sizes: Counter[float] = Counter()
    for line in lines:
        fonts[line.font] += len(line.text)
        sizes[line.size] += len(line.text)
    if not lines:
        return "", 0.0
    return fonts.most_common(1)[0][0], sizes.most_common(1)[0][0]
