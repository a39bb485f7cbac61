"""What stands beside the running text of a paper: footnotes, and the list of references."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from assistant.types import BlockKind
from ingestion.parsers.pdf_blocks import TextBlock, begins_with_mark
from ingestion.parsers.pdf_rulings import Rule
from ingestion.parsers.pdf_text import PageText, PrintedLine

SMALLER = 0.96
"""Footnotes are set in at most this share of the body's size."""
_SHORTEST_RULE, _LONGEST_RULE = 30.0, 0.45
"""Of the line above footnotes: points, and share of the page's width."""
_RUNNING = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
_REFERENCES = re.compile(
    r"(?:\d{1,2}\.?\s+|[IVX]+\.\s+)?(?:references|bibliography|literature cited|works cited|"
    r"bibliographie|r[ée]f[ée]rences(?: bibliographiques)?)\W*",
    re.IGNORECASE,
)
_ENTRY_MARKS = (
    re.compile(r"\[[\w+.,’' -]{1,24}\]"),
    re.compile(r"\(\d{1,3}\)\s"),
    re.compile(r"\d{1,3}\.(?:\s|$)"),
)
HANGING = 4.0
"""Points by which the further lines of an entry are set in."""


def mark_footnotes(blocks: Sequence[TextBlock], page: PageText, body_size: float) -> None:
    """Mark a page's footnotes, in place: small type below a short line, or small type at the
    bottom that begins with a raised mark."""
    small = SMALLER * body_size
    for rule in page.rulings.horizontal:
        if rule.at > 0.35 * page.height and (
            _SHORTEST_RULE <= rule.length <= _LONGEST_RULE * page.width
        ):
            below = [block for block in blocks if _stands_below(block, rule)]
            if all(block.kind in _RUNNING and block.size < small for block in below) and (
                _read_as_notes(below, rule)
            ):
                _mark(below)
    noted = False
    for block in sorted(blocks, key=lambda block: -block.printed[-1].y1):
        lowest = block.printed[0].y0 > 0.6 * page.height
        if not (lowest and block.kind in (*_RUNNING, BlockKind.FOOTNOTE) and block.size < small):
            if noted:
                break
            continue
        if begins_with_mark(block.printed[0]) and not block.printed[0].words[-1].typed:
            _mark([block])  # a listing with its numbers looks alike but for the font
            noted = True


def _stands_below(block: TextBlock, rule: Rule) -> bool:
    first = block.printed[0]
    return first.y1 > rule.at + 1 and rule.start - 12 <= first.x0 < rule.end


def _read_as_notes(blocks: Sequence[TextBlock], rule: Rule) -> bool:
    """Whether what stands below a line is text right below its left end, not the labels of a
    drawing or the lines of a listing."""
    if not blocks:
        return False
    lines = [line for block in blocks for line in block.printed]
    first = min(lines, key=lambda line: line.y0)
    words = [word for line in lines for word in line.words]
    return (
        first.y0 - rule.at < 2 * first.size
        and first.x0 - rule.start < 2.5 * first.size
        and (len(words) >= 6 * len(blocks) or begins_with_mark(first))
        and sum(word.typed for word in words) <= 0.5 * len(words)
    )


def _mark(blocks: Sequence[TextBlock]) -> None:
    for block in blocks:
        block.kind = BlockKind.FOOTNOTE


def split_references(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """The blocks, with one block for each entry of the list of references, which reaches from
    its heading to the next heading."""
    result: list[TextBlock] = []
    entries: list[TextBlock] = []
    listing = False
    for block in blocks:
        heading = block.level > 0 or _REFERENCES.fullmatch(block.joined) is not None
        if heading:
            result.extend(_split_entries(entries))
            entries = []
            listing = _REFERENCES.fullmatch(block.joined) is not None
        if listing and not heading and block.kind in _RUNNING:
            entries.append(block)
        else:
            result.append(block)
    return [*result, *_split_entries(entries)]


def _split_entries(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    lines = [line for block in blocks for line in block.printed]
    starts = _marked(lines) or _outdented(lines)
    if not starts:
        for block in blocks:
            block.kind = BlockKind.REFERENCE
        return list(blocks)
    entries: list[TextBlock] = []
    for line in lines:
        if id(line) in starts or not entries:
            entries.append(TextBlock([line], BlockKind.REFERENCE))
        else:
            entries[-1].printed.append(line)
    return entries


def _marked(lines: Sequence[PrintedLine]) -> set[int]:
    """Ids of the lines that begin with a mark like [7], where the first one does."""
    for mark in _ENTRY_MARKS:
        starts = {id(line) for line in lines if mark.match(line.text)}
        if len(starts) > 2 and mark.match(lines[0].text):
            return starts
    return set()


def _outdented(lines: Sequence[PrintedLine]) -> set[int]:
    """Ids of the lines at their column's left edge, where many others are set in from it."""
    edges: Counter[tuple[int, int]] = Counter()
    for line in lines:
        edges[line.page, round(line.x0)] += 1
    starts = set()
    for line in lines:
        near = [
            x for (page, x), count in edges.items() if page == line.page and -40 < x - line.x0 < -2
        ]
        if not any(edges[line.page, x] > 1 and line.x0 - x >= HANGING for x in near):
            starts.add(id(line))
    return starts if 2 < len(starts) < 0.75 * len(lines) else set()
