"""Merged cells of a worksheet, whose text openpyxl gives only for the first one."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator

from openpyxl.utils import column_index_from_string

from ingestion.parsers.sheets import Row

MOST_MERGES = 20_000
MOST_ROWS, MOST_COLUMNS = 1000, 200
"""Larger ones paint an area; they give no cell its meaning."""

_MERGE = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_BLOCK = 2**20

Merges = dict[tuple[int, int], tuple[int, int]]
"""(row, column) of the first cell, both from 0 -> how many rows and columns it covers."""


def read_merges(archive: zipfile.ZipFile, entry: str) -> Merges:
    """The merged ranges that a worksheet's XML states, absurd ones left out."""
    merges: Merges = {}
    tail = b""
    with archive.open(entry) as stream:
        while block := stream.read(_BLOCK):
            seen = tail + block
            for match in _MERGE.finditer(seen):
                left, right = (column_index_from_string(match[n].decode()) for n in (1, 3))
                top, bottom = int(match[2]), int(match[4])
                size = bottom - top + 1, right - left + 1
                if 0 < size[0] <= MOST_ROWS and 0 < size[1] <= MOST_COLUMNS:
                    merges[top - 1, left - 1] = size
            if len(merges) > MOST_MERGES:
                return {}
            tail = seen[-100:]
    return merges


def spread_merges(rows: Iterable[Row], merges: Merges) -> Iterator[Row]:
    """The same rows with a merged cell's text in each row that it reaches, and in each column
    where it does not stand alone in its row (then it is a title over the table).

    Args:
        rows: of a whole sheet, blank ones too.
    """
    hanging: dict[int, tuple[str, int]] = {}  # column -> text and the rows it still fills
    for number, row in enumerate(rows):
        if not (hanging or (row and merges)):
            yield row
            continue
        spread = dict(row)
        if row:
            spread |= {column: text for column, (text, _) in hanging.items() if column not in row}
        hanging = {column: (text, left - 1) for column, (text, left) in hanging.items() if left > 1}
        for column, text in row.items():
            height, width = merges.get((number, column), (1, 1))
            if len(row) > 1:
                spread |= {column + offset: text for offset in range(1, width)}
            if height > 1:
                reached = range(column, column + width)
                hanging |= {one: (text, height - 1) for one in reached if spread.get(one) == text}
        yield dict(sorted(spread.items()))
