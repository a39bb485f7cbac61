"""DOCX: the body in order, paragraphs, tables, text boxes and charts alike."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

import docx
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from assistant.errors import ParseError
from assistant.types import Block, BlockKind, ParsedDocument
from ingestion.dates import day_of
from ingestion.parsers.blocks import (
    BlockList,
    choose_title,
    clean_line,
    raise_digits,
    sensible_author,
)
from ingestion.parsers.damage import damage_as_reason
from ingestion.parsers.docx_math import MATH, math_text
from ingestion.parsers.docx_numbers import Numbering
from ingestion.parsers.ocr import PageReader
from ingestion.parsers.office_drawings import CHART, DIAGRAM, Drawings
from ingestion.parsers.office_pictures import PictureReader
from ingestion.parsers.pace import Pace
from ingestion.parsers.xml_tree import outermost
from ingestion.zip_guard import check_zip

MOST_DEPTH = 20
"""Tables in tables, content controls in content controls."""

MOST_COLUMNS = 200

_CONTENTS = re.compile(r"(?:toc|tm|table of figures|index)\s*\d?|toc heading")
_CAPITALS = re.compile(r"(?:[IVX]{1,4}|[A-Z]|\d{1,2})[.)]\s(?=.*[^\W\d_]{4})[^a-zà-öø-ÿ]{4,90}")
_HEADING = re.compile(r"(?:heading|titre|überschrift)\s*([1-9])", re.IGNORECASE)
_PARAGRAPH, _TABLE, _ROW, _CELL = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
_SKIPPED = {
    qn("w:del"),
    qn("w:moveFrom"),
    qn("w:instrText"),
    qn("w:pPr"),
    qn("w:rPr"),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
_PASSED_OVER = {*_SKIPPED, _TABLE}
_TEXT, _RUN = qn("w:t"), qn("w:r")
_NOTE_MARKS = {qn(f"w:{name}"): name for name in ("footnoteReference", "endnoteReference")}
_MARKS = {qn("w:tab"): "\t", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_BREAK, _RENDERED_BREAK = qn("w:br"), qn("w:lastRenderedPageBreak")
_BOX = qn("w:txbxContent")
_PICTURE = qn("a:blip")


def parse(path: Path, *, max_pages: int, pace: Pace) -> ParsedDocument:
    """Read a Word document. Pages are where Word last broke them, as far as the file says. Where
    there is no text at all, what stands on its pictures is recognised, each a page.

    Raises:
        ParseError: damaged, protected, unsafe, too long.
    """
    check_zip(path, "Word")
    with damage_as_reason("Word"):
        document = docx.Document(str(path))
        reader = _Reader(document)
        reader.read_body()
        pages = reader.blocks.page
        if pages > max_pages:
            raise ParseError(
                f"{pages} pages, more than the {max_pages} allowed (setting ingest.max_pages)"
            )
        with PageReader(pace) as recogniser:
            pictures = PictureReader(recogniser, pace)
            if not reader.blocks.blocks:
                for page, picture in enumerate(itertools.islice(_pictures(document), max_pages), 1):
                    reader.blocks.page = pages = page
                    pictures.add([picture], reader.blocks)
                pictures.require_text(reader.blocks)
        blocks = reader.blocks.blocks
        if not reader.styled_level:
            blocks = _promote_bold(blocks, reader.bold)
        core = document.core_properties
        return ParsedDocument(
            title=choose_title(core.title or "", blocks, path),
            blocks=tuple(blocks),
            pages=pages,
            empty_pages=reader.blocks.pages_without_text(pages),
            recognised=tuple(pictures.recognised),
            author=sensible_author(core.author or ""),
            date=day_of(core.modified, core.created),
        )


def _pictures(document: Any) -> Iterator[bytes]:
    """Those of the body, in order, as long as they are in the file."""
    for blip in document.element.body.iter(_PICTURE):
        with contextlib.suppress(KeyError, AttributeError):
            yield document.part.related_parts[blip.get(qn("r:embed"))].blob


class _Reader:
    def __init__(self, document: Any) -> None:
        self.blocks = BlockList()
        self.bold: set[int] = set()
        self._document = document
        self._styles = {style.style_id: style for style in document.styles}
        part = next(
            (
                relation.target_part
                for relation in document.part.rels.values()
                if relation.reltype.endswith("/numbering") and not relation.is_external
            ),
            None,
        )
        self._numbering = Numbering(None if part is None else parse_xml(part.blob))
        self._drawings = Drawings()
        self._marks: list[tuple[str, str]] = []
        self._noted = 0
        self.styled_level = 0
        # Word notes a page that it broke itself beside the author's own break: count once.
        self._rendered = next(document.element.iter(_RENDERED_BREAK), None) is not None
        self._notes = self._read_note_texts()
        self._marks.clear()

    def read_body(self) -> None:
        self._read_blocks(self._document.element.body, 0)

    def _read_note_texts(self) -> dict[tuple[str, str], str]:
        """Footnotes and endnotes by kind and id."""
        notes: dict[tuple[str, str], str] = {}
        for relation in self._document.part.rels.values():
            kind = relation.reltype.rpartition("/")[2]
            if kind in ("footnotes", "endnotes") and not relation.is_external:
                for note in parse_xml(relation.target_part.blob):
                    if note.get(qn("w:type")) is None:
                        key = (f"{kind.removesuffix('s')}Reference", note.get(qn("w:id")) or "")
                        notes[key] = self._all_text(note)
        return notes

    def _add_notes(self) -> None:
        """Those whose marks stood in what was just read."""
        marks, self._marks = self._marks, []
        for mark in marks:
            text = self._notes.pop(mark, "")
            if text.strip():
                self._noted += 1
                self.blocks.add(BlockKind.FOOTNOTE, f"{self._noted} {text.strip()}")

    def _read_blocks(self, parent: Any, depth: int) -> None:
        if depth > MOST_DEPTH:
            raise ParseError("unsafe: tables or content controls nested too deeply")
        for child in parent:
            if child.tag == _PARAGRAPH:
                self._read_paragraph(child, depth)
            elif child.tag == _TABLE:
                self._read_table(child, depth)
            elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
                # Content controls, tracked insertions, custom XML: their content counts.
                self._read_blocks(child, depth + 1)

    def _read_paragraph(self, paragraph: Any, depth: int) -> None:
        style = self._style_of(paragraph)
        name = style.name.lower() if style is not None and style.name else ""
        if _CONTENTS.fullmatch(name):
            return
        text, page = self._text(paragraph)
        level = self._heading_level(paragraph, style)
        number = self._numbering.count(paragraph, style) if text.strip() else None
        listed = number is not None or name.startswith(("list bullet", "list number"))
        if name in ("title", "titre"):
            self.blocks.add(BlockKind.TITLE, text, page=page)
        elif level:
            self.styled_level = level
            self.blocks.add_heading(f"{(number or '').removeprefix('-')} {text}", level, page=page)
        elif name == "caption":
            self.blocks.add(BlockKind.CAPTION, text, page=page)
        elif _CAPITALS.fullmatch(clean_line(text)):
            self.blocks.add_heading(text, max(1, self.styled_level) + 1, page=page)
        elif listed:
            item = f"{number or '-'} {text}" if text.strip() else ""
            self.blocks.add(BlockKind.LIST_ITEM, item, page=page)
        else:
            before = len(self.blocks.blocks)
            self.blocks.add(BlockKind.PARAGRAPH, text, page=page)
            if len(self.blocks.blocks) > before and _is_bold(paragraph):
                self.bold.add(before)
        self._add_notes()
        for box in outermost(paragraph, _BOX, beside=_PASSED_OVER):
            self._read_blocks(box, depth + 1)
        self._add_drawings(paragraph, beside={*_PASSED_OVER, _BOX})

    def _read_table(self, table: Any, depth: int) -> None:
        page = self.blocks.page
        rows = [
            list(outermost(row, _CELL, beside=_PASSED_OVER))
            for row in outermost(table, _ROW, beside=_PASSED_OVER)
        ]
        if max(map(len, rows), default=0) == 1:  # a frame around paragraphs
            for row in rows:
                for cell in row:
                    self._read_blocks(cell, depth + 1)
            return
        above: dict[int, str] = {}  # what a cell over several rows leaves to those below
        texts: list[list[str]] = []
        for row in rows:
            line: list[str] = []
            for cell in row:
                merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
                continued = merge is not None and merge.get(qn("w:val")) != "restart"
                text = above.get(len(line), "") if continued else self._all_text(cell)
                above[len(line)] = text
                # A header over several columns stands in each of them.
                again = "" if texts else text
                line.extend([text, *[again] * (_columns(cell) - 1)])
            texts.append(line[:MOST_COLUMNS])
        self.blocks.add_table(texts, page=page)
        self._add_notes()
        for cell in itertools.chain.from_iterable(rows):
            self._add_drawings(cell, beside=_SKIPPED)

    def _add_drawings(self, element: Any, *, beside: Set[str]) -> None:
        for tag in (CHART, DIAGRAM):
            for drawing in outermost(element, tag, beside=beside):
                if not any(map(_is_hidden, drawing.iterancestors(_RUN))):
                    self._drawings.add(drawing, self._document.part, self.blocks)

    def _all_text(self, element: Any) -> str:
        return " ".join(self._text(paragraph)[0] for paragraph in element.iter(_PARAGRAPH))

    def _text(self, paragraph: Any) -> tuple[str, int]:
        """The paragraph's own text, tracked insertions and formulas included, and the page
        on which it begins; counts the page breaks on the way."""
        parts: list[str] = []
        began = self._collect(paragraph, parts, 0)
        return "".join(parts), began or self.blocks.page

    def _collect(self, element: Any, parts: list[str], depth: int) -> int:
        """The page of the first text, 0 where there is none."""
        if depth > 100:
            raise ParseError("unsafe: text nested too deeply")
        began = 0
        for child in element:
            tag = child.tag
            if tag == _TEXT:
                text = child.text or ""
                if _is_superscript(element):
                    text = raise_digits(text, before="".join(parts[-2:]))
                parts.append(text)
                began = began or self.blocks.page
            elif tag in MATH:
                parts.append(math_text(child))
                began = began or self.blocks.page
            elif tag in _NOTE_MARKS:
                self._marks.append((_NOTE_MARKS[tag], child.get(qn("w:id")) or ""))
            elif tag == _RUN and _is_hidden(child):
                continue
            elif tag in _MARKS:
                parts.append(_MARKS[tag])
            elif self._turns_page(child):
                parts.append(" ")
                self.blocks.page += 1
            elif tag == _BREAK:
                parts.append("\n")
            elif isinstance(tag, str) and tag not in _SKIPPED and tag != _BOX:
                first = self._collect(child, parts, depth + 1)
                began = began or first
        return began

    def _turns_page(self, element: Any) -> bool:
        if self._rendered:
            return bool(element.tag == _RENDERED_BREAK)
        return bool(element.tag == _BREAK and element.get(qn("w:type")) == "page")

    def _style_of(self, paragraph: Any) -> Any:
        properties = paragraph.find(qn("w:pPr"))
        named = None if properties is None else properties.find(qn("w:pStyle"))
        return None if named is None else self._styles.get(named.get(qn("w:val")))

    def _heading_level(self, paragraph: Any, style: Any) -> int:
        """1 to 9, 0 where it is no heading."""
        elements = [paragraph.find(qn("w:pPr"))]
        for _ in range(MOST_DEPTH):
            if style is None:
                break
            if match := _HEADING.fullmatch((style.name or "").strip()):
                return int(match.group(1))
            elements.append(style.element.find(qn("w:pPr")))
            style = style.base_style
        for properties in elements:
            outline = None if properties is None else properties.find(qn("w:outlineLvl"))
            if outline is not None:
                level = int(outline.get(qn("w:val")) or 9)
                return level + 1 if 0 <= level <= 8 else 0
        return 0


def _columns(cell: Any) -> int:
    span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
    stated = "1" if span is None else span.get(qn("w:val")) or "1"
    return max(1, min(int(stated), 50)) if stated.isdecimal() and len(stated) < 6 else 1


def _is_hidden(run: Any) -> bool:
    hidden = run.find(f"{qn('w:rPr')}/{qn('w:vanish')}")
    return hidden is not None and hidden.get(qn("w:val")) not in ("0", "false")


def _is_superscript(run: Any) -> bool:
    align = run.find(f"{qn('w:rPr')}/{qn('w:vertAlign')}")
    return align is not None and align.get(qn("w:val")) == "superscript"


def _is_bold(paragraph: Any) -> bool:
    runs = [run for run in paragraph.iter(qn("w:r")) if (run.findtext(qn("w:t")) or "").strip()]
    return bool(runs) and all(
        (bold := run.find(f"{qn('w:rPr')}/{qn('w:b')}")) is not None
        and bold.get(qn("w:val")) not in ("0", "false")
        for run in runs
    )


def _promote_bold(blocks: list[Block], bold: set[int]) -> list[Block]:
    """Where no style says what a heading is, short bold paragraphs are headings."""
    if len(bold) > len(blocks) / 2:
        return blocks
    return [
        Block(BlockKind.HEADING, clean_line(block.text), block.lines, 1)
        if index in bold
        and len(block.text) <= 100
        and not block.text.endswith((".", ",", ";"))
        and index + 1 < len(blocks)
        else block
        for index, block in enumerate(blocks)
    ]
