"""LaTeX tables as rows of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from ingestion.parsers.latex_source import group_end, read_argument, read_optional

MOST_COLUMNS = 200

_COLUMNS_FIRST = frozenset(("tabularx", "tabulary", "tabu"))
_BORDER = re.compile(
    r"\\begin\s*\{|\\end\s*\{|\\\\\s*(?:\[[^\]]{0,40}\])?|\\tabularnewline\b|\\.|[{&]", re.DOTALL
)
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|hdashline|endhead|endfirsthead|endfoot|endlastfoot)\b"
    r"|\\(?:cline|cmidrule|specialrule|addlinespace)\s*(?:\([^)]{0,20}\))?(?:\[[^\]]{0,40}\])?"
    r"(?:\{[^{}]{0,40}\})?"
)
_MERGED = re.compile(r"\s*\\multi(column|row)\b\*?")


class Renderer(Protocol):
    """What turns LaTeX into text and takes the table."""

    def inline(self, source: str, depth: int) -> str: ...
    def add_table(self, rows: list[list[str]]) -> None: ...


def read_table(name: str, body: str, renderer: Renderer, depth: int) -> None:
    """Add the table that an environment holds.

    Args:
        name: of the environment, "tabular", "longtable", ...
    """
    _, position = read_optional(body, 0)
    for _ in range(2 if name in _COLUMNS_FIRST else 1):
        _, position = read_argument(body, position)
    rows: list[list[str]] = []
    below: dict[int, tuple[str, int]] = {}  # what a cell over several rows leaves to those below
    for cells in _split(_RULES.sub("", body[position:])):
        row: list[str] = []
        for source in cells[:MOST_COLUMNS]:
            text, columns, height = _read_cell(source, renderer, depth)
            column = len(row)
            above, left = below.pop(column, ("", 0))
            if not text and left:
                text = above
                if left > 1:
                    below[column] = above, left - 1
            if height > 1:
                below[column] = text, height - 1
            # A header over several columns stands in each of them.
            row.extend([text, *["" if rows else text] * (columns - 1)])
        rows.append(row[:MOST_COLUMNS])
    renderer.add_table(rows)


def _split(body: str) -> Iterator[list[str]]:
    """The sources of the cells of each row."""
    cells: list[str] = []
    start = position = nested = 0
    while match := _BORDER.search(body, position):
        position = match.end()
        sign = match.group()
        if sign == "{":
            position = group_end(body, match.start()) + 1
        elif sign.startswith(("\\begin", "\\end")):
            nested += 1 if sign.startswith("\\begin") else -1
        elif nested <= 0 and sign == "&":
            cells.append(body[start : match.start()])
            start = position
        elif nested <= 0 and sign.startswith(("\\\\", "\\tabularnewline")):
            yield [*cells, body[start : match.start()]]
            cells, start = [], position
    if cells or body[start:].strip():
        yield [*cells, body[start:]]


def _read_cell(source: str, renderer: Renderer, depth: int) -> tuple[str, int, int]:
    """Text, columns and rows of a cell."""
    columns = rows = 1
    for _ in range(4):  # \multicolumn{2}{c}{\multirow{2}{*}{text}}
        match = _MERGED.match(source)
        if match is None:
            break
        _, position = read_optional(source, match.end())
        number, position = read_argument(source, position)
        _, position = read_optional(source, position)
        _, position = read_argument(source, position)
        _, position = read_optional(source, position)
        source, _ = read_argument(source, position)
        count = int(number) if number.strip().isdecimal() and len(number) < 4 else 1
        if match.group(1) == "column":
            columns = max(1, min(count, MOST_COLUMNS))
        else:
            rows = max(1, count)
    return renderer.inline(source, depth).strip(), columns, rows
