"""What all spreadsheets share: rows of cells become tables under the sheet's name."""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from assistant.errors import ParseError
from assistant.types import BlockKind
from ingestion.parsers.blocks import BlockList

MOST_CELLS = 200_000
"""Filled cells of a file. More is a database, not a document."""
MOST_HEADER_ROWS = 3
MOST_CAPTION_CHARS = 300
"""Longer remarks above a table are paragraphs."""

Row = dict[int, str]
"""Text by column; empty cells are absent."""


class CellBudget:
    """How many cells of a file may still be filled."""

    def __init__(self) -> None:
        self._left = MOST_CELLS

    def spend(self, cells: int, place: str) -> None:
        """
        Args:
            place: where they stand, for the message.
        Raises:
            ParseError: there are more than `MOST_CELLS`.
        """
        self._left -= cells
        if self._left < 0:
            raise ParseError(
                f"more than {MOST_CELLS} filled cells ({place}): save the part that is to be "
                "found as a file of its own"
            )


def value_text(value: object, number_format: str) -> str:
    """A value as it is read: numbers with the percent sign or currency of their format, days as in
    ISO 8601."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        if "%" in number_format:
            return f"{value * 100:.10g}%"
        return f"{value:.15g} {_currency(number_format)}".rstrip()
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    return str(value).strip()


def _currency(number_format: str) -> str:
    """'[$CHF-807] #,##0' -> 'CHF', '"$"#,##0' -> '$', '#,##0 €' -> '€', else ''."""
    if stated := re.search(r"\[\$([^\]\-]{1,5})", number_format):
        return stated.group(1).strip()
    sign = re.search(r"[€£¥]|(?<=\")\$(?=\")|^\\?\$(?=[#0])", number_format)
    return sign.group().removeprefix("\\") if sign else ""


def add_sheet(name: str, rows: Iterable[Row], blocks: BlockList) -> None:
    """Add a sheet's tables under its name as heading; nothing where it has no filled cell.

    Args:
        name: "" for no heading.
        rows: an empty one wherever rows of the sheet are blank.
    """
    tables = list(_split_tables(rows))
    if tables and name:
        blocks.add_heading(name, 1)
    above: list[Row] = []
    for table in tables:
        if all(map(_is_single, table)):
            above.extend(table)
        else:
            _add_table([*above, *table], blocks)
            above.clear()
    for row in above:
        blocks.add(BlockKind.PARAGRAPH, next(iter(row.values())))


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
    """Rows of a single cell before the table are its caption, those behind it its notes."""
    first = sum(1 for _ in itertools.takewhile(_is_single, rows))
    last = len(rows)
    while last > first + 2 and _is_note(rows[last - 1]):
        last -= 1
    above = [next(iter(row.values())) for row in rows[:first]]
    if sum(map(len, above)) <= MOST_CAPTION_CHARS and first < last:
        blocks.add(BlockKind.CAPTION, "\n".join(above))
    else:
        for text in above:
            blocks.add(BlockKind.PARAGRAPH, text)
    table = rows[first:last]
    columns = sorted({column for row in table for column in row})
    cells = [[row.get(column, "") for column in columns] for row in table]
    headers = sum(1 for _ in itertools.takewhile(lambda row: not _has_number(row), table))
    # Only rows that say less than the last header row are spread over its columns.
    said = [len(set(row.values())) for row in table[:headers]]
    spread = all(number < said[-1] for number in said[:-1])
    if 1 < headers <= MOST_HEADER_ROWS and headers < len(table) and spread:
        stacked = zip(*cells[:headers], strict=True)
        joined = [" ".join(dict.fromkeys(filter(None, column))) for column in stacked]
        cells[:headers] = [joined]
    blocks.add_table(cells)
    for row in rows[last:]:
        blocks.add(BlockKind.PARAGRAPH, next(iter(row.values())))


def _is_single(row: Row) -> bool:
    return len(row) == 1


def _is_note(row: Row) -> bool:
    """'(a) Without interest.', '* estimated', 'Source: ...'"""
    return _is_single(row) and bool(_NOTE.match(next(iter(row.values()))))


_NOTE = re.compile(r"\(?[a-z0-9]{1,2}\)|[*†‡]|(?:sources?|notes?|n\.b\.)\s*:", re.IGNORECASE)
_NUMBER = re.compile(
    r"[-+(]?[€£$¥]?\s?\d[\d\s.,']*(?:e[+-]?\d+)?\)?\s?(?:%|[€£$¥]|[A-Z]{3})?", re.IGNORECASE
)

_YEAR = re.compile(r"(?:19|20)\d\d")


def _has_number(row: Row) -> bool:
    """A year may head a column."""
    return any(
        len(text) < 40 and _NUMBER.fullmatch(text) and not _YEAR.fullmatch(text)
        for text in row.values()
    )
