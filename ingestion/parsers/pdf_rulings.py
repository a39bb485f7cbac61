"""The ruling lines of a PDF page: what is drawn straight across or down."""

from __future__ import annotations

import ctypes
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as pdfium_c

from ingestion.parsers.pdf_characters import Box, turn_upright

MOST_OBJECTS = 8000
"""A page with more drawn objects is a drawing: its lines rule nothing."""
MOST_RULES = 500
MOST_CORNERS = 60
"""A path with more is a drawing."""
THICKEST = 3.0
SHORTEST = 5.0
WIDEST_JOINT = 3.0
_DEEPEST = 3

ToPage = Callable[[float, float], tuple[float, float]]
"""From the space that a thing is drawn in to the page's own."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line: `at` is its y when it is horizontal, its x when it is vertical."""

    at: float
    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(slots=True)
class Rulings:
    """A page's lines in the space of its `PageText`, each as long as it looks."""

    horizontal: list[Rule] = field(default_factory=list)
    vertical: list[Rule] = field(default_factory=list)


def read_rulings(page: Any, turn: int) -> Rulings:
    """The lines of a loaded pypdfium2 page; none where it is a drawing.

    Args:
        turn: quarter turns of the space in which the page's text is upright.
    """
    left, bottom, right, top = page.get_bbox()
    width, height = page.get_size()
    rotation = page.get_rotation() // 90
    across: list[Rule] = []
    down: list[Rule] = []
    for x0, y0, x1, y1 in _straight_boxes(page.raw):
        box = (
            (x0 - left, top - y1, x1 - left, top - y0),
            (y0 - bottom, x0 - left, y1 - bottom, x1 - left),
            (right - x1, y0 - bottom, right - x0, y1 - bottom),
            (top - y1, right - x1, top - y0, right - x0),
        )[rotation]
        x0, y0, x1, y1 = turn_upright(box, turn, width, height)
        if x1 - x0 > y1 - y0:
            across.append(Rule((y0 + y1) / 2, x0, x1))
        else:
            down.append(Rule((x0 + x1) / 2, y0, y1))
    rulings = Rulings(_join(across), _join(down))
    if len(rulings.horizontal) + len(rulings.vertical) > MOST_RULES:
        return Rulings()
    return rulings


def _straight_boxes(page: Any) -> list[Box]:
    """Thin boxes (x0, y0, x1, y1) around lines and around the edges of rectangles, in the page's
    own space."""
    boxes: list[Box] = []
    budget = itertools.count()
    for thing, to_page in _objects(
        pdfium_c.FPDFPage_CountObjects(page),
        lambda index: pdfium_c.FPDFPage_GetObject(page, index),
        lambda x, y: (x, y),
        0,
    ):
        if next(budget) > MOST_OBJECTS:
            return []
        if pdfium_c.FPDFPageObj_GetType(thing) == pdfium_c.FPDF_PAGEOBJ_PATH and _is_seen(thing):
            boxes.extend(_path_boxes(thing, to_page))
    return boxes


def _objects(
    count: int, get: Callable[[int], Any], to_page: ToPage, depth: int
) -> Iterator[tuple[Any, ToPage]]:
    for index in range(min(count, MOST_OBJECTS + 1)):
        thing = get(index)
        if pdfium_c.FPDFPageObj_GetType(thing) != pdfium_c.FPDF_PAGEOBJ_FORM:
            yield thing, to_page
        elif depth < _DEEPEST:
            yield from _objects(
                pdfium_c.FPDFFormObj_CountObjects(thing),
                functools.partial(pdfium_c.FPDFFormObj_GetObject, thing),
                _after(_matrix(thing), to_page),
                depth + 1,
            )


def _matrix(thing: Any) -> Any:
    matrix = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFPageObj_GetMatrix(thing, ctypes.byref(matrix))
    return matrix


def _after(matrix: Any, to_page: ToPage) -> ToPage:
    a, b, c, d, e, f = (getattr(matrix, name) for name in "abcdef")
    return lambda x, y: to_page(a * x + c * y + e, b * x + d * y + f)


def _is_seen(path: Any) -> bool:
    """Drawn with a line, or filled with a colour that is not white."""
    mode, stroked = ctypes.c_int(), pdfium_c.FPDF_BOOL()
    if not pdfium_c.FPDFPath_GetDrawMode(path, ctypes.byref(mode), ctypes.byref(stroked)):
        return False
    if stroked.value:
        return True
    if not mode.value:
        return False
    colour = [ctypes.c_uint() for _ in range(4)]
    pdfium_c.FPDFPageObj_GetFillColor(path, *map(ctypes.byref, colour))
    red, green, blue, opacity = (part.value for part in colour)
    return opacity > 0 and min(red, green, blue) < 250


def _path_boxes(path: Any, to_page: ToPage) -> Iterator[Box]:
    count = pdfium_c.FPDFPath_CountSegments(path)
    if not 2 <= count <= MOST_CORNERS:
        return
    place = _after(_matrix(path), to_page)
    x, y = ctypes.c_float(), ctypes.c_float()
    parts: list[list[tuple[float, float]]] = []
    for index in range(count):
        segment = pdfium_c.FPDFPath_GetPathSegment(path, index)
        kind = pdfium_c.FPDFPathSegment_GetType(segment)
        pdfium_c.FPDFPathSegment_GetPoint(segment, ctypes.byref(x), ctypes.byref(y))
        point = place(x.value, y.value)
        if kind == pdfium_c.FPDF_SEGMENT_MOVETO or not parts:
            parts.append([point])
        elif kind == pdfium_c.FPDF_SEGMENT_LINETO:
            parts[-1].append(point)
            if pdfium_c.FPDFPathSegment_GetClose(segment):
                parts[-1].append(parts[-1][0])
        else:  # curved
            return
    for points in parts:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        around = (min(xs), min(ys), max(xs), max(ys))
        if _is_line(around):
            yield around
            continue
        for (ax, ay), (bx, by) in itertools.pairwise(points):
            edge = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
            if _is_line(edge):
                yield edge


def _is_line(box: Box) -> bool:
    width, height = box[2] - box[0], box[3] - box[1]
    return min(width, height) <= THICKEST and max(width, height) >= SHORTEST


def _join(rules: Iterable[Rule]) -> list[Rule]:
    """Pieces of one line, and lines drawn twice, as one."""
    joined: list[Rule] = []
    for level in _levels(sorted(rules, key=lambda rule: rule.at)):
        at = sum(rule.at * rule.length for rule in level) / sum(rule.length for rule in level)
        level.sort(key=lambda rule: rule.start)
        start, end = level[0].start, level[0].end
        for rule in level[1:]:
            if rule.start > end + WIDEST_JOINT:
                joined.append(Rule(at, start, end))
                start = rule.start
            end = max(end, rule.end)
        joined.append(Rule(at, start, end))
    return joined


def _levels(rules: Sequence[Rule]) -> Iterator[list[Rule]]:
    """Rules, sorted by where they are, in groups less than a line's thickness apart."""
    level: list[Rule] = []
    for rule in rules:
        if level and rule.at - level[0].at > 0.7 * THICKEST:
            yield level
            level = []
        level.append(rule)
    if level:
        yield level
