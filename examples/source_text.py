"""The texts in `sources/`: Markdown with one line a paragraph, tables and small charts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

COMPANY = "Atelier Lumen"


@dataclass(frozen=True)
class Block:
    """A piece of a source.

    Attributes:
        kind: title, heading, note, caption, paragraph (with text); bullets, numbers (with one
            cell a row); table (header first) or chart (names of the axes first).
    """

    kind: str
    text: str = ""
    level: int = 0
    rows: list[list[str]] = field(default_factory=list)


def read_source(path: Path) -> list[Block]:
    root = SyntaxTreeNode(MarkdownIt().enable("table").parse(path.read_text(encoding="utf-8")))
    return [read_block(node) for node in root.children]


def read_block(node: SyntaxTreeNode) -> Block:
    if node.type == "heading":
        level = int(node.tag[1])
        return Block("title" if level == 1 else "heading", text_of(node), level)
    if node.type == "paragraph":
        styles = {leaf.type for leaf in node.walk()}
        kind = "note" if "em" in styles else "caption" if "strong" in styles else "paragraph"
        return Block(kind, text_of(node))
    if node.type == "table":
        rows = [row for part in node.children for row in part.children]
        return Block("table", rows=[[text_of(cell) for cell in row.children] for row in rows])
    if node.type == "fence":
        lines = [node.info.removeprefix("chart"), *node.content.splitlines()]
        return Block("chart", rows=[[cell.strip() for cell in line.split("|")] for line in lines])
    kind = {"bullet_list": "bullets", "ordered_list": "numbers"}[node.type]
    return Block(kind, rows=[[text_of(item)] for item in node.children])


def text_of(node: SyntaxTreeNode) -> str:
    return "".join(leaf.content for leaf in node.walk() if leaf.type == "text")
