"""The printed lines of a PDF page, with their boxes as the reader sees the page.

Boxes are in the space of the displayed page: points, origin at the top left of the crop
box, turned as the page's /Rotate says.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingestion.parsers.blocks import clean_text
from ingestion.parsers.pdf_cells import Table
from ingestion.parsers.pdf_characters import Box, Key, Word, read_words, turn_back, turn_upright
from ingestion.parsers.pdf_rulings import Rulings, read_rulings


@dataclass(slots=True)
class PrintedLine:
    """Words on one baseline without a wide gap, as one piece of text; or with `table` all the
    words of one. `page` is from 1."""

    words: list[Word]
    page: int
    table: Table | None = None
    text: str = field(init=False)
    x0: float = field(init=False)
    y0: float = field(init=False)
    x1: float = field(init=False)
    y1: float = field(init=False)
    size: float = field(init=False)
    font: str = field(init=False)
    bold: bool = field(init=False)

    def __post_init__(self) -> None:
        words = self.words
        self.text = clean_text(" ".join(word.text for word in words))
        self.x0 = min(word.x0 for word in words)
        self.y0 = min(word.y0 for word in words)
        self.x1 = max(word.x1 for word in words)
        self.y1 = max(word.y1 for word in words)
        self.size = _most_common((round(word.size, 1), len(word.text)) for word in words)
        self.font = _most_common((word.font, len(word.text)) for word in words)
        letters = sum(len(word.text) for word in words)
        self.bold = sum(len(word.text) for word in words if word.bold) >= 0.6 * letters

    @property
    def box(self) -> Box:
        return self.x0, self.y0, self.x1, self.y1


def _most_common(weighted: Iterable[tuple[Any, int]]) -> Any:
    counts: Counter[Any] = Counter()
    for value, weight in weighted:
        counts[value] += weight
    return counts.most_common(1)[0][0]


@dataclass(slots=True)
class PageText:
    """One page's lines in stream order.

    `turn` counts the quarter turns (counter-clockwise) of most of its text on the displayed
    page; `width`, `height` and the lines are in the space where that text is upright.
    `sideways` holds the lines that run in another direction, in the same space. `nameless`
    counts, by font, the characters of which the file does not say what they mean.
    """

    number: int
    width: float
    height: float
    turn: int
    lines: list[PrintedLine]
    sideways: list[PrintedLine]
    nameless: Counter[str] = field(default_factory=Counter)
    rulings: Rulings = field(default_factory=Rulings)

    @property
    def letters(self) -> int:
        return sum(len(line.text) for line in (*self.lines, *self.sideways))

    def displayed_box(self, box: Box) -> Box:
        """A box on the displayed page, cut at the page's borders."""
        width, height = (self.width, self.height)
        if self.turn % 2:
            width, height = height, width
        x0, y0, x1, y1 = turn_back(box, self.turn, width, height)
        return (
            round(min(max(x0, 0.0), width), 2),
            round(min(max(y0, 0.0), height), 2),
            round(min(max(x1, 0.0), width), 2),
            round(min(max(y1, 0.0), height), 2),
        )


def read_page(page: Any, number: int, key: Key | None = None) -> PageText:
    """Read the characters of a loaded pypdfium2 page.

    Raises:
        pypdfium2.PdfiumError: the page's text cannot be loaded.
    """
    width, height = page.get_size()
    found = read_words(page, key)
    by_turn = found.by_turn
    turn = max(by_turn, key=lambda t: sum(len(word.text) for word in by_turn[t]), default=0)
    frame = (height, width) if turn % 2 else (width, height)
    lines = _on_page(join_words(by_turn.get(turn, []), number), *frame)
    sideways = []
    for other, words in by_turn.items():
        if other != turn:
            for line in join_words(words, number):
                box = turn_back((line.x0, line.y0, line.x1, line.y1), other, width, height)
                line.x0, line.y0, line.x1, line.y1 = turn_upright(box, turn, width, height)
                sideways.append(line)
    sideways = _on_page(sideways, *frame)
    return PageText(number, *frame, turn, lines, sideways, found.nameless, read_rulings(page, turn))


def _on_page(lines: list[PrintedLine], width: float, height: float) -> list[PrintedLine]:
    """Text beside the page is not seen by a reader."""
    return [
        line
        for line in lines
        if line.text and line.x1 > 0 and line.y1 > 0 and line.x0 < width and line.y0 < height
    ]


def join_words(words: Sequence[Word], page: int) -> list[PrintedLine]:
    """Consecutive words on one baseline become a line; a wide gap or a jump parts them."""
    lines: list[PrintedLine] = []
    current: list[Word] = []
    for word in words:
        if current and not _continues(current, word):
            lines.append(PrintedLine(current, page))
            current = []
        current.append(word)
    if current:
        lines.append(PrintedLine(current, page))
    return lines


def _continues(line: Sequence[Word], word: Word) -> bool:
    last = line[-1]
    height = max(last.size, word.size)
    if word.x0 - last.x1 > 1.8 * height or word.x0 < last.x0 - height:
        return False
    y0 = min(other.y0 for other in line[-4:])
    y1 = max(other.y1 for other in line[-4:])
    overlap = min(y1, word.y1) - max(y0, word.y0)
    if overlap > 0.3 * min(y1 - y0, max(word.y1 - word.y0, 0.1)):
        return True
    return abs((word.y0 + word.y1) - (y0 + y1)) / 2 < 0.45 * height


@dataclass(frozen=True, slots=True)
class Unreadable:
    """`fonts` that mostly do not say what their characters mean, and the numbers of the `pages`
    that they take more than half of."""

    fonts: frozenset[str]
    pages: frozenset[int]


def drop_unreadable_fonts(pages: Sequence[PageText]) -> Unreadable:
    """Remove the lines in fonts that mostly do not say what their characters mean, in place:
    what is left of them is noise."""
    nameless: Counter[str] = Counter()
    letters: Counter[str] = Counter()
    for page in pages:
        nameless.update(page.nameless)
        for line in (*page.lines, *page.sideways):
            letters[line.font] += len(line.text)
    fonts = frozenset(font for font, count in nameless.items() if count > 0.2 * letters[font])
    lost = set()
    for page in pages:
        before = page.letters
        page.lines = [line for line in page.lines if line.font not in fonts]
        page.sideways = [line for line in page.sideways if line.font not in fonts]
        if page.letters < 0.5 * (before + page.nameless.total()):
            lost.add(page.number)
    return Unreadable(fonts, frozenset(lost))


def median_height(lines: Sequence[PrintedLine]) -> float:
    """Points, at least 1."""
    return max(1.0, statistics.median(line.y1 - line.y0 for line in lines)) if lines else 1.0
