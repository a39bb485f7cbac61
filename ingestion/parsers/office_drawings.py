"""Charts and diagrams (SmartArt) in Word and PowerPoint: the figures and words that they show."""

from __future__ import annotations

import contextlib
import datetime
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openpyxl.styles.numbers import is_date_format, is_timedelta_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from assistant.errors import ParseError
from assistant.types import BlockKind
from ingestion.parsers.blocks import BlockList, clean_line
from ingestion.parsers.sheets import value_text
from ingestion.parsers.xml_tree import parse_xml

_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_CHART, _DIAGRAM, _MAIN = (f"{{{_DRAWING}/{name}}}" for name in ("chart", "diagram", "main"))
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
CHART, DIAGRAM = f"{_CHART}chart", f"{_DIAGRAM}relIds"
"""What stands in a document in a drawing's place, and names the part that holds it."""

MOST_ROWS, MOST_SERIES = 500, 50
"""Beyond that a chart is a curve: nobody asks for one of its points."""
MOST_NODES = 5000


class Drawings:
    """Adds the charts and diagrams of one document, each once."""

    def __init__(self) -> None:
        self._added: set[str] = set()

    def add(self, reference: Any, part: Any, blocks: BlockList) -> None:
        """Add what a `CHART` or `DIAGRAM` element of a document refers to; nothing where it is
        missing or damaged, as all else can be read without.

        Args:
            part: the one that the element stands in.
        """
        is_chart = reference.tag == CHART
        name = reference.get(f"{_RELATION}id" if is_chart else f"{_RELATION}dm") or ""
        with contextlib.suppress(KeyError, AttributeError, ValueError, TypeError, ParseError):
            target = part.rels[name].target_part
            if target.partname not in self._added:
                self._added.add(target.partname)
                content = parse_xml(target.blob, place="a drawing")
                (_add_chart if is_chart else _add_diagram)(content, blocks)


def _add_chart(space: Any, blocks: BlockList) -> None:
    """A table with a row for each category, a column for each series."""
    calendar = space.find(f"{_CHART}date1904")
    is_mac = calendar is not None and calendar.get("val") not in ("0", "false")
    epoch = CALENDAR_MAC_1904 if is_mac else CALENDAR_WINDOWS_1900
    series = [*itertools.islice(space.iter(f"{_CHART}ser"), MOST_SERIES)]
    named = [_labels(one, epoch) for one in series]
    usual = next(filter(None, named), {})  # Office writes some once, for all series
    rows: dict[tuple[int, str], list[str]] = {}
    for column, one in enumerate(series):
        labels = named[column] or usual
        for index, value in _values(_child(one, "val", "yVal"), epoch).items():
            key = index, labels.get(index) or (str(index + 1) if labels else "")
            rows.setdefault(key, [""] * len(series))[column] = value
    across, up = _axis_titles(space)
    title = space.find(f"{CHART}/{_CHART}title")
    blocks.add(BlockKind.CAPTION, " – ".join(filter(None, [_title(title), *up])))
    names = [_first_value(_child(one, "tx")) for one in series]
    header = [across, *(name or str(number) for number, name in enumerate(names, 1))]
    shown = sorted(rows.items(), key=lambda row: row[0][0])
    if shown:
        blocks.add_table([header, *([label, *values] for (_, label), values in shown)])


def _axis_titles(space: Any) -> tuple[str, list[str]]:
    """(of the categories, of the values)."""
    axes: dict[str, list[str]] = {}
    for title in space.iter(f"{_CHART}title"):
        axes.setdefault(title.getparent().tag, []).append(_title(title))
    up = axes.get(f"{_CHART}valAx", [])
    across = [*axes.get(f"{_CHART}catAx", []), *axes.get(f"{_CHART}dateAx", [])]
    if not across and next(space.iter(f"{_CHART}xVal"), None) is not None:
        across, up = up[:1], up[1:]
    return (across or [""])[0], up


def _title(title: Any) -> str:
    return "" if title is None else _first_value(_child(title, "tx")) or " ".join(_lines(title))


def _child(element: Any, *names: str) -> Any:
    """The first there is, or None."""
    found = (element.find(f"{_CHART}{name}") for name in names)
    return next((one for one in found if one is not None), None)


def _first_value(element: Any) -> str:
    value = None if element is None else next(element.iter(f"{_CHART}v"), None)
    return "" if value is None else clean_line(value.text or "")


def _labels(series: Any, epoch: datetime.datetime) -> dict[int, str]:
    found = _child(series, "cat", "xVal")
    levels = [] if found is None else [*found.iter(f"{_CHART}lvl")]
    if not levels:
        return _values(found, epoch)
    inner, *outer = (_values(level, epoch) for level in levels)  # the innermost first
    return {index: " ".join([*_above(index, outer), text]) for index, text in inner.items()}


def _above(index: int, levels: Sequence[Mapping[int, str]]) -> list[str]:
    """What the outer levels say of a place, the outermost first; each stands where it begins."""
    begun = ([place for place in level if place <= index] for level in levels)
    pairs = [(level, places) for level, places in zip(levels, begun, strict=True) if places]
    return [level[max(places)] for level, places in reversed(pairs)]


def _values(element: Any, epoch: datetime.datetime) -> dict[int, str]:
    """Texts by the number of their place, the first `MOST_ROWS`."""
    if element is None:
        return {}
    usual = next((code.text or "" for code in element.iter(f"{_CHART}formatCode")), None)
    texts = {}
    for point in element.iter(f"{_CHART}pt"):
        index, value = point.get("idx") or "", point.findtext(f"{_CHART}v") or ""
        if index.isdecimal() and len(index) < 8 and int(index) < MOST_ROWS:
            code = point.get("formatCode") or usual
            texts[int(index)] = value if code is None else _figure(value, code, epoch)
    return texts


def _figure(value: str, code: str, epoch: datetime.datetime) -> str:
    try:
        number = float(value)
        if is_timedelta_format(code):
            return value_text(from_excel(number, epoch, timedelta=True), code)
        return value_text(from_excel(number, epoch) if is_date_format(code) else number, code)
    except (ValueError, OverflowError):
        return value


def _add_diagram(model: Any, blocks: BlockList) -> None:
    """Its texts in order, each followed by those below it."""
    points: dict[str, str] = {}
    root = ""
    for point in itertools.islice(model.iter(f"{_DIAGRAM}pt"), MOST_NODES):
        kind, name = point.get("type", "node"), point.get("modelId") or ""
        if kind == "doc":
            root = name
        if kind in ("node", "asst", "doc"):
            points[name] = " ".join(_lines(point.find(f"{_DIAGRAM}t")))
    below: dict[str, list[tuple[int, str]]] = {}
    for link in model.iter(f"{_DIAGRAM}cxn"):
        above, name, place = (link.get(key) or "" for key in ("srcId", "destId", "srcOrd"))
        if link.get("type", "parOf") == "parOf" and place.isdecimal() and len(place) < 8:
            below.setdefault(above, []).append((int(place), name))
    told = [text for text in _walk(root, points, below) if text]
    for text in told:
        if len(told) > 1:
            blocks.add(BlockKind.LIST_ITEM, f"- {text}")
        else:
            blocks.add(BlockKind.PARAGRAPH, text)


def _walk(
    root: str, points: Mapping[str, str], below: Mapping[str, list[tuple[int, str]]]
) -> Iterator[str]:
    """Each point once, however they are linked; at the end those that nothing leads to."""
    left = dict(points)
    waiting = [*reversed(left), root]
    while waiting:
        point = waiting.pop()
        if point in left:
            yield left.pop(point)
            waiting += [name for _, name in sorted(below.get(point, []), reverse=True)]


def _lines(element: Any) -> list[str]:
    """The text of each paragraph in it."""
    if element is None:
        return []
    paragraphs = (
        clean_line("".join(text.text or "" for text in paragraph.iter(f"{_MAIN}t")))
        for paragraph in element.iter(f"{_MAIN}p")
    )
    return [*filter(None, paragraphs)]
