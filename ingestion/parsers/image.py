"""Images of text: photographs, faxes, scans of several pages in one TIFF."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from assistant.errors import ParseError
from assistant.types import ParsedDocument
from ingestion.parsers.blocks import choose_title
from ingestion.parsers.ocr import (
    LONG_SIDE,
    MOST_PIXELS,
    Greys,
    PageReader,
    Recognised,
    RecognisedPage,
    even_out_sizes,
)
from ingestion.parsers.pace import Pace
from ingestion.parsers.pdf_layout import lay_out

MOST_STORED_PIXELS = 100_000_000
"""A4 at 1,000 dots an inch has 97 million."""
LONGEST_SIDE_PT = 842.0
"""Of an image that does not say how large it is: A4's."""

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
_SHARPEST_DPI, _COARSEST_DPI = 2400, 72


def parse(path: Path, *, max_pages: int, pace: Pace) -> ParsedDocument:
    """Recognise the text of an image. The frames of a TIFF are its pages.

    Boxes are in points as in a PDF: `page_size` says how large an image counts.

    Raises:
        ParseError: damaged, too large, too many frames, without text, or Tesseract is missing.
    """
    with open_image(path) as image, PageReader(pace) as reader:
        check_size(*image.size)
        count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
        if count > max_pages:
            raise ParseError(
                f"{count} pages, more than the {max_pages} allowed (setting ingest.max_pages)"
            )
        read = {page.text.number: page for page in _read_frames(image, count, reader)}
        reason = reader.reason
    if not read:
        raise ParseError(f"no text was recognised in the image{f': {reason}' if reason else ''}")
    texts = [page.text for page in read.values()]
    even_out_sizes(texts)
    blocks = lay_out(texts, [])
    return ParsedDocument(
        title=choose_title("", blocks, path),
        blocks=blocks,
        pages=count,
        empty_pages=tuple(page for page in range(1, count + 1) if page not in read),
        recognised=tuple((number, page.confidence) for number, page in read.items()),
    )


def page_size(pixels: tuple[int, int], dpi: float | None) -> tuple[float, float]:
    """Width and height in points of an image: by its resolution where it states a sensible
    one, else the longer side is A4's."""
    longest = max(pixels)
    sensible = dpi is not None and _COARSEST_DPI < dpi <= _SHARPEST_DPI
    points = 72 / dpi if dpi is not None and sensible else LONGEST_SIDE_PT / longest
    return pixels[0] * points, pixels[1] * points


def open_image(file: Path | BinaryIO) -> Any:
    """
    Raises:
        ParseError: no image of a format that is read, damaged, or with too many pixels.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():  # its own warning comes before the limit below
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file, formats=_FORMATS)
    except Image.DecompressionBombError as exc:
        raise ParseError(
            f"the image has more than the {MOST_STORED_PIXELS:,} pixels that are decoded: "
            "save it smaller"
        ) from exc
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as exc:
        raise ParseError("the image is damaged or cut short: it cannot be opened") from exc
    return image


def check_size(width: int, height: int) -> None:
    if width * height > MOST_STORED_PIXELS:
        raise ParseError(
            f"{width:,} x {height:,} pixels, more than the {MOST_STORED_PIXELS:,} that are "
            "decoded: save the image smaller"
        )


_DAMAGED = (OSError, ValueError, SyntaxError, EOFError)


def _read_frames(image: Any, count: int, reader: PageReader) -> Iterator[RecognisedPage]:
    """Those that are damaged cost themselves only, but for a single one."""
    reading: list[Recognised] = []
    for index in range(count):
        if not reader.has_time():
            break
        try:
            image.seek(index)
            reading.append(read_picture(image, index + 1, reader))
        except _DAMAGED as exc:
            _require_others(count, exc)
    for recognised in reading:
        try:
            page = recognised()
        except _DAMAGED as exc:
            _require_others(count, exc)
            continue
        if page is not None:
            yield page


def _require_others(count: int, damage: Exception) -> None:
    if count == 1:
        raise ParseError("the image is damaged or cut short") from damage


def read_picture(image: Any, number: int, reader: PageReader) -> Recognised:
    """What gives the text of an image's present frame as page `number`, None where it holds none.

    Raises:
        ParseError: it has too many pixels.
        OSError, ValueError, SyntaxError, EOFError: it is damaged.
    """
    check_size(*image.size)
    greys, size = _decode(image)
    return reader.read_beside(greys, number, *size)


def _decode(image: Any) -> tuple[Greys, tuple[float, float]]:
    """(pixels ready for the recogniser, size in points), upright as its camera says."""
    from PIL import Image, ImageOps

    dpi = image.info.get("dpi", (None,))[0]
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        paper = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(paper, upright.convert("RGBA"))
    if upright.mode.startswith(("I;16", "I", "F")):
        upright = ImageOps.autocontrast(upright.convert("F").convert("L"))
    grey = upright.convert("L")
    size = page_size(grey.size, float(dpi) if dpi else None)
    wanted = LONG_SIDE / max(grey.size)
    factor = min(max(1.0, min(wanted, 3.0)), (MOST_PIXELS / (grey.width * grey.height)) ** 0.5)
    if abs(factor - 1) > 0.05:
        grey = grey.resize(
            (max(1, round(grey.width * factor)), max(1, round(grey.height * factor))),
            Image.Resampling.LANCZOS,
        )
    return np.asarray(grey, dtype=np.uint8), size
