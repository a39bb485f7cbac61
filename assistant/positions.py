"""From a span of characters to its place on the page."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

from assistant.types import Box, Line


@dataclass(frozen=True, slots=True)
class LineMap:
    """Finds page and boxes of a span. `lines` have ascending offsets into one text of
    `length` characters."""

    lines: tuple[Line, ...]
    length: int
    _offsets: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_offsets", tuple(line.offset for line in self.lines))

    def page(self, offset: int) -> int:
        return self.lines[max(0, bisect.bisect_right(self._offsets, offset) - 1)].page

    def boxes(self, start: int, end: int) -> list[Box]:
        """One rectangle a line, cut in proportion to the characters that lie in the span."""
        found = []
        first = max(0, bisect.bisect_right(self._offsets, start) - 1)
        for index in range(first, len(self.lines)):
            line = self.lines[index]
            if line.offset >= end:
                break
            if line.box is None:
                continue
            stop = self._offsets[index + 1] if index + 1 < len(self.lines) else self.length
            width = max(1, stop - line.offset)
            left = max(0, start - line.offset) / width
            right = min(width, end - line.offset) / width
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
