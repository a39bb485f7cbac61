"""Tables without lines: rows of short pieces that stand below each other in columns."""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Sequence

from ingestion.parsers.pdf_captions import is_figure, is_table
from ingestion.parsers.pdf_characters import Box, Word
from ingestion.parsers.pdf_pieces import (
    Baseline,
    Piece,
    box_around,
    find_baselines,
    find_gutters,
    split_pieces,
)
from ingestion.parsers.pdf_text import PageText

COLUMN_GAP = 0.9
"""In font sizes: at least this far apart stand words of two columns without a line between."""
MOST_WORDS_A_PIECE = 7
"""Text with more words between two gaps is prose."""
_NO_CELL = re.compile(r"\.{4,}|(?:\. ){4,}|@")


def aligned_boxes(page: PageText) -> list[Box]:
    """Around rows of short pieces that stand below each other in columns."""
    lines = [line for line in page.lines if line.table is None]
    rows = read_across([word for line in lines for word in line.words])
    chains: list[list[Baseline]] = []
    for row in rows:
        for part in _without_prose(row):
            chain = next((c for c in chains if _continues(c, part)), None)
            if chain is not None:
                chain.append(part)
            elif len(part) > 1:
                chains.append([part])
    boxes = []
    for chain in chains:
        box = _box_of(chain)
        if _stand_in_columns(chain, captioned=is_table(page, box)) and not (
            is_figure(page, box) or _is_byline(chain, page)
        ):
            boxes.append(box)
    return boxes


def _without_prose(row: Baseline) -> list[Baseline]:
    """Runs of short pieces between the long ones, which are lines of running text."""
    return [
        list(pieces)
        for prose, pieces in itertools.groupby(
            row, key=lambda piece: len(piece.words) > MOST_WORDS_A_PIECE or len(piece.text) > 45
        )
        if not prose
    ]


def _continues(chain: Sequence[Baseline], part: Baseline) -> bool:
    last = chain[-1]
    size = max(last[0].size, part[0].size)
    step = part[0].middle - last[0].middle
    if not 0 < step < (3.5 if len(chain) == 1 else 2.2) * size:  # more below a header
        return False
    if len(part) < 2 and not _goes_on(chain, part[0]):
        return False
    x0, x1 = min(row[0].x0 for row in chain), max(row[-1].x1 for row in chain)
    shared = min(x1, part[-1].x1) - max(x0, part[0].x0)
    return shared > 0.5 * min(x1 - x0, part[-1].x1 - part[0].x0)


def _goes_on(chain: Sequence[Baseline], piece: Piece) -> bool:
    """Whether a lonely piece is the second line of a cell, not of the first column."""
    last = chain[-1]
    return (
        len(last) > 1
        and piece.size <= 1.05 * last[0].size
        and piece.middle - last[0].middle < 1.7 * last[0].size
        and piece.x0 > last[0].x1
        and not all(word.bold for word in piece.words)
    )


def _box_of(chain: Sequence[Baseline]) -> Box:
    x0, y0, x1, y1 = box_around(piece for row in chain for piece in row)
    return (x0 - 1, y0 - 1, x1 + 1, y1 + 1)


def _stand_in_columns(chain: Sequence[Baseline], *, captioned: bool) -> bool:
    """Whether rows are enough, and their pieces begin, end or are centred below each other."""
    rows = [row for row in chain if len(row) > 1]
    pieces = [piece for row in rows for piece in row]
    columns = statistics.median(len(row) for row in rows)
    enough = len(rows) >= (2 if columns >= 4 or captioned else 3)
    if not enough or columns < (2 if captioned else 3):
        return False
    if statistics.mean(len(piece.words) for piece in pieces) > 4.5:
        return False
    if any(_NO_CELL.search(piece.text) for piece in pieces):
        return False
    gutters = find_gutters(rows)
    if len(gutters) < columns - 1:
        return False
    aligned = 0
    for left, right in itertools.pairwise([-1e9, *gutters, 1e9]):
        column = [piece for piece in pieces if left < (piece.x0 + piece.x1) / 2 < right]
        spreads = (
            _spread([piece.x0 for piece in column]),
            _spread([piece.x1 for piece in column]),
            _spread([piece.x0 + piece.x1 for piece in column]) / 2,
        )
        aligned += len(column) > 1 and min(spreads) < 2.5
    return aligned >= 0.7 * (len(gutters) + 1)


def _spread(values: Sequence[float]) -> float:
    """Mean distance from the median."""
    if not values:
        return 0.0
    middle = statistics.median(values)
    return statistics.mean(abs(value - middle) for value in values)


def _is_byline(chain: Sequence[Baseline], page: PageText) -> bool:
    """The names and addresses above an abstract stand in columns too, but are no numbers."""
    texts = [piece.text for row in chain for piece in row]
    numbers = sum(text[0].isdigit() for text in texts)
    return page.number == 1 and _box_of(chain)[3] < 0.4 * page.height and numbers < len(texts) / 4


def read_across(words: Sequence[Word], gap: float = COLUMN_GAP) -> list[Baseline]:
    """All words at one height as one baseline, parted at wide gaps."""
    rows = find_baselines([Piece([word]) for word in words])
    return [split_pieces([word for piece in row for word in piece.words], gap) for row in rows]
