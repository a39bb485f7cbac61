"""Slides and letters that are nothing but pictures of text, as of a scan put into Word."""

from __future__ import annotations

import io
from collections.abc import Iterable

from assistant.errors import ParseError
from ingestion.parsers.blocks import BlockList
from ingestion.parsers.image import open_image, read_picture
from ingestion.parsers.ocr import PageReader
from ingestion.parsers.pace import Pace
from ingestion.parsers.pdf_layout import lay_out

MOST_PICTURES = 4
"""Of a page: more are no scan of it."""


class PictureReader:
    """Recognises what stands on the pictures of pages without text.

    `recognised` has the numbers of those pages with the mean confidence of their words.
    """

    def __init__(self, reader: PageReader, pace: Pace) -> None:
        self._pace = pace
        self._reader = reader
        self._tried = False
        self.recognised: list[tuple[int, float]] = []

    def add(self, files: Iterable[bytes], blocks: BlockList) -> None:
        """Add what stands on the pictures of `blocks.page`; those that no picture can be made of
        (drawings, damaged ones) are passed over."""
        sure: list[float] = []
        for file in [*files][:MOST_PICTURES]:
            self._tried = True
            if not self._reader.has_time():
                break
            try:
                with open_image(io.BytesIO(file)) as image:
                    page = read_picture(image, blocks.page, self._reader)()
            except (ParseError, OSError, ValueError, SyntaxError, EOFError):
                continue
            if page is not None:
                sure.append(page.confidence)
                for block in lay_out([page.text], []):
                    blocks.add(block.kind, block.text, level=block.level)
        if sure:
            self.recognised.append((blocks.page, sum(sure) / len(sure)))
        if self._tried:
            self._pace.tell(recognising=False)

    def require_text(self, blocks: BlockList) -> None:
        """
        Raises:
            ParseError: there is none, and pictures that may hold it; says why it was not read.
        """
        if self._tried and not blocks.blocks:
            why = self._reader.reason or "none was recognised on its pictures"
            raise ParseError(f"no text was found in it: {why}")
