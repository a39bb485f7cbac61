"""XLSX: a sheet is a page with its name as heading; blank rows part its tables."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import openpyxl

from assistant.errors import ParseError
from assistant.types import ParsedDocument
from ingestion.dates import day_of
from ingestion.parsers.blocks import BlockList, choose_title, sensible_author
from ingestion.parsers.damage import damage_as_reason
from ingestion.parsers.sheets import CellBudget, Row, add_sheet, value_text
from ingestion.parsers.xlsx_merges import read_merges, spread_merges
from ingestion.zip_guard import check_zip


def parse(path: Path, *, max_pages: int) -> ParsedDocument:
    """Read a workbook: the values that were last computed, not the formulas; hidden sheets
    are left out.

    Raises:
        ParseError: damaged, protected, unsafe, or with too many sheets or cells.
    """
    check_zip(path, "Excel")
    with (
        damage_as_reason("Excel"),
        zipfile.ZipFile(path) as archive,
        warnings.catch_warnings(),
    ):
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
            budget = CellBudget()
            for number, sheet in enumerate(sheets, 1):
                if sheet.sheet_state != "visible":
                    continue
                blocks.page = number
                merges = read_merges(archive, sheet._worksheet_path)
                rows = spread_merges(_read_rows(sheet, budget), merges)
                add_sheet(sheet.title, _without_gaps(rows), blocks)
            core = workbook.properties
        finally:
            workbook.close()
        return ParsedDocument(
            title=choose_title(core.title or "", [], path),
            blocks=tuple(blocks.blocks),
            pages=max(1, len(sheets)),
            empty_pages=blocks.pages_without_text(len(sheets)),
            author=sensible_author(core.creator or ""),
            date=day_of(core.modified, core.created),
        )


def _read_rows(sheet: Any, budget: CellBudget) -> Iterator[Row]:
    sheet.reset_dimensions()  # the size that a file states may be a lie
    for row in sheet.iter_rows():
        cells = {
            index: text
            for index, cell in enumerate(row)
            if cell.value is not None and (text := value_text(cell.value, cell.number_format or ""))
        }
        budget.spend(len(cells), f"in sheet {sheet.title!r}")
        yield cells


def _without_gaps(rows: Iterable[Row]) -> Iterator[Row]:
    """One blank row for any number of them: there may be a million."""
    blank = True
    for row in rows:
        if row or not blank:
            yield row
        blank = not row
