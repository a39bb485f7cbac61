"""ODT, ODS and ODP: the files of LibreOffice."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import ParseError
from assistant.types import BlockKind, ParsedDocument
from ingestion.parsers.blocks import BlockList, choose_title, clean_line, sensible_author
from ingestion.parsers.opendocument_names import qualified as _q
from ingestion.parsers.sheets import CellBudget, Row, add_sheet
from ingestion.parsers.xml_tree import outermost, parse_xml, read_entry
from ingestion.zip_guard import check_zip

MOST_DEPTH = 30
MOST_COLUMNS = 200

_SKIPPED = frozenset(
    map(
        _q,
        (
            "text:tracked-changes",  # what was deleted
            "office:annotation",
            "office:forms",
            "text:hidden-text",
            "text:table-of-content",
            "text:alphabetical-index",
            "text:note-citation",
            "text:sequence-decls",
            "text:variable-decls",
            "text:user-field-decls",
            "svg:title",
            "svg:desc",
        ),
    )
)
_PARAGRAPH, _HEADING, _NOTE = _q("text:p"), _q("text:h"), _q("text:note")
_LIST, _ITEM, _TABLE = _q("text:list"), _q("text:list-item"), _q("table:table")
_ROW, _CELL, _COVERED = (
    _q("table:table-row"),
    _q("table:table-cell"),
    _q("table:covered-table-cell"),
)
_BOX, _BREAK = _q("draw:text-box"), _q("text:soft-page-break")
_PASSED_OVER = {*_SKIPPED, _TABLE}
_BIBLIOGRAPHY = _q("text:bibliography")
_MARKS = {_q("text:tab"): "\t", _q("text:line-break"): "\n"}
_SPACES = _q("text:s")


def parse(path: Path, *, max_pages: int) -> ParsedDocument:
    """Read a text, a spreadsheet or a presentation. Pages are sheets and slides; in a text
    they are where LibreOffice last broke them, as far as the file says.

    Raises:
        ParseError: damaged, protected, unsafe, too long.
    """
    name = path.suffix.lower().removeprefix(".").upper()
    check_zip(path, name)
    with zipfile.ZipFile(path) as archive:
        entries = set(archive.namelist())
        manifest = "META-INF/manifest.xml"
        if manifest in entries and b"encryption-data" in archive.read(manifest):
            raise ParseError("protected by a password: save it without one")
        content = parse_xml(read_entry(archive, "content.xml"), place="content.xml")
        meta = "meta.xml"
        about = parse_xml(archive.read(meta), place=meta) if meta in entries else None
    reader = _Reader(content, max_pages=max_pages)
    readers = {
        _q("office:text"): reader.read_text,
        _q("office:spreadsheet"): reader.read_sheets,
        _q("office:presentation"): reader.read_slides,
    }
    body = content.find(f"{_q('office:body')}/*")
    if body is None or body.tag not in readers:
        raise ParseError(f"damaged: content.xml has no body of an {name} file")
    pages = readers[body.tag](body)
    blocks = reader.blocks
    return ParsedDocument(
        title=choose_title(_about(about, "dc:title"), [] if name == "ODS" else blocks.blocks, path),
        blocks=tuple(blocks.blocks),
        pages=pages,
        empty_pages=blocks.pages_without_text(pages),
        author=sensible_author(
            _about(about, "meta:initial-creator") or _about(about, "dc:creator")
        ),
        date=(_about(about, "dc:date") or _about(about, "meta:creation-date"))[:10],
    )


def _about(meta: Any, name: str) -> str:
    node = None if meta is None else next(meta.iter(_q(name)), None)
    return "" if node is None else clean_line(node.text or "")


class _Reader:
    def __init__(self, content: Any, *, max_pages: int) -> None:
        self.blocks = BlockList()
        self._max_pages = max_pages
        self._parents = {
            style.get(_q("style:name")): style.get(_q("style:parent-style-name")) or ""
            for style in content.iter(_q("style:style"))
        }

    def read_text(self, body: Any) -> int:
        self._read_blocks(body, 0)
        return self.blocks.page

    def read_sheets(self, body: Any) -> int:
        sheets = body.findall(_TABLE)
        self._check_pages(len(sheets), "sheets")
        budget = CellBudget()
        for number, sheet in enumerate(sheets, 1):
            self.blocks.page = number
            name = clean_line(sheet.get(_q("table:name")) or "")
            add_sheet(name, list(self._sheet_rows(sheet, name, budget)), self.blocks)
        return max(1, len(sheets))

    def read_slides(self, body: Any) -> int:
        slides = body.findall(_q("draw:page"))
        self._check_pages(len(slides), "slides")
        for number, slide in enumerate(slides, 1):
            self.blocks.page = number
            frames = slide.findall(_q("draw:frame"))
            titles = [one for one in frames if one.get(_q("presentation:class")) == "title"]
            for title in titles[:1]:
                self.blocks.add_heading(self._all_text(title), 1)
            for child in slide:
                if child not in titles[:1] and child.tag not in _SKIPPED:
                    self._read_blocks([child], 0)
        return max(1, len(slides))

    def _check_pages(self, pages: int, what: str) -> None:
        if pages > self._max_pages:
            raise ParseError(
                f"{pages} {what}, more than the {self._max_pages} allowed "
                "(setting ingest.max_pages)"
            )

    def _read_blocks(self, parent: Any, depth: int, *, reference: bool = False) -> None:
        if depth > MOST_DEPTH:
            raise ParseError("unsafe: tables, lists or sections nested too deeply")
        for child in parent:
            tag = child.tag
            if tag in (_PARAGRAPH, _HEADING):
                self._read_paragraph(child, depth, reference=reference)
            elif tag == _LIST:
                self._read_list(child, depth)
            elif tag == _TABLE:
                self._read_table(child, depth)
            elif tag == _BREAK:
                self._turn_page()
            elif tag == _BIBLIOGRAPHY:
                self._read_blocks(child, depth + 1, reference=True)
            elif isinstance(tag, str) and tag not in _SKIPPED:
                self._read_blocks(child, depth + 1, reference=reference)

    def _read_paragraph(self, paragraph: Any, depth: int, *, reference: bool) -> None:
        page = self.blocks.page
        text = self._text(paragraph)
        style = self._style(paragraph)
        if paragraph.tag == _HEADING:
            level = paragraph.get(_q("text:outline-level")) or "1"
            self.blocks.add_heading(text, int(level) if level.isdecimal() else 1, page=page)
        elif style in ("title", "titre"):
            self.blocks.add(BlockKind.TITLE, text, page=page)
        elif style in ("caption", "illustration", "table", "figure", "légende"):
            self.blocks.add(BlockKind.CAPTION, text, page=page)
        else:
            kind = BlockKind.REFERENCE if reference else BlockKind.PARAGRAPH
            self.blocks.add(kind, text, page=page)
        self._read_asides(paragraph, depth)

    def _read_asides(self, paragraph: Any, depth: int) -> None:
        """The notes and text boxes that hang on a paragraph, after it."""
        for note in outermost(paragraph, _NOTE, beside=_PASSED_OVER):
            mark = self._all_text(note.find(_q("text:note-citation")))
            text = self._all_text(note.find(_q("text:note-body")))
            self.blocks.add(BlockKind.FOOTNOTE, f"{mark} {text}" if text.strip() else "")
        for box in outermost(paragraph, _BOX, beside=_PASSED_OVER):
            self._read_blocks(box, depth + 1)

    def _read_list(self, listing: Any, depth: int) -> None:
        if depth > MOST_DEPTH:
            raise ParseError("unsafe: lists nested too deeply")
        for item in listing:
            mark = "- "
            for child in item:
                if child.tag == _LIST:
                    self._read_list(child, depth + 1)
                elif child.tag == _PARAGRAPH:
                    text = self._text(child)
                    self.blocks.add(BlockKind.LIST_ITEM, mark + text if text.strip() else "")
                    self._read_asides(child, depth)
                    mark = ""
                else:
                    self._read_blocks([child], depth + 1)

    def _read_table(self, table: Any, depth: int) -> None:
        rows = [list(self._cells(row)) for row in outermost(table, _ROW, beside=_PASSED_OVER)]
        if max(map(len, rows), default=0) == 1:  # a frame around paragraphs
            for row in outermost(table, _ROW, beside=_PASSED_OVER):
                for cell in row:
                    self._read_blocks(cell, depth + 1)
        else:
            self.blocks.add_table(rows)

    def _sheet_rows(self, sheet: Any, name: str, budget: CellBudget) -> Iterator[Row]:
        blank = True
        for row in outermost(sheet, _ROW, beside=_PASSED_OVER):
            cells: Row = {}
            column = 0
            for text, width in self._repeated(row):
                if text:
                    budget.spend(width, f"in sheet {name!r}")
                    cells |= dict.fromkeys(range(column, column + width), text)
                column += width
            times = _count(row, "table:number-rows-repeated") if cells else 1
            budget.spend(len(cells) * (times - 1), f"in sheet {name!r}")
            if cells or not blank:
                for _ in range(times):
                    yield cells
            blank = not cells

    def _cells(self, row: Any) -> Iterator[str]:
        """The text of each column of a row, at most `MOST_COLUMNS`."""
        width = 0
        for text, times in self._repeated(row):
            for _ in range(min(times, MOST_COLUMNS - width)):
                yield text
                width += 1

    def _repeated(self, row: Any) -> Iterator[tuple[str, int]]:
        """Text and how many columns it stands in."""
        for cell in row.iter(_CELL, _COVERED):
            if next(cell.iterancestors(_ROW)) is row:
                text = clean_line(self._all_text(cell)) if cell.tag == _CELL else ""
                yield text, _count(cell, "table:number-columns-repeated")

    def _style(self, paragraph: Any) -> str:
        """The name of the style, or of the one that it only varies, in lower case."""
        name = paragraph.get(_q("text:style-name")) or ""
        if re.fullmatch(r"P\d+", name):
            name = self._parents.get(name, "")
        return name.replace("_20_", " ").lower()

    def _all_text(self, element: Any) -> str:
        if element is None:
            return ""
        if element.tag == _q("text:note-citation"):
            return clean_line("".join(element.itertext()))
        paragraphs = element.iter(_PARAGRAPH, _HEADING)
        return " ".join(self._text(one) for one in paragraphs if not _is_aside(one, element))

    def _text(self, paragraph: Any) -> str:
        parts = [paragraph.text or ""]
        self._collect(paragraph, parts)
        return "".join(parts)

    def _collect(self, element: Any, parts: list[str]) -> None:
        """The words of a paragraph without those of its notes and text boxes."""
        for child in element:
            tag = child.tag
            if tag in _MARKS:
                parts.append(_MARKS[tag])
            elif tag == _SPACES:
                parts.append(" ")
            elif tag == _BREAK:
                self._turn_page()
            elif isinstance(tag, str) and tag not in _SKIPPED and tag not in (_NOTE, _BOX):
                parts.append(child.text or "")
                self._collect(child, parts)
            parts.append(child.tail or "")

    def _turn_page(self) -> None:
        self.blocks.page += 1
        self._check_pages(self.blocks.page, "pages")


def _is_aside(paragraph: Any, element: Any) -> bool:
    """Whether a paragraph inside of `element` belongs to a note, a comment or a deletion."""
    for parent in paragraph.iterancestors():
        if parent is element:
            return False
        if parent.tag == _NOTE or parent.tag in _SKIPPED:
            return True
    return False


def _count(element: Any, name: str) -> int:
    stated = element.get(_q(name)) or "1"
    return max(1, int(stated)) if stated.isdecimal() and len(stated) < 9 else 1
