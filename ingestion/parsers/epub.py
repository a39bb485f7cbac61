"""EPUB: the chapters of a book in reading order."""

from __future__ import annotations

import posixpath
import re
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from assistant.errors import ParseError
from assistant.types import ParsedDocument
from ingestion.parsers.blocks import BlockList, choose_title, clean_line, sensible_author
from ingestion.parsers.encoding import decode_text
from ingestion.parsers.html import parse_markup
from ingestion.parsers.html_blocks import read_markup
from ingestion.parsers.xml_tree import parse_xml, read_entry
from ingestion.zip_guard import check_zip

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTERS = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_SELF_CLOSED = re.compile(r"<(script|title|style|a|p|div|span|td)\b([^<>]*)/>")
_ENCODING = re.compile(rb"<\?xml[^>]{0,100}encoding\s*=\s*[\"']([\w-]{2,40})")


def parse(path: Path, *, max_pages: int) -> ParsedDocument:
    """Read a book. Each chapter is a page; a chapter that has no heading of its own gets the
    one of the table of contents.

    Raises:
        ParseError: damaged, protected, unsafe, too many chapters.
    """
    check_zip(path, "EPUB")
    with zipfile.ZipFile(path) as archive:
        container = parse_xml(read_entry(archive, _CONTAINER), place=_CONTAINER)
        package_name = next((one.get("full-path") for one in container.iter("{*}rootfile")), "")
        package = parse_xml(read_entry(archive, package_name or ""), place="the package file")
        folder = posixpath.dirname(package_name or "")
        chapters = [_resolve(folder, href) for href in _spine(package)]
        if len(chapters) > max_pages:
            raise ParseError(
                f"{len(chapters)} chapters, more than the {max_pages} allowed "
                "(setting ingest.max_pages)"
            )
        if _ENCRYPTION in archive.namelist():
            locked = parse_xml(archive.read(_ENCRYPTION), place=_ENCRYPTION)
            names = {unquote(one.get("URI") or "") for one in locked.iter("{*}CipherReference")}
            if names & set(chapters):
                raise ParseError("protected against copying (DRM): use an edition without it")
        blocks = _read_chapters(archive, chapters, _contents(archive, package, folder))
    title = _metadata(package, "title")
    return ParsedDocument(
        title=choose_title(title, blocks.blocks, path),
        blocks=tuple(blocks.blocks),
        pages=max(1, len(chapters)),
        empty_pages=blocks.pages_without_text(len(chapters)),
        author=sensible_author(_metadata(package, "creator")),
        date=_metadata(package, "date")[:10],
    )


def _read_chapters(
    archive: zipfile.ZipFile, chapters: list[str], titles: dict[str, str]
) -> BlockList:
    blocks = BlockList()
    for number, name in enumerate(chapters, 1):
        blocks.page = number
        tree = _tree(read_entry(archive, name))
        if tree.body is None or _is_list_of_contents(tree):
            continue
        if name in titles and tree.css_first("h1, h2, h3, h4, h5, h6") is None:
            blocks.add_heading(titles[name], 1)
        read_markup(tree.body, blocks)
    return blocks


def _tree(data: bytes) -> LexborHTMLParser:
    declared = _ENCODING.match(data.lstrip())
    source = decode_text(data, declared=declared.group(1).decode("ascii") if declared else "")
    # An HTML parser takes <script/> and <title/> for begun and never ended.
    return parse_markup(
        re.sub(r"<(script|title|style|a|p|div|span|td)\b([^<>]*)/>", r"<\1\2></\1>", source)
    )


def _is_list_of_contents(tree: LexborHTMLParser) -> bool:
    return any("toc" in (nav.attributes.get("epub:type") or "").split() for nav in tree.css("nav"))


def _spine(package: Any) -> list[str]:
    """The addresses of the chapters, in reading order."""
    items = {
        item.get("id"): item.get("href") or ""
        for item in package.iter("{*}item")
        if (item.get("media-type") or "").lower() in _CHAPTERS
    }
    names = [reference.get("idref") for reference in package.iter("{*}itemref")]
    chapters = list(dict.fromkeys(items[name] for name in names if name in items))
    if not chapters:
        raise ParseError("damaged: the book names no chapters; take it from its source again")
    return chapters


def _contents(archive: zipfile.ZipFile, package: Any, folder: str) -> dict[str, str]:
    """What the table of contents calls each chapter, as far as there is one."""
    titles: dict[str, str] = {}
    entries = frozenset(archive.namelist())
    for item in package.iter("{*}item"):
        name = _resolve(folder, item.get("href") or "")
        if name not in entries:
            continue
        found: list[tuple[str, str]] = []
        if item.get("media-type") == "application/x-dtbncx+xml":
            for point in parse_xml(archive.read(name), place=name).iter("{*}navPoint"):
                label, target = point.find("{*}navLabel/{*}text"), point.find("{*}content")
                if label is not None and target is not None:
                    found.append((target.get("src") or "", label.text or ""))
        elif "nav" in (item.get("properties") or "").split():
            links = _tree(archive.read(name)).css("nav a")
            found = [(link.attributes.get("href") or "", link.text()) for link in links]
        for target, label in found:
            if clean_line(label):
                titles.setdefault(_resolve(posixpath.dirname(name), target), clean_line(label))
    return titles


def _resolve(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))


def _metadata(package: Any, name: str) -> str:
    node = next(package.iter(f"{{http://purl.org/dc/elements/1.1/}}{name}"), None)
    return "" if node is None else clean_line("".join(node.itertext()))
