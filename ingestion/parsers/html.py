"""HTML: headings, paragraphs, lists, tables; without scripts, styles and navigation."""

from __future__ import annotations

import re
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from assistant.errors import ParseError
from assistant.types import ParsedDocument
from ingestion.parsers.blocks import BlockList, choose_title, clean_line, sensible_author
from ingestion.parsers.encoding import decode_text
from ingestion.parsers.html_blocks import read_markup, visible_text

MOST_DEPTH = 250

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

_AUTHORS = ("author", "dc.creator", "dcterms.creator", "article:author", "citation_author")
_DATES = (
    "date",
    "dcterms.modified",
    "dcterms.date",
    "dc.date",
    "article:modified_time",
    "article:published_time",
    "last-modified",
    "citation_publication_date",
)


def parse(path: Path, *, max_pages: int) -> ParsedDocument:  # noqa: ARG001 - the protocol
    """Read a page that was saved to disk.

    Raises:
        ParseError: the bytes are no text, or the tags are nested too deeply.
    """
    data = path.read_bytes()
    declared = _CHARSET.search(data[:4096])
    source = decode_text(data, declared=declared.group(1).decode("ascii") if declared else "")
    tree = parse_markup(source)
    metadata = {
        (node.attributes.get("name") or node.attributes.get("property") or "").lower(): (
            node.attributes.get("content") or ""
        )
        for node in tree.css("meta[name], meta[property]")
    }
    title = _title(tree)
    blocks = BlockList()
    root = _main_part(tree)
    if root is not None:
        read_markup(root, blocks)
    return ParsedDocument(
        title=choose_title(title, blocks.blocks, path),
        blocks=tuple(blocks.blocks),
        author=sensible_author(_first(metadata, _AUTHORS)),
        date=clean_line(_first(metadata, _DATES))[:40],
    )


def _first(metadata: dict[str, str], names: tuple[str, ...]) -> str:
    return next((metadata[name] for name in names if metadata.get(name)), "")


def parse_markup(source: str) -> LexborHTMLParser:
    """The tree of a page.

    Raises:
        ParseError: tags are nested too deeply.
    """
    _check_depth(source)
    return LexborHTMLParser(source)


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
    if len(headings) == 1 and (text := visible_text(headings[0])):
        return text
    node = tree.css_first("head title")
    return clean_line(node.text()) if node is not None else ""


def _main_part(tree: LexborHTMLParser) -> LexborNode | None:
    """What the page itself calls its main part, if that holds most of it."""
    main = {node.mem_id: node for node in tree.css("main, [role=main]")}
    body = tree.body
    if len(main) == 1 and body is not None:
        (only,) = main.values()
        if len(visible_text(only)) > 0.5 * len(visible_text(body)):
            return only
    return body
