"""Charts and diagrams (SmartArt) in Word and PowerPoint: the figures and words that they show."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator
from typing import Any

from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from assistant.errors import ParseError
from assistant.types import BlockKind
from ingestion.parsers.blocks import BlockList, clean_line
from ingestion.parsers.sheets import number_text
from ingestion.parsers.xml_tree import parse_xml

_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_CHART, _DIAGRAM, _MAIN = (f"{{{_DRAWING}/{name}}}" for name in ("chart", "diagram", "main"))
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
CHART, DIAGRAM = f"{_CHART}chart", f"{_DIAGRAM}relIds"
"""What stands in a document in a drawing's place, and names the part that holds it."""

MOST_ROWS, MOST_SERIES = 500, 50
"""Beyond that a chart is a curve: nobody asks for one of its points."""
MOST_NODES = 1000
_DATE_FORMAT = re.compile(r"(?i)(?<![a-z])[ymd]{1,4}(?![a-z])")
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')


def add_drawing(reference: Any, part: Any, blocks: BlockList) -> None:
    """Add what a `CHART` or `DIAGRAM` element of a document refers to; nothing where it is missing
    or damaged, as all else can be read without.

    Args:
        part: the one that the element stands in.
    """
    is_chart = reference.tag == CHART
    name = reference.get(f"{_RELATION}id" if is_chart else f"{_RELATION}dm") or ""
    with contextlib.suppress(KeyError, AttributeError, ParseError):
        content = parse_xml(part.rels[name].target_part.blob, place="a drawing")
        if is_chart:
            _add_chart(content, blocks)
        else:
            _add_diagram(content, blocks)


def _add_chart(space: Any, blocks: BlockList) -> None:
    """A table with a row for each category, a column for each series."""
    calendar = space.find(f"{_CHART}date1904")
    is_mac = calendar is not None and calendar.get("val") not in ("0", "false")
    series = [*itertools.islice(space.iter(f"{_CHART}ser"), MOST_SERIES)]
    rows: dict[tuple[int, str], list[str]] = {}
    for column, one in enumerate(series):
        labels = _points(one, "cat", "xVal", is_mac=is_mac)
        for index, value in _points(one, "val", "yVal", is_mac=is_mac).items():
            key = index, labels.get(index) or (str(index + 1) if labels else "")
            rows.setdefault(key, [""] * len(series))[column] = value
    titles = {title.getparent().tag: _title(title) for title in space.iter(f"{_CHART}title")}
    told = [titles.get(CHART, ""), titles.get(f"{_CHART}valAx", "")]
    blocks.add(BlockKind.CAPTION, " – ".join(filter(None, told)))
    header = [titles.get(f"{_CHART}catAx", ""), *(_first_value(one, "tx") for one in series)]
    shown = sorted(rows.items(), key=lambda row: row[0][0])[:MOST_ROWS]
    if shown:
        blocks.add_table([header, *([label, *values] for (_, label), values in shown)])


def _title(title: Any) -> str:
    return _first_value(title, "tx") or " ".join(_paragraphs(title))


def _first_value(element: Any, name: str) -> str:
    found = element.find(f"{_CHART}{name}")
    value = None if found is None else next(found.iter(f"{_CHART}v"), None)
    return "" if value is None else clean_line(value.text or "")


def _points(series: Any, *names: str, is_mac: bool) -> dict[int, str]:
    """Texts by the number of their place, of the first of `names` that the series has."""
    found = next((one for name in names for one in series.iter(f"{_CHART}{name}")), None)
    if found is None:
        return {}
    levels = [*found.iter(f"{_CHART}lvl")]
    if levels:  # the innermost first; an outer one stands where it begins
        inner, *outer = (_texts(level, is_mac=is_mac) for level in levels)
        return {index: _under(index, text, outer) for index, text in inner.items()}
    return _texts(found, is_mac=is_mac)


def _under(index: int, text: str, outer: list[dict[int, str]]) -> str:
    above = [
        level[max(places)]
        for level in reversed(outer)
        if (places := [place for place in level if place <= index])
    ]
    return " ".join([*above, text])


def _texts(element: Any, *, is_mac: bool) -> dict[int, str]:
    usual = next((code.text or "" for code in element.iter(f"{_CHART}formatCode")), None)
    texts = {}
    for point in element.iter(f"{_CHART}pt"):
        index, value = point.get("idx") or "", point.findtext(f"{_CHART}v") or ""
        if index.isdecimal() and len(index) < 8:
            code = point.get("formatCode") or usual
            texts[int(index)] = value if code is None else _figure(value, code, is_mac=is_mac)
    return texts


def _figure(value: str, code: str, *, is_mac: bool) -> str:
    try:
        number = float(value)
        if _DATE_FORMAT.search(_QUOTED.sub(" ", code)):
            epoch = CALENDAR_MAC_1904 if is_mac else CALENDAR_WINDOWS_1900
            return str(from_excel(number, epoch)).removesuffix(" 00:00:00")
        return number_text(number, code)
    except (ValueError, OverflowError):
        return value


def _add_diagram(model: Any, blocks: BlockList) -> None:
    """Its texts in order, each followed by those below it."""
    points = {
        point.get("modelId"): " ".join(_paragraphs(text))
        for point in model.iter(f"{_DIAGRAM}pt")
        if point.get("type", "node") in ("node", "asst", "doc")
        for text in [point.find(f"{_DIAGRAM}t")]
    }
    below: dict[str, list[tuple[int, str]]] = {}
    for link in model.iter(f"{_DIAGRAM}cxn"):
        if link.get("type", "parOf") == "parOf" and (place := link.get("srcOrd") or "").isdecimal():
            below.setdefault(link.get("srcId"), []).append((int(place), link.get("destId")))
    root = next((one.get("modelId") for one in model.iter() if one.get("type") == "doc"), None)
    told = [text for text in _walk(root, points, below) if text]
    for text in told:
        kind = BlockKind.LIST_ITEM if len(told) > 1 else BlockKind.PARAGRAPH
        blocks.add(kind, f"- {text}" if len(told) > 1 else text)


def _walk(
    root: str | None, points: dict[str, str], below: dict[str, list[tuple[int, str]]]
) -> Iterator[str]:
    """Each point once, however they are linked; at the end those that nothing leads to."""
    left = dict(itertools.islice(points.items(), MOST_NODES))
    waiting = [*reversed(left), root]
    while waiting:
        point = waiting.pop()
        if point in left:
            yield left.pop(point)
            waiting += [child for _, child in sorted(below.get(point, []), reverse=True)]


def _paragraphs(element: Any) -> list[str]:
    """The text of each paragraph in it."""
    if element is None:
        return []
    paragraphs = (
        clean_line("".join(text.text or "" for text in paragraph.iter(f"{_MAIN}t")))
        for paragraph in element.iter(f"{_MAIN}p")
    )
    return [*filter(None, paragraphs)]
