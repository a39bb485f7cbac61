"""Tables with cells that reach over several rows or columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_COLUMNS = 200
MOST_HEIGHT = 1000


@dataclass(frozen=True, slots=True)
class Cell:
    """`columns` and `rows` say how far it reaches; a file may state any number."""

    text: str
    columns: int = 1
    rows: int = 1
    is_header: bool = False


def lay_out(rows: Iterable[Sequence[Cell]]) -> list[list[str]]:
    """Rows of texts in which every column stays a column.

    The text of a cell that reaches down stands in each of its rows, so that a row keeps its
    meaning when a table is divided; so does that of a header over several columns. Other
    cells over several columns are followed by empty ones.
    """
    laid: list[list[str]] = []
    hanging: dict[int, tuple[str, int]] = {}  # column -> text and the rows it still fills
    for row in rows:
        texts: list[str] = []
        waiting = list(reversed(row))
        below: dict[int, tuple[str, int]] = {}
        last = max(hanging, default=-1)
        while (waiting or len(texts) <= last) and len(texts) < MOST_COLUMNS:
            column = len(texts)
            if column in hanging:
                text, left = hanging.pop(column)
                texts.append(text)
                if left > 1:
                    below[column] = text, left - 1
            elif waiting:
                cell = waiting.pop()
                for offset in range(max(1, min(cell.columns, MOST_COLUMNS - column))):
                    texts.append(cell.text if not offset or cell.is_header else "")
                    if cell.rows > 1:
                        left = min(cell.rows, MOST_HEIGHT) - 1
                        below[column + offset] = texts[-1], left
            else:
                texts.append("")
        hanging = below
        laid.append(texts)
    return laid
