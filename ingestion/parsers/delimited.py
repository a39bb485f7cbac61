"""CSV and TSV: one table; the delimiter and the encoding are found out."""

from __future__ import annotations

import csv
import io
import itertools
import re
from pathlib import Path

from assistant.errors import ParseError
from assistant.types import ParsedDocument
from ingestion.parsers.blocks import BlockList, title_from_name
from ingestion.parsers.encoding import decode_text
from ingestion.parsers.sheets import CellBudget, Row, add_sheet

DELIMITERS = ",;\t|"
MOST_COLUMNS = 16_384
"""As many as a spreadsheet has."""
MOST_CELL_CHARS = 2**20
SAMPLE_ROWS = 50

_STATED = re.compile(r"\Asep=([,;\t|])[ \t]*(?:\r\n?|\n)", re.IGNORECASE)


def parse(path: Path, *, max_pages: int) -> ParsedDocument:  # noqa: ARG001 - the protocol
    """Read a file of delimited values. Its first row is taken for the header.

    Raises:
        ParseError: the bytes are no text, or there are too many cells.
    """
    text = decode_text(path.read_bytes()).removeprefix("\ufeff")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ""
    if stated := _STATED.match(text):  # written by Excel
        delimiter, text = stated.group(1), text[stated.end() :]
    rows = _read_rows(text, delimiter or find_delimiter(text))
    blocks = BlockList()
    add_sheet("", rows, blocks)
    return ParsedDocument(title=title_from_name(path.name), blocks=tuple(blocks.blocks))


def find_delimiter(text: str) -> str:
    """The sign that parts the first rows most evenly into the most cells; "," where none does."""
    lines = list(itertools.islice(io.StringIO(text[:65_536], newline=""), SAMPLE_ROWS))
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        wide = [width for width in widths if width > 1]
        if wide:
            usual = max(sorted(set(wide)), key=wide.count)
            score = wide.count(usual) / len(widths) * min(usual, 5)
            if score > best_score:
                best, best_score = delimiter, score
    return best


def _read_rows(text: str, delimiter: str) -> list[Row]:
    budget = CellBudget()
    rows: list[Row] = []
    csv.field_size_limit(MOST_CELL_CHARS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return rows
        except csv.Error as exc:
            raise ParseError(
                f"damaged in line {reader.line_num} ({exc}): is a quotation mark left open?"
            ) from exc
        if len(values) > MOST_COLUMNS:
            raise ParseError(
                f"{len(values)} columns in line {reader.line_num}, {MOST_COLUMNS} allowed: save "
                "the part that is to be found as a file of its own"
            )
        cells = {
            column: cell for column, value in enumerate(values) if (cell := value.strip(" \t"))
        }
        budget.spend(len(cells), f"up to line {reader.line_num}")
        if cells or (rows and rows[-1]):
            rows.append(cells)
