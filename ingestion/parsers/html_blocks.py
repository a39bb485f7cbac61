"""The tree of an HTML page becomes blocks; also used for the chapters of a book."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from assistant.types import BlockKind
from ingestion.parsers.blocks import BlockList, clean_line, raise_digits
from ingestion.parsers.grid import Cell, lay_out
from ingestion.parsers.html_noise import is_menu, is_noise, is_note_mark, is_unseen

_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt "
    "fieldset figcaption figure form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main "
    "menu ol p pre search section summary table tbody td tfoot th thead tr ul".split()
)
_FILE_NAME = re.compile(r"\S+(?:\s\S+){0,6}\.(?:jpe?g|png|gif|svg|webp|bmp|tiff?)", re.IGNORECASE)
_ITEM = "\x1e"
"""Stands before an item of a list until white space is tidied."""
_REFERENCE_NAMES = frozenset("references reflist bibliography".split())
_FOOTNOTE_TYPES = frozenset("footnote footnotes endnote endnotes rearnote rearnotes note".split())
_NOTE_ROLES = frozenset(("doc-footnote", "doc-endnotes", "doc-endnote"))


def read_markup(root: LexborNode, blocks: BlockList) -> None:
    """Add what a reader sees of a page, without what stands beside its content."""
    _Walk(blocks).read(root)


def visible_text(node: LexborNode) -> str:
    """What a reader sees of a node, on one line; items of lists parted by semicolons."""
    parts: list[str] = []
    _collect(node, parts)
    pieces = (clean_line(piece) for piece in "".join(parts).split(_ITEM))
    return "; ".join(filter(None, pieces))


def _is_left_out(node: LexborNode) -> bool:
    return is_unseen(node) or is_note_mark(node) or is_noise(node)


def _collect(node: LexborNode, parts: list[str]) -> None:
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            parts.append(child.text_content or "")
        elif tag == "br":
            parts.append(" ")
        elif tag == "img":
            parts.append(_description(child))
        elif not tag.startswith(("-", "!", "_")) and not _is_left_out(child):
            if tag == "sup":
                parts.append(raise_digits(visible_text(child), before="".join(parts[-2:])))
                continue
            if tag == "li" and "".join(parts[-2:]).strip():
                parts.append(_ITEM)
            apart = " " if tag in _BLOCKS else ""
            parts.append(apart)
            _collect(child, parts)
            parts.append(apart)


def _description(image: LexborNode) -> str:
    text = clean_line(image.attributes.get("alt") or "")
    return "" if _FILE_NAME.fullmatch(text) else text


class _Walk:
    """Collects inline text until a block-level element begins or ends."""

    def __init__(self, blocks: BlockList) -> None:
        self._blocks = blocks
        self._inline: list[str] = []
        self._has_words = False
        self._kind = BlockKind.PARAGRAPH
        self._mark = ""

    def read(self, node: LexborNode) -> None:
        for child in node.iter(include_text=True):
            self._read_node(child)
        self._flush()

    def _read_node(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "-text":
            text = node.text_content or ""
            self._inline.append(text)
            self._has_words = self._has_words or not text.isspace()
        elif tag == "br":
            self._inline.append("\n")
        elif tag == "img":
            self._inline.append(_description(node))
        elif tag.startswith(("-", "!", "_")) or _is_left_out(node):
            return
        elif tag == "sup":
            self._inline.append(raise_digits(visible_text(node), before="".join(self._inline[-2:])))
        elif tag in _BLOCKS:
            self._flush()
            self._read_block(node, tag)
        else:
            for child in node.iter(include_text=True):
                self._read_node(child)

    def _read_block(self, node: LexborNode, tag: str) -> None:
        if tag == "pre":
            self._blocks.add(BlockKind.CODE, node.text())
        elif re.fullmatch(r"h[1-6]", tag):
            self._blocks.add_heading(visible_text(node), int(tag[1]))
        elif tag == "table":
            self._read_table(node)
        elif tag not in ("ul", "ol", "menu") or not is_menu(node):
            outer = self._kind, self._mark
            self._kind, self._mark = self._kind_inside(node, tag)
            self.read(node)
            self._kind, self._mark = outer

    def _kind_inside(self, node: LexborNode, tag: str) -> tuple[BlockKind, str]:
        """Of what stands directly in a block-level element, and the mark of its first line."""
        attributes = node.attributes
        names = frozenset((attributes.get("class") or "").lower().split())
        types = frozenset((attributes.get("epub:type") or "").split())
        role = attributes.get("role") or ""
        if (
            self._kind is BlockKind.REFERENCE
            or names & _REFERENCE_NAMES
            or (role == "doc-bibliography")
        ):
            return BlockKind.REFERENCE, ""
        if self._kind is BlockKind.FOOTNOTE or types & _FOOTNOTE_TYPES or role in _NOTE_ROLES:
            return BlockKind.FOOTNOTE, ""
        if tag in ("li", "dd"):
            return BlockKind.LIST_ITEM, "- "
        if tag in ("figcaption", "caption"):
            return BlockKind.CAPTION, ""
        return self._kind, self._mark

    def _flush(self) -> None:
        # A line break of the source is a space, one of <br> (alone in its part) is kept.
        parts = [part if part == "\n" else re.sub(r"\s+", " ", part) for part in self._inline]
        self._inline = []
        lines = (clean_line(line) for line in "".join(parts).split("\n"))
        text = "\n".join(filter(None, lines))
        pictured, self._has_words = not self._has_words, False
        if not any(letter.isalnum() for letter in text):
            return
        last = self._blocks.blocks[-1] if self._blocks.blocks else None
        if last is not None and last.kind is BlockKind.CAPTION and text in last.text:
            return  # a picture's description says the same as what stands below it
        if pictured:
            self._blocks.add(BlockKind.CAPTION, text)
            return
        self._blocks.add(self._kind, self._mark + text)
        if self._kind is BlockKind.LIST_ITEM:
            self._mark = ""  # what follows in the same item is a part of it

    def _read_table(self, table: LexborNode) -> None:
        rows: list[list[Cell]] = []
        if table.css_first("table table") is None:
            rows = [list(_cells(row)) for row in table.css("tr") if not is_unseen(row)]
        if max(map(len, rows), default=0) < 2:  # it only lays out the page
            for cell in _outer_cells(table):
                self.read(cell)
            return
        caption = table.css_first("caption")
        if caption is not None:
            self._blocks.add(BlockKind.CAPTION, visible_text(caption))
        self._blocks.add_table(lay_out(rows))


def _cells(row: LexborNode) -> Iterator[Cell]:
    for cell in row.iter():
        if cell.tag in ("td", "th"):
            yield Cell(
                "" if is_unseen(cell) else visible_text(cell),
                columns=_span(cell, "colspan"),
                rows=_span(cell, "rowspan"),
                is_header=cell.tag == "th",
            )


def _span(cell: LexborNode, name: str) -> int:
    stated = cell.attributes.get(name) or ""
    return int(stated) if stated.isdecimal() and len(stated) < 6 else 1


def _outer_cells(table: LexborNode) -> Iterator[LexborNode]:
    for node in table.iter():
        if node.tag in ("tbody", "thead", "tfoot", "tr"):
            yield from _outer_cells(node)
        elif node.tag in ("td", "th", "caption"):
            yield node
