"""Markdown (CommonMark with tables)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from assistant.types import BlockKind, ParsedDocument
from ingestion.parsers.blocks import BlockList, choose_title, clean_line, sensible_author
from ingestion.parsers.encoding import decode_text

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"^(title|author|date)[ \t]*:[ \t]*(.+?)[ \t]*$", re.MULTILINE | re.IGNORECASE)


def parse(path: Path, *, max_pages: int) -> ParsedDocument:  # noqa: ARG001 - the protocol
    """Read a Markdown file. Raw HTML is dropped, links keep their words, images their
    description; title, author and date come from front matter where there is one.

    Raises:
        ParseError: the bytes are no text.
    """
    source = decode_text(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    fields: dict[str, str] = {}
    if match := _FRONT_MATTER.match(source):
        fields = {
            field.group(1).lower(): clean_line(field.group(2).strip("\"'"))
            for field in _FIELD.finditer(match.group(1))
        }
        source = source[match.end() :]
    blocks = BlockList()
    _walk(MarkdownIt("commonmark").enable("table").parse(source), blocks)
    return ParsedDocument(
        title=choose_title(fields.get("title", ""), blocks.blocks, path),
        blocks=tuple(blocks.blocks),
        author=sensible_author(fields.get("author", "")),
        date=fields.get("date", "")[:40],
    )


def _walk(tokens: Sequence[Token], blocks: BlockList) -> None:
    lists: list[int | None] = []  # the next number of each open list, None for bullets
    mark = ""
    heading = 0
    rows: list[list[str]] | None = None
    for token in tokens:
        match token.type:
            case "heading_open":
                heading = int(token.tag[1:])
            case "heading_close":
                heading = 0
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_open":
                lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                number = lists[-1]
                mark = "- " if number is None else f"{number}. "
                if number is not None:
                    lists[-1] = number + 1
            case "fence" | "code_block":
                blocks.add(BlockKind.CODE, token.content)
            case "table_open":
                rows = []
            case "tr_open" if rows is not None:
                rows.append([])
            case "table_close" if rows is not None:
                blocks.add_table(rows)
                rows = None
            case "inline":
                text = _inline_text(token.children or [])
                if rows is not None:
                    rows[-1].append(text)
                elif heading:
                    blocks.add_heading(text, heading)
                elif lists:
                    blocks.add(BlockKind.LIST_ITEM, mark + text if text.strip() else "")
                    mark = ""
                else:
                    blocks.add(BlockKind.PARAGRAPH, text)


def _inline_text(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        if token.type in ("text", "code_inline", "image"):
            parts.append(token.content)
        elif token.type == "softbreak":
            parts.append(" ")
        elif token.type == "hardbreak":
            parts.append("\n")
    return "".join(parts)
