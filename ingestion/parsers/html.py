"""HTML: headings, paragraphs, lists, tables; without scripts, styles and navigation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from assistant.errors import ParseError
from assistant.types import BlockKind, ParsedDocument
from ingestion.parsers.blocks import BlockList, choose_title, clean_line, sensible_author
from ingestion.parsers.encoding import decode_text

MOST_DEPTH = 250
MOST_COLUMNS = 200
LEAST_MENU = 8

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")
_RAW_TEXT = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|textarea|template|svg|math)\b.*?(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_NEVER_NESTED = frozenset(
    "area base br col embed hr img input link meta param source track wbr "
    "p li dt dd tr td th thead tbody tfoot option optgroup colgroup html head body".split()
)
_DROPPED = frozenset(
    "script style noscript template nav footer svg iframe object button select input textarea "
    "annotation head".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt "
    "fieldset figcaption figure form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main "
    "menu ol p pre search section summary table tbody td tfoot th thead tr ul".split()
)


def parse(path: Path, *, max_pages: int) -> ParsedDocument:  # noqa: ARG001 - the protocol
    """Read a page that was saved to disk.

    Raises:
        ParseError: the bytes are no text, or the tags are nested too deeply.
    """
    data = path.read_bytes()
    declared = _CHARSET.search(data[:4096])
    source = decode_text(data, declared=declared.group(1).decode("ascii") if declared else "")
    _check_depth(source)
    tree = LexborHTMLParser(source)
    metadata = {
        (node.attributes.get("name") or "").lower(): node.attributes.get("content") or ""
        for node in tree.css("meta[name]")
    }
    title = _title(tree)
    blocks = BlockList()
    root = _main_part(tree)
    if root is not None:
        _Walk(blocks).read(root)
    return ParsedDocument(
        title=choose_title(title, blocks.blocks, path),
        blocks=tuple(blocks.blocks),
        author=sensible_author(metadata.get("author", "")),
        date=clean_line(metadata.get("date", ""))[:40],
    )


def _check_depth(source: str) -> None:
    """Refuse tags nested so deeply that building their tree takes minutes."""
    depth = 0
    for match in _TAG.finditer(_RAW_TEXT.sub("", source)):
        closing, name = match.groups()  # HTML does not close <div/> either
        if name.lower() in _NEVER_NESTED:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        if depth > MOST_DEPTH:
            raise ParseError(f"unsafe: tags nested more than {MOST_DEPTH} deep")


def _title(tree: LexborHTMLParser) -> str:
    """The only first heading, else the title of the browser's window."""
    headings = tree.css("h1")
    if len(headings) == 1 and (text := _text(headings[0])):
        return text
    node = tree.css_first("head title")
    return clean_line(node.text()) if node is not None else ""


def _main_part(tree: LexborHTMLParser) -> LexborNode | None:
    """What the page itself calls its main part, if that holds most of it."""
    main = {node.mem_id: node for node in tree.css("main, [role=main]")}
    body = tree.body
    if len(main) == 1 and body is not None:
        (only,) = main.values()
        if len(_text(only)) > 0.5 * len(_text(body)):
            return only
    return body


def _is_dropped(node: LexborNode) -> bool:
    if node.tag in _DROPPED:
        return True
    attributes = node.attributes
    return bool(attributes) and (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") == "navigation"
    )


def _is_menu(node: LexborNode) -> bool:
    """A long list of nothing but short links."""
    items = [child for child in node.iter() if child.tag == "li"]
    if len(items) < LEAST_MENU:
        return False
    linked = {link.mem_id: len(_text(link)) for link in node.css("a")}
    whole = sum(len(_text(item)) for item in items)
    return sum(linked.values()) > 0.9 * whole and whole < 40 * len(items)


def _text(node: LexborNode) -> str:
    """What a reader sees of a node, on one line."""
    parts: list[str] = []
    _collect(node, parts)
    return clean_line("".join(parts))


def _collect(node: LexborNode, parts: list[str]) -> None:
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            parts.append(child.text_content or "")
        elif tag == "br":
            parts.append(" ")
        elif tag == "img":
            parts.append(child.attributes.get("alt") or "")
        elif not tag.startswith(("-", "!", "_")) and not _is_dropped(child):
            apart = " " if tag in _BLOCKS else ""
            parts.append(apart)
            _collect(child, parts)
            parts.append(apart)


class _Walk:
    """Collects inline text until a block-level element begins or ends."""

    def __init__(self, blocks: BlockList) -> None:
        self._blocks = blocks
        self._inline: list[str] = []
        self._kind = BlockKind.PARAGRAPH
        self._mark = ""

    def read(self, node: LexborNode) -> None:
        for child in node.iter(include_text=True):
            self._read_node(child)
        self._flush()

    def _read_node(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "-text":
            self._inline.append(node.text_content or "")
        elif tag == "br":
            self._inline.append("\n")
        elif tag == "img":
            self._inline.append(node.attributes.get("alt") or "")
        elif tag.startswith(("-", "!", "_")) or _is_dropped(node):
            return
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
            self._blocks.add_heading(_text(node), int(tag[1]))
        elif tag == "table":
            self._read_table(node)
        elif tag not in ("ul", "ol", "menu") or not _is_menu(node):
            outer = self._kind, self._mark
            if tag in ("li", "dd"):
                self._kind, self._mark = BlockKind.LIST_ITEM, "- "
            elif tag in ("figcaption", "caption"):
                self._kind, self._mark = BlockKind.CAPTION, ""
            self.read(node)
            self._kind, self._mark = outer

    def _flush(self) -> None:
        # A line break of the source is a space, one of <br> (alone in its part) is kept.
        parts = [part if part == "\n" else re.sub(r"\s+", " ", part) for part in self._inline]
        self._inline = []
        lines = (clean_line(line) for line in "".join(parts).split("\n"))
        text = "\n".join(filter(None, lines))
        if any(letter.isalnum() for letter in text):
            self._blocks.add(self._kind, self._mark + text)
            if self._kind is BlockKind.LIST_ITEM:
                self._mark = ""  # what follows in the same item is a part of it

    def _read_table(self, table: LexborNode) -> None:
        rows = [_cells(row) for row in table.css("tr")]
        if table.css_first("table table") or max(map(len, rows), default=0) < 2:
            for cell in _outer_cells(table):  # a table that only lays out the page
                self.read(cell)
            return
        caption = table.css_first("caption")
        if caption is not None:
            self._blocks.add(BlockKind.CAPTION, _text(caption))
        self._blocks.add_table(rows)


def _cells(row: LexborNode) -> list[str]:
    cells: list[str] = []
    for cell in row.iter():
        if cell.tag in ("td", "th") and len(cells) < MOST_COLUMNS:
            cells.append(_text(cell))
            span = cell.attributes.get("colspan") or ""
            cells.extend([""] * (min(int(span), 50) - 1 if span.isdecimal() else 0))
    return cells


def _outer_cells(table: LexborNode) -> Iterator[LexborNode]:
    for node in table.iter():
        if node.tag in ("tbody", "thead", "tfoot", "tr"):
            yield from _outer_cells(node)
        elif node.tag in ("td", "th", "caption"):
            yield node
