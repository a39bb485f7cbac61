"""Printed lines become paragraphs: grouped by space and style, words mended across lines."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from assistant.types import BlockKind, Line
from ingestion.parsers.blocks import clean_text, markdown_table
from ingestion.parsers.pdf_characters import HYPHEN_MARK, Box
from ingestion.parsers.pdf_text import PrintedLine

Locate = Callable[[int, Box], Box]
"""(page number, box in the space of its text) -> box on the displayed page."""

NUMBERED = re.compile(
    r"(?:(?:\d{1,2}|[A-H])(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|[A-H]\."
    r"|(?:Section|Chapter|Appendix|Annexe|Chapitre|Partie|Article|Titre)\s+[\dIVXA-Z]+[.:]?)\s+\S"
)
_BULLET = re.compile(
    r"[•‣◦▪●○■□➢➤✓–—*-]\s+\S|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})\)\s+\S|\d{1,2}\.\s+\S"
)
_CAPTION = re.compile(
    r"(?i:fig(?:ure|\.)|tab(?:le|leau|\.)|algorithm|algorithme|listing|schéma)\s*[\dIVX]+"
    r"(?:\.\d+)*\s*(?:[.:)–—|-]|\s[A-ZÀ-Ý]|$)"
)
_BROKEN = re.compile(rf"(?P<compound>-)?(?P<head>[^\W\d_]+)(?P<hyphen>[{HYPHEN_MARK}-])$")
_LEADERS = re.compile(r"\s*\.{4,}$")
_SET_BETWEEN = (BlockKind.FOOTNOTE, BlockKind.CAPTION, BlockKind.TABLE)
MOST_PASSED = 6
_ENCLITIC = re.compile(r"je|tu|ils?|elles|nous|vous|là|ci|mêmes?|être")


@dataclass(slots=True)
class TextBlock:
    """A block while it is made; `level` > 0 makes it a heading."""

    printed: list[PrintedLine]
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    text: str = ""
    lines: list[Line] = field(default_factory=list)

    @property
    def page(self) -> int:
        return self.printed[0].page

    @property
    def joined(self) -> str:
        """The lines' texts as printed, for a look at what it says."""
        return " ".join(line.text for line in self.printed)

    @property
    def size(self) -> float:
        sizes: Counter[float] = Counter()
        for line in self.printed:
            sizes[line.size] += len(line.text)
        return sizes.most_common(1)[0][0]

    @property
    def font(self) -> str:
        return self.printed[0].font

    @property
    def bold(self) -> bool:
        return all(line.bold for line in self.printed)


def group_lines(lines: Sequence[PrintedLine], body_font: str) -> list[TextBlock]:
    """Consecutive lines of one page, in reading order, as blocks."""
    blocks: list[TextBlock] = []
    for line in lines:
        if line.table is not None:
            blocks.append(TextBlock([line], BlockKind.TABLE))
        elif (
            blocks
            and blocks[-1].kind is not BlockKind.TABLE
            and _belongs(line, blocks[-1].printed, body_font)
        ):
            blocks[-1].printed.append(line)
        else:
            blocks.append(TextBlock([line]))
    for block in blocks:
        first = block.printed[0].text
        if block.kind is BlockKind.TABLE:
            continue
        if _CAPTION.match(first):
            block.kind = BlockKind.CAPTION
        elif _BULLET.match(first):
            block.kind = BlockKind.LIST_ITEM
    return blocks


def _belongs(line: PrintedLine, block: Sequence[PrintedLine], body_font: str) -> bool:
    last = block[-1]
    if last.table is not None:
        return False
    height = max(last.size, line.size, 1.0)
    if abs((line.y0 + line.y1) - (last.y0 + last.y1)) / 2 < 0.5 * height:
        return 0 <= line.x0 - last.x1 < 6 * height
    gap = line.y0 - last.y1
    overlap = min(line.x1, last.x1) - max(line.x0, last.x0)
    same_style = abs(line.size - last.size) < 0.12 * height + 0.3 and (
        line.bold == last.bold or min(len(line.text), len(last.text)) < 4
    )
    if not (-0.6 * height < gap < 0.75 * height and overlap > 0 and same_style):
        return False
    if _BULLET.match(line.text) or _CAPTION.match(line.text) or begins_with_mark(line):
        return False
    distinct = line.bold or line.font != body_font
    if NUMBERED.match(line.text) and distinct and (line.font != last.font or last.bold):
        return False
    first = block[0]
    ended_heading = (
        NUMBERED.match(first.text) and len(block) <= 3 and first.font not in (body_font, line.font)
    )
    return not ended_heading and not _is_indented(line, block, height)


def begins_with_mark(line: PrintedLine) -> bool:
    """Whether it begins with a small sign or number, as footnotes do."""
    first = line.words[0]
    return first.size < 0.85 * line.size and (
        re.match(r"\d{1,3}(?!\d)|[*†‡§¶]", first.text) is not None
    )


def _is_indented(line: PrintedLine, block: Sequence[PrintedLine], height: float) -> bool:
    """The first line of the next paragraph, set in by one to four letters."""
    last = block[-1]
    left = min(other.x0 for other in block)
    centred = abs((line.x0 + line.x1) - (last.x0 + last.x1)) < height
    return (
        len(block) > 1
        and not centred
        and 0.8 * height < line.x0 - left < 4 * height
        and line.x0 - last.x0 > 0.8 * height
    )


def merge_continued(blocks: Sequence[TextBlock]) -> list[TextBlock]:
    """Join a paragraph that runs on in the next column or on the next page, also past what is
    set between; and the parts of a table on consecutive pages."""
    merged: list[TextBlock] = []
    for block in blocks:
        passed = itertools.takewhile(lambda other: other.kind in _SET_BETWEEN, reversed(merged))
        before = len(merged) - 1 - min(len(list(passed)), MOST_PASSED)
        if merged and _is_next_part(merged[-1], block):
            merged[-1].printed.extend(block.printed)
        elif before >= 0 and _runs_on(merged[before], block):
            merged[before].printed.extend(block.printed)
        else:
            merged.append(block)
    return merged


def _is_next_part(block: TextBlock, following: TextBlock) -> bool:
    """Whether two tables are one: on the next page, with the same header or columns."""
    last, first = block.printed[-1], following.printed[0]
    if last.table is None or first.table is None or first.page != last.page + 1:
        return False
    if last.table.rows[0].cells == first.table.rows[0].cells:
        return True
    ours, theirs = last.table.columns, first.table.columns
    return len(ours) == len(theirs) and all(
        abs(x - y) < 4 for x, y in zip(ours, theirs, strict=True)
    )


def _runs_on(block: TextBlock, following: TextBlock) -> bool:
    joinable = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
    last, first = block.printed[-1], following.printed[0]
    return (
        block.kind in joinable
        and following.kind is BlockKind.PARAGRAPH
        and not block.level
        and not following.level
        and first.text[:1].islower()
        and re.search(rf"[\w,)\-{HYPHEN_MARK}]$", last.text) is not None
        and abs(last.size - first.size) < 0.6
        and (last.page != first.page or first.y0 < last.y0)
    )


def count_words(lines: Sequence[PrintedLine]) -> Counter[str]:
    """How often each word stands in the document, hyphenated ones as a whole; the last
    word of a line is left out where it is broken."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*(?![\w-]*$)", line.text.lower()))
    return counts


def write_text(block: TextBlock, words: Counter[str], locate: Locate) -> None:
    """Join the block's lines into its text and note where each stands."""
    if block.kind is BlockKind.TABLE:
        _write_tables(block, words, locate)
        return
    text = ""
    for line in block.printed:
        piece = line.text
        if text:
            text = _join(text, piece, words)
        block.lines.append(Line(len(text), line.page, locate(line.page, line.box)))
        text += piece
    block.text = text.replace(HYPHEN_MARK, "-")


def _write_tables(block: TextBlock, words: Counter[str], locate: Locate) -> None:
    """Markdown, each row a line: of one table, or of its parts on several pages."""
    rows: list[list[str]] = []
    places: list[tuple[int, Box]] = []
    for line in block.printed:
        assert line.table is not None  # noqa: S101 - for the type checker
        for row in line.table.rows:
            cells = [_join_all(cell, words) for cell in row.cells]
            if rows and cells == rows[0] and line is not block.printed[0]:
                continue  # the header, repeated on the next page
            rows.append(cells)
            places.append((line.page, row.box))
    block.text = markdown_table(rows)
    starts = [0, *(end + 1 for end, sign in enumerate(block.text) if sign == "\n")]
    del starts[1:2]  # the line below the header
    block.lines = [
        Line(start, page, locate(page, box))
        for start, (page, box) in zip(starts, places, strict=True)
    ]


def _join_all(pieces: Sequence[str], words: Counter[str]) -> str:
    text = ""
    for piece in map(clean_text, pieces):
        text = _join(text, piece, words) + piece if text else piece
    return _LEADERS.sub("", text.replace(HYPHEN_MARK, "-"))


def _join(text: str, piece: str, words: Counter[str]) -> str:
    """`text` ready to be followed by `piece`: with a space, or mended at a broken word."""
    broken = _BROKEN.search(text)
    if broken is None:
        return text if re.search(r"\d-$", text) and piece[:1].isdigit() else text + " "
    following = re.match(r"[^\W\d_]+", piece)
    if following is None:
        return text if piece[:1].isdigit() else text + " "
    if broken.group("compound") or not following.group()[0].islower():
        return text[:-1] + "-"
    head, tail = broken.group("head").lower(), following.group().lower()
    whole, hyphenated = words[head + tail], words[f"{head}-{tail}"]
    if hyphenated > whole or (not whole and _ENCLITIC.fullmatch(tail)):
        return text[:-1] + "-"
    return text[:-1]
