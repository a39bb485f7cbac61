"""PPTX: a slide is a page; titles are headings; tables, charts, diagrams, notes are read."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pptx
from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.picture import Picture
from pptx.shapes.placeholder import PlaceholderPicture

from assistant.errors import ParseError
from assistant.types import BlockKind, ParsedDocument
from ingestion.dates import day_of
from ingestion.parsers.blocks import BlockList, choose_title, sensible_author
from ingestion.parsers.damage import damage_as_reason
from ingestion.parsers.grid import Cell, lay_out
from ingestion.parsers.ocr import PageReader
from ingestion.parsers.office_drawings import CHART, DIAGRAM, Drawings
from ingestion.parsers.office_pictures import PictureReader
from ingestion.parsers.pace import Pace
from ingestion.zip_guard import check_zip

MOST_DEPTH = 20
LEAST_SHARE = 0.2
"""Of a slide that a picture covers: smaller ones are logos and photographs."""


def parse(path: Path, *, max_pages: int, pace: Pace) -> ParsedDocument:
    """Read a presentation, each slide from top to bottom. Of slides without text, what stands on
    their pictures is recognised.

    Raises:
        ParseError: damaged, protected, unsafe, too long.
    """
    check_zip(path, "PowerPoint")
    with damage_as_reason("PowerPoint"):
        presentation = pptx.Presentation(str(path))
        slides = list(presentation.slides)
        if len(slides) > max_pages:
            raise ParseError(
                f"{len(slides)} slides, more than the {max_pages} allowed "
                "(setting ingest.max_pages)"
            )
        blocks = BlockList()
        area = (presentation.slide_width or 0) * (presentation.slide_height or 0)
        drawings = Drawings()
        with PageReader(pace) as reader:
            pictures = PictureReader(reader, pace)
            for number, slide in enumerate(slides, 1):
                blocks.page = number
                before = len(blocks.blocks)
                _read_slide(slide, blocks, drawings)
                if len(blocks.blocks) == before:
                    pictures.add(_large_pictures(slide, area), blocks)
            pictures.require_text(blocks)
        core = presentation.core_properties
        return ParsedDocument(
            title=choose_title(core.title or "", blocks.blocks, path),
            blocks=tuple(blocks.blocks),
            pages=max(1, len(slides)),
            empty_pages=blocks.pages_without_text(len(slides)),
            recognised=tuple(pictures.recognised),
            author=sensible_author(core.author or ""),
            date=day_of(core.modified, core.created),
        )


def _read_slide(slide: Any, blocks: BlockList, drawings: Drawings) -> None:
    title = slide.shapes.title
    if title is not None and title.has_text_frame:
        blocks.add_heading(title.text_frame.text, 1)
    shapes = [
        shape
        for shape in _shapes(slide.shapes)
        if (title is None or shape.shape_id != title.shape_id) and not _is_margin(shape)
    ]
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if getattr(shape, "has_table", False) and shape.has_table:
            blocks.add_table(lay_out(map(_cells, shape.table.rows, itertools.count())))
        elif shape.has_text_frame:
            _read_paragraphs(shape.text_frame, blocks)
        elif isinstance(shape, GraphicFrame):
            for drawing in shape.element.iter(CHART, DIAGRAM):
                drawings.add(drawing, slide.part, blocks)
    if slide.has_notes_slide:
        notes = slide.notes_slide.notes_text_frame
        if notes is not None:
            for paragraph in notes.paragraphs:
                blocks.add(BlockKind.PARAGRAPH, paragraph.text)


def _large_pictures(slide: Any, area: int) -> Iterator[bytes]:
    for shape in _shapes(slide.shapes):
        is_picture = isinstance(shape, (Picture, PlaceholderPicture))
        if is_picture and (shape.width or 0) * (shape.height or 0) >= LEAST_SHARE * area:
            with contextlib.suppress(KeyError, ValueError, AttributeError):  # not in the file
                yield shape.image.blob


def _is_margin(shape: Any) -> bool:
    """Date, footer and number of the slide."""
    return shape.is_placeholder and shape.placeholder_format.type in (
        PP_PLACEHOLDER.DATE,
        PP_PLACEHOLDER.FOOTER,
        PP_PLACEHOLDER.SLIDE_NUMBER,
    )


def _cells(row: Any, number: int) -> list[Cell]:
    return [
        Cell(cell.text, cell.span_width, cell.span_height, is_header=number == 0)
        for cell in row.cells
        if not cell.is_spanned
    ]


def _read_paragraphs(frame: Any, blocks: BlockList) -> None:
    texts = [paragraph.text for paragraph in frame.paragraphs if paragraph.text.strip()]
    for text in texts:
        if len(texts) > 1:
            blocks.add(BlockKind.LIST_ITEM, f"- {text.strip()}")
        else:
            blocks.add(BlockKind.PARAGRAPH, text)


def _shapes(shapes: Iterable[Any], depth: int = 0) -> Iterator[Any]:
    """All shapes, those in groups too."""
    if depth > MOST_DEPTH:
        raise ParseError("unsafe: groups of shapes nested too deeply")
    for shape in shapes:
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape
