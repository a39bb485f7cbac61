"""A parsed document or a drawn page as JSON: all that a parsing child may hand back."""

from __future__ import annotations

import base64
import json
from typing import Any

from assistant.types import Attachment, Block, BlockKind, Line, PageImage, ParsedDocument

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"


def encode_result(result: ParsedDocument | PageImage) -> dict[str, Any]:
    if isinstance(result, PageImage):
        return {"page": encode_page(result)}
    return {"document": encode_document(result)}


def encode_page(page: PageImage) -> list[Any]:
    return [page.width_pt, page.height_pt, base64.b64encode(page.png).decode("ascii")]


def decode_page(data: Any) -> PageImage:
    """Rebuild a page from JSON that may have been made by a subverted child.

    Raises:
        ValueError: it does not have the shape of a page.
    """
    try:
        width, height, packed = data
        page = PageImage(
            base64.b64decode(_text(packed), validate=True), _size(width), _size(height)
        )
    except TypeError as exc:
        raise ValueError(f"not a page: {exc!r}") from exc
    if not page.png.startswith(PNG_MAGIC):
        raise ValueError("not a PNG")
    return page


def encode_document(document: ParsedDocument) -> dict[str, Any]:
    return {
        "title": document.title,
        "pages": document.pages,
        "empty_pages": list(document.empty_pages),
        "recognised": [list(page) for page in document.recognised],
        "attachments": [
            [one.name, base64.b64encode(one.content).decode("ascii")]
            for one in document.attachments
        ],
        "author": document.author,
        "date": document.date,
        "blocks": [
            [
                block.kind.value,
                block.text,
                block.level,
                [[line.offset, line.page, *(line.box or ())] for line in block.lines],
            ]
            for block in document.blocks
        ],
    }


def decode_document(data: Any) -> ParsedDocument:
    """Rebuild a document from JSON that may have been made by a subverted parser.

    Raises:
        ValueError: it does not have the shape or the types of a document.
    """
    try:
        return ParsedDocument(
            title=_text(data["title"]),
            blocks=tuple(_block(*block) for block in data["blocks"]),
            pages=_number(data["pages"]),
            empty_pages=tuple(_number(page) for page in data["empty_pages"]),
            recognised=tuple(
                (_number(page), _share(confidence)) for page, confidence in data["recognised"]
            ),
            attachments=tuple(
                Attachment(_text(name), base64.b64decode(_text(content), validate=True))
                for name, content in data["attachments"]
            ),
            author=_text(data["author"]),
            date=_text(data["date"]),
        )
    except (KeyError, TypeError, IndexError) as exc:
        raise ValueError(f"not a parsed document: {exc!r}") from exc


def dump_message(message: dict[str, Any]) -> bytes:
    """One line of UTF-8 JSON with its newline."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


def _block(kind: Any, text: Any, level: Any, lines: Any) -> Block:
    made = tuple(Line(_number(offset), _number(page), _box(box)) for offset, page, *box in lines)
    if not made or made[0].offset != 0:
        raise ValueError("a block needs a line at offset 0")
    return Block(BlockKind(kind), _text(text), made, _number(level))


def _box(values: list[Any]) -> tuple[float, float, float, float] | None:
    if not values:
        return None
    x0, y0, x1, y1 = (float(value) for value in values)
    return (x0, y0, x1, y1)


def _size(value: Any) -> float:
    size = float(value)
    if not 0 < size < 10**6:
        raise ValueError(f"{value!r} instead of a length")
    return size


def _share(value: Any) -> float:
    share = float(value)
    if not 0 <= share <= 1:
        raise ValueError(f"{value!r} instead of a share")
    return share


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of text")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{value!r} instead of a whole number")
    return value
