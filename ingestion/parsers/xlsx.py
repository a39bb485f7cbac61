"""XLSX: a sheet is a page with its name as heading; blank rows part its tables."""

from __future__ import annotations

import datetime
import itertools
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from assistant.errors import ParseError
from assistant.types import BlockKind, ParsedDocument
from ingestion.parsers.blocks import BlockList, choose_title, sensible_author
from ingestion.zip_guard import check_zip

MOST_CELLS = 200_000
"""Filled cells of a workbook. More is a database, not a document."""
MOST_HEADER_ROWS = 3

Row = dict[int, str]
"""Text by column; empty cells are absent."""


def parse(path: Path, *, max_pages: int) -> ParsedDocument:
    """Read a workbook: the values that were last computed, not the formulas.

    Raises:
        ParseError: damaged, protected, unsafe, or with too many sheets or cells.
    """
    check_zip(path, "Excel")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of extensions that openpyxl does not keep on saving
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            sheets = workbook.worksheets
            if len(sheets) > max_pages:
                raise ParseError(
                    f"{len(sheets)} sheets, more than the {max_pages} allowed "
                    "(setting ingest.max_pages)"
                )
            blocks = BlockList()
            left = MOST_CELLS
            for number, sheet in enumerate(sheets, 1):
                blocks.page = number
                left = _read_sheet(sheet, blocks, left)
            core = workbook.properties
        finally:
            workbook.close()
    return ParsedDocument(
        title=choose_title(core.title or "", [], path),
        blocks=tuple(blocks.blocks),
        pages=max(1, len(sheets)),
        empty_pages=blocks.pages_without_text(len(sheets)),
        author=sensible_author(core.creator or ""),
        date=core.created.date().isoformat() if core.created else "",
    )


def _read_sheet(sheet: Any, blocks: BlockList, left: int) -> int:
    """Add the sheet's tables; how many cells may still be filled.

    Raises:
        ParseError: more than `left`.
    """
    sheet.reset_dimensions()  # the size that a file states may be a lie
    rows: list[Row] = []
    for row in sheet.iter_rows():
        cells = {
            index: text
            for index, cell in enumerate(row)
            if cell.value is not None and (text := _cell_text(cell))
        }
        left -= len(cells)
        if left < 0:
            raise ParseError(
                f"more than {MOST_CELLS} filled cells (in sheet {sheet.title!r}): save the part "
                "that is to be found as a file of its own"
            )
        if cells or (rows and rows[-1]):
            rows.append(cells)
    tables = list(_split_tables(rows))
    if tables:
        blocks.add_heading(sheet.title, 1)
    for table in tables:
        _add_table(table, blocks)
    return left


def _split_tables(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Runs of filled rows; a header with a blank row below it stays with its table."""
    runs = [list(group) for filled, group in itertools.groupby(rows, key=bool) if filled]
    for above, below in itertools.pairwise([[], *runs]):
        header = list(itertools.dropwhile(lambda row: len(row) == 1, above))
        wide = [set(row) for row in below if len(row) > 1]
        if (
            0 < len(header) <= MOST_HEADER_ROWS
            and not any(_has_number(row) for row in header)
            and wide
            and len(set().union(*header) & set().union(*wide)) > 1
        ):
            below[:0] = above
            above.clear()
        if above:
            yield above
    if runs:
        yield runs[-1]


def _add_table(rows: Sequence[Row], blocks: BlockList) -> None:
    """Rows of a single cell before the table are its title and remarks."""
    for row in itertools.takewhile(lambda row: len(row) == 1, rows):
        blocks.add(BlockKind.PARAGRAPH, next(iter(row.values())))
    table = list(itertools.dropwhile(lambda row: len(row) == 1, rows))
    columns = sorted({column for row in table for column in row})
    cells = [[row.get(column, "") for column in columns] for row in table]
    headers = sum(1 for _ in itertools.takewhile(lambda row: not _has_number(row), table))
    # Only rows with fewer cells than the last header row are spread over its columns.
    spread = all(len(row) < len(table[headers - 1]) for row in table[: headers - 1])
    if 1 < headers <= MOST_HEADER_ROWS and headers < len(table) and spread:
        joined = [" ".join(filter(None, column)) for column in zip(*cells[:headers], strict=True)]
        cells[:headers] = [joined]
    blocks.add_table(cells)


def _has_number(row: Row) -> bool:
    return any(re.fullmatch(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?%?", text) for text in row.values())


def _cell_text(cell: Any) -> str:
    value = cell.value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        if "%" in (cell.number_format or ""):
            return f"{value * 100:.10g}%"
        return f"{value:.15g}"
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    return str(value).strip()
