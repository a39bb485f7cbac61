"""RTF: paragraphs, headings, lists, tables and footnotes."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from assistant.errors import ParseError
from assistant.types import BlockKind, ParsedDocument
from ingestion.parsers.blocks import BlockList, choose_title, sensible_author
from ingestion.parsers.rtf_words import (
    ASIDE,
    CODE_PAGES,
    HIDDEN,
    READ_ANYWAY,
    SIGNS,
    SKIPPED,
    tokens_of,
)

MOST_DEPTH = 1000


def parse(path: Path, *, max_pages: int) -> ParsedDocument:
    """Read a rich text file; pages are where the author broke them.

    Raises:
        ParseError: cut short, unsafe, too long.
    """
    reader = read_rtf(path.read_bytes(), max_pages=max_pages)
    blocks = reader.blocks
    return ParsedDocument(
        title=choose_title(reader.about.get("title", ""), blocks.blocks, path),
        blocks=tuple(blocks.blocks),
        pages=blocks.page,
        empty_pages=blocks.pages_without_text(blocks.page),
        author=sensible_author(reader.about.get("author", "")),
    )


def read_rtf(data: bytes, *, max_pages: int = 10_000) -> RtfReader:
    """Read rich text; a reader with its `blocks` and what the file says `about` itself.

    Raises:
        ParseError: cut short, unsafe, too long.
    """
    reader = RtfReader(data, max_pages=max_pages)
    reader.read()
    return reader


@dataclasses.dataclass(slots=True)
class _Group:
    """What holds until the brace that closes it. `destination` is what its text is for:
    "" the document itself, "skip" nothing."""

    destination: str = ""
    code_page: str = "cp1252"
    fallback_chars: int = 1
    hidden: bool = False
    opened: bool = True
    """Nothing came since its brace: a control word now says what it is for."""


@dataclasses.dataclass(slots=True)
class _Paragraph:
    level: int = 0
    style: int | None = None
    in_table: bool = False


class RtfReader:
    """Walks once over the tokens of a file."""

    def __init__(self, data: bytes, *, max_pages: int) -> None:
        self.blocks = BlockList()
        self.about: dict[str, str] = {}
        self._data = data
        self._max_pages = max_pages
        self._stack: list[_Group] = []
        self._group = _Group()
        self._paragraph = _Paragraph()
        self._bytes = bytearray()
        self._to_skip = 0
        self._text: dict[str, list[str]] = {}
        self._mark = ""
        self._notes: list[str] = []
        self._rows: list[list[str]] = []
        self._row: list[str] = []
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._default = "cp1252"
        self._style = -1
        self._headings: dict[int, int] = {}

    def read(self) -> None:
        for kind, word, number in tokens_of(self._data):
            if kind != "byte":
                self._decode()
            if kind == "open":
                if len(self._stack) >= MOST_DEPTH:
                    raise ParseError(f"unsafe: groups nested more than {MOST_DEPTH} deep")
                self._stack.append(self._group)
                self._group = dataclasses.replace(self._group, opened=True)
            elif kind == "close":
                if not self._stack:
                    break
                self._close_group()
                if not self._stack:
                    break
            elif kind == "word":
                self._apply(word, number)
            elif kind == "byte":
                self._add_byte(number or 0)
            else:
                self._group.opened = False
                self._add_text(word)
        self._decode()
        if self._stack:
            raise ParseError("the RTF file is cut short: take it from its source again")
        self._end_paragraph()
        self._end_table()

    def _close_group(self) -> None:
        ended, self._group = self._group, self._stack.pop()
        if ended.destination == self._group.destination:
            return
        text = "".join(self._text.pop(ended.destination, ()))
        if ended.destination == "footnote":
            self._notes.append(text)
        elif ended.destination in ("title", "author"):
            self.about[ended.destination] = text
        elif ended.destination == "stylesheet":
            self._end_style(text)
        elif ended.destination in ("listtext", "pntext"):
            self._mark = text.strip()

    def _apply(self, word: str, number: int | None) -> None:
        group = self._group
        opened, group.opened = group.opened, word == "*"
        if word == "*":
            group.destination = group.destination or "star"
        elif group.destination == "star":
            group.destination = "" if word in READ_ANYWAY else "skip"
        elif group.destination == "skip":
            return
        elif opened and word in SKIPPED:
            group.destination = "skip"
        elif opened and word in ASIDE:
            group.destination = word
        elif group.destination == "fonttbl":
            self._describe_font(word, number)
        elif group.destination == "stylesheet":
            self._describe_style(word, number)
        elif word in HIDDEN:
            group.hidden = number != 0
        elif word in SIGNS:
            self._add_text(SIGNS[word])
        else:
            self._apply_property(word, number)

    def _apply_property(self, word: str, number: int | None) -> None:
        match word:
            case "u" if number is not None:
                self._add_text(chr(number % 65_536))
                self._to_skip = self._group.fallback_chars
            case "uc":
                self._group.fallback_chars = max(0, min(number or 0, 20))
            case "ansicpg":
                self._default = self._group.code_page = f"cp{number}"
            case "f":
                self._group.code_page = self._fonts.get(number or 0, self._default)
            case "plain":
                self._group.hidden = False
                self._group.code_page = self._default
            case "pard":
                self._paragraph = _Paragraph()
            case "s":
                self._paragraph.style = number
            case "outlinelevel" if number is not None and 0 <= number < 9:
                self._paragraph.level = number + 1
            case "intbl":
                self._paragraph.in_table = True
            case "par" | "sect" if self._group.destination == "footnote":
                self._add_text(" ")
            case "par" | "sect":
                self._end_paragraph()
            case "cell" | "nestcell":
                self._end_cell(nested=word == "nestcell")
            case "row":
                self._rows.append(self._row)
                self._row = []
            case "page":
                self._end_paragraph()
                self._turn_page()

    def _describe_font(self, word: str, number: int | None) -> None:
        if word == "f":
            self._font = number or 0
        elif word == "fcharset" and number in CODE_PAGES:
            self._fonts[self._font] = CODE_PAGES[number]

    def _describe_style(self, word: str, number: int | None) -> None:
        if word == "s" and number is not None:
            self._style = number
        elif word == "outlinelevel" and number is not None and 0 <= number < 9:
            self._headings[self._style] = number + 1

    def _end_style(self, name: str) -> None:
        for part in name.split(";"):
            if match := re.fullmatch(r"\s*(?:heading|titre)\s*([1-9])\s*", part, re.IGNORECASE):
                self._headings[self._style] = int(match.group(1))

    def _add_byte(self, value: int) -> None:
        self._group.opened = False
        if self._to_skip:
            self._to_skip -= 1
        else:
            self._bytes.append(value)

    def _decode(self) -> None:
        """Bytes in a row are decoded together: two may be one character."""
        if self._bytes:
            data = bytes(self._bytes)
            self._bytes.clear()
            try:
                text = data.decode(self._group.code_page, "replace")
            except LookupError:
                text = data.decode("cp1252", "replace")
            self._add_text(text)

    def _add_text(self, text: str) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, len(text))
            self._to_skip -= skipped
            text = text[skipped:]
        group = self._group
        if text and not group.hidden and group.destination not in ("skip", "star", "fonttbl"):
            self._text.setdefault(group.destination, []).append(text)

    def _take_text(self) -> str:
        text = "".join(self._text.pop("", ()))
        # \u gives halves of the characters beyond U+FFFF.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _end_cell(self, *, nested: bool) -> None:
        if nested:
            self._add_text(" ")
        else:
            self._row.append(self._take_text())

    def _end_paragraph(self) -> None:
        if self._paragraph.in_table or self._row:
            self._add_text(" ")
            return
        text = self._take_text()
        mark, self._mark = self._mark, ""
        self._end_table()
        style = self._paragraph.style
        level = self._paragraph.level or (self._headings.get(style, 0) if style is not None else 0)
        if level:
            self.blocks.add_heading(f"{mark} {text}", level)
        elif mark:
            numbered = any(letter.isalnum() for letter in mark)
            item = f"{mark if numbered else '-'} {text.strip()}"
            self.blocks.add(BlockKind.LIST_ITEM, item if text.strip() else "")
        else:
            self.blocks.add(BlockKind.PARAGRAPH, text)
        for note in self._notes:
            self.blocks.add(BlockKind.FOOTNOTE, note)
        self._notes.clear()

    def _end_table(self) -> None:
        if self._row:
            self._rows.append(self._row)
        if self._rows:
            self.blocks.add_table(self._rows)
        self._rows, self._row = [], []

    def _turn_page(self) -> None:
        self.blocks.page += 1
        if self.blocks.page > self._max_pages:
            raise ParseError(
                f"more than the {self._max_pages} pages allowed (setting ingest.max_pages)"
            )
