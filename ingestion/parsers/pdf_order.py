"""Which lines of a PDF page are read, and in which order."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ingestion.parsers.pdf_text import PageText, PrintedLine, median_height

MARGIN = 0.10
"""Share of a page's height at its top and at its bottom where running lines stand."""

_PAGE_NUMBER = re.compile(
    r"[-–—\s|]*(?:page\s*|p\.\s*)?(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:/|of|sur|de)\s*\d{1,4})?[-–—\s|]*",
    re.IGNORECASE,
)


def drop_running_lines(pages: Sequence[PageText]) -> None:
    """Remove running headers, footers and page numbers, in place.

    A running line stands in the top or bottom tenth and comes back on other pages with
    other digits. Where most lines come back (slides of one layout, forms), they are
    content, and only page numbers go.
    """
    seen: dict[str, set[int]] = defaultdict(set)
    margin: dict[str, set[int]] = defaultdict(set)
    for page in pages:
        for line in page.lines:
            seen[_mask(line.text)].add(page.number)
            if _in_margin(line, page):
                margin[_mask(line.text)].add(page.number)
    enough = max(2, min(4, round(0.3 * len(pages))))
    lines = sum(len(page.lines) for page in pages)
    repeated = sum(len(seen[_mask(line.text)]) >= enough for page in pages for line in page.lines)
    alike = repeated > 0.6 * lines
    for page in pages:
        running = [
            line
            for line in page.lines
            if not alike
            and _in_margin(line, page)
            and sum(letter.isalpha() for letter in line.text) >= 3
            and len(margin[_mask(line.text)]) >= enough
        ]
        kept = [line for line in page.lines if not any(line is other for other in running)]
        page.lines = _without_page_number(kept, page)
        page.sideways = [line for line in page.sideways if not _is_stamp(line, page)]


def _mask(text: str) -> str:
    return re.sub(r"\d+", "#", text.lower())


def _in_margin(line: PrintedLine, page: PageText) -> bool:
    return line.y1 < MARGIN * page.height or line.y0 > (1 - MARGIN) * page.height


def _without_page_number(lines: list[PrintedLine], page: PageText) -> list[PrintedLine]:
    """A number that stands alone and outermost in the margin is the page's number."""
    if not lines:
        return lines
    outermost = (min(lines, key=lambda line: line.y0), max(lines, key=lambda line: line.y1))
    numbers = [
        line
        for line in outermost
        if _in_margin(line, page)
        and _PAGE_NUMBER.fullmatch(line.text)
        and not any(
            other is not line and min(other.y1, line.y1) - max(other.y0, line.y0) > 1
            for other in lines
        )
    ]
    return [line for line in lines if not any(line is number for number in numbers)]


def _is_stamp(line: PrintedLine, page: PageText) -> bool:
    """Sideways text in the outer margin: an archive's stamp, a publisher's notice."""
    return line.x1 < 0.08 * page.width or line.x0 > 0.92 * page.width


def order_page(page: PageText) -> list[PrintedLine]:
    """The page's lines in reading order.

    Most programs write text in reading order, and no geometry beats theirs; a page whose
    stream jumps upwards or zigzags between columns is ordered by a recursive XY-cut.
    """
    if _disorder(page.lines) > 0.12:
        return xy_cut(page.lines)
    return page.lines


def _disorder(lines: Sequence[PrintedLine]) -> float:
    """Share of consecutive lines that jump up inside a column or zigzag between columns."""
    jumps = 0
    for above, below in itertools.pairwise(lines):
        overlap = min(above.x1, below.x1) - max(above.x0, below.x0)
        if overlap > 0:
            jumps += below.y1 < above.y0 - 1
        else:
            wide = above.x1 - above.x0 > 120 and below.x1 - below.x0 > 120
            jumps += wide and abs(above.y0 - below.y0) < 2
    return jumps / max(1, len(lines) - 1)


def xy_cut(lines: Sequence[PrintedLine], depth: int = 0) -> list[PrintedLine]:
    """Order lines by cutting the page along its widest gaps, columns before rows
    (Nagy and Seth, ICPR 1984)."""
    height = median_height(lines)
    if len(lines) > 1 and depth < 40:
        for parts in (_columns(lines, height), _rows(lines, height)):
            if parts:
                return [line for part in parts for line in xy_cut(part, depth + 1)]
    return sorted(lines, key=lambda line: (round(line.y0 / height), line.x0))


def _columns(lines: Sequence[PrintedLine], height: float) -> list[list[PrintedLine]]:
    """Left and right of the gutter with the most balanced sides, [] where there is none."""
    best: list[list[PrintedLine]] = []
    for middle in _gaps(((line.x0, line.x1) for line in lines), max(6.0, 0.6 * height)):
        left = [line for line in lines if line.x1 <= middle]
        right = [line for line in lines if line.x0 >= middle]
        smaller = min(len(left), len(right))
        if smaller >= 3 and (not best or smaller > min(map(len, best))):
            best = [left, right]
    return best


def _rows(lines: Sequence[PrintedLine], height: float) -> list[list[PrintedLine]]:
    """Above and below the widest horizontal gap, [] where there is none."""
    gaps = _gaps(((line.y0, line.y1) for line in lines), 0.35 * height)
    if not gaps:
        return []
    middle = gaps[0]
    above = [line for line in lines if line.y0 + line.y1 <= 2 * middle]
    below = [line for line in lines if line.y0 + line.y1 > 2 * middle]
    return [above, below] if above and below else []


def _gaps(intervals: Iterable[tuple[float, float]], least: float) -> list[float]:
    """Middles of the gaps in the union of intervals that are wider than `least`, widest
    first."""
    ordered = sorted(intervals)
    gaps = []
    reach = ordered[0][1]
    for start, end in ordered[1:]:
        if start - reach > least:
            gaps.append((start - reach, (reach + start) / 2))
        reach = max(reach, end)
    return [middle for _, middle in sorted(gaps, reverse=True)]
