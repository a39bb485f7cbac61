"""From a span of characters to its place on the page."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

from assistant.letter_widths import AVERAGE, text_width
from assistant.types import Box, Line


@dataclass(frozen=True, slots=True)
class LineMap:
    """Finds page and boxes of a span. `lines` have ascending offsets into one text of
    `length` characters, of which `text` are those before `length`."""

    lines: tuple[Line, ...]
    length: int
    text: str = ""
    _offsets: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_offsets", tuple(line.offset for line in self.lines))

    def page(self, offset: int) -> int:
        return self.lines[max(0, bisect.bisect_right(self._offsets, offset) - 1)].page

    def boxes(self, start: int, end: int) -> list[Box]:
        """One rectangle a line, cut where the widths of its letters say that the span lies."""
        found = []
        first = max(0, bisect.bisect_right(self._offsets, start) - 1)
        for index in range(first, len(self.lines)):
            line = self.lines[index]
            if line.offset >= end:
                break
            if line.box is None:
                continue
            stop = self._offsets[index + 1] if index + 1 < len(self.lines) else self.length
            width = max(1, self._width(line.offset, stop))
            left = self._width(line.offset, max(line.offset, start), trailing=True) / width
            right = min(1.0, self._width(line.offset, min(stop, end)) / width)
            if right <= left:
                continue
            x0, y0, x1, y1 = line.box
            found.append(
                Box(
                    page=line.page,
                    x0=round(x0 + left * (x1 - x0), 2),
                    y0=round(y0, 2),
                    x1=round(x0 + right * (x1 - x0), 2),
                    y1=round(y1, 2),
                )
            )
        return found

    def _width(self, start: int, end: int, *, trailing: bool = False) -> int:
        """Of the text from the beginning of a line, with the white space at its end or without: at
        the end of the line it has no place on the page. What is not in `text` is as wide as
        letters are on average."""
        known = self.length - len(self.text)
        unknown = max(0, min(end, known) - start)
        told = self.text[max(0, start - known) : max(0, end - known)]
        return AVERAGE * unknown + text_width(told if trailing else told.rstrip())
