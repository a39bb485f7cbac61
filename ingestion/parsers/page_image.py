"""One page of a PDF or an image as a picture, for readers to look at."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pypdfium2

from assistant.errors import ParseError
from assistant.types import PageImage
from ingestion.parsers.image import check_size, open_image, page_size
from ingestion.parsers.pace import Pace

WIDTH_PX, MOST_HEIGHT_PX = 1200, 2400
"""Sharp on a dense screen where the page takes half of it, and no picture of many megabytes."""
MOST_SCALE = 4.0


def draw_page(path: Path, *, number: int, media_type: str, pace: Pace) -> PageImage:  # noqa: ARG001
    """Page `number` from 1 as it is displayed: crop box and rotation applied.

    Raises:
        ParseError: there is no such page, or it is damaged.
    """
    if media_type == "application/pdf":
        return _draw_pdf(path, number)
    return _draw_image(path, number)


def _draw_pdf(path: Path, number: int) -> PageImage:
    try:
        with pypdfium2.PdfDocument(path) as document:
            if not 1 <= number <= len(document):
                raise ParseError(f"the file has no page {number}")
            page = document[number - 1]
            width, height = page.get_size()
            if width <= 0 or height <= 0:
                raise ParseError(f"page {number} has no area")
            picture = page.render(scale=_scale(width, height)).to_pil()
    except pypdfium2.PdfiumError as exc:
        raise ParseError(f"page {number} is damaged and cannot be drawn") from exc
    return PageImage(_to_png(picture), width, height)


def _draw_image(path: Path, number: int) -> PageImage:
    from PIL import ImageOps

    with open_image(path) as image:
        try:
            image.seek(number - 1)
            check_size(*image.size)
            dpi = image.info.get("dpi", (None,))[0]
            upright = ImageOps.exif_transpose(image).convert("RGB")
        except (OSError, ValueError, SyntaxError, EOFError) as exc:
            raise ParseError(f"page {number} is damaged and cannot be drawn") from exc
    width, height = page_size(upright.size, float(dpi) if dpi else None)
    if upright.width > WIDTH_PX or upright.height > MOST_HEIGHT_PX:
        upright.thumbnail((WIDTH_PX, MOST_HEIGHT_PX))
    return PageImage(_to_png(upright), width, height)


def _scale(width: float, height: float) -> float:
    return min(WIDTH_PX / width, MOST_HEIGHT_PX / height, MOST_SCALE)


def _to_png(picture: Any) -> bytes:
    red, green, blue = picture.convert("RGB").split()
    if red.tobytes() == green.tobytes() == blue.tobytes():  # a third of the bytes
        picture = red
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()
