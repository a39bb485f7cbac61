"""The numbers that Word writes before headings and items of lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn

MOST_LEVELS = 9
MOST_STYLES = 20
"""Styles that only vary another style."""


@dataclass(frozen=True, slots=True)
class _Level:
    kind: str
    pattern: str
    start: int


class Numbering:
    """Counts along while the paragraphs of a document are read in order.

    Args:
        root: the numbering part's element, None where the document has none.
    """

    def __init__(self, root: Any) -> None:
        self._lists: dict[str, str] = {}
        self._levels: dict[str, dict[int, _Level]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        for listing in () if root is None else root:
            if listing.tag == qn("w:abstractNum"):
                self._levels[listing.get(qn("w:abstractNumId"))] = _read_levels(listing)
            elif listing.tag == qn("w:num"):
                linked = listing.find(qn("w:abstractNumId"))
                if linked is not None:
                    self._lists[listing.get(qn("w:numId"))] = linked.get(qn("w:val"))

    def count(self, paragraph: Any, style: Any) -> str | None:
        """What stands before a paragraph: "3.2", "b)", "-" for a bullet; None where it is
        no item of a list."""
        number, level = _find(paragraph, style)
        listing = self._lists.get(number or "")
        if number in (None, "0"):
            return None
        known = self._levels.get(listing or "", {})
        if listing is None or level not in known:
            return "-"
        counts = self._counts.setdefault(listing, {})
        counts[level] = counts.get(level, known[level].start - 1) + 1
        for deeper in [one for one in counts if one > level]:
            del counts[deeper]
        if known[level].kind in ("bullet", "none"):
            return "-" if known[level].kind == "bullet" else None
        return re.sub(
            r"%([1-9])",
            lambda match: _spell(int(match.group(1)) - 1, counts, known),
            known[level].pattern,
        ).strip()


def _read_levels(listing: Any) -> dict[int, _Level]:
    levels = {}
    for level in listing.findall(qn("w:lvl")):
        index = _number(level.get(qn("w:ilvl")), 0)
        levels[index] = _Level(
            kind=_value(level, "w:numFmt") or "decimal",
            pattern=(_value(level, "w:lvlText") or "")[:40],
            start=_number(_value(level, "w:start"), 1),
        )
    return levels


def _find(paragraph: Any, style: Any) -> tuple[str | None, int]:
    """The list that a paragraph or its style names, and the level in it."""
    number: str | None = None
    level: int | None = None
    places = [paragraph.find(qn("w:pPr"))]
    for _ in range(MOST_STYLES):
        if style is None:
            break
        places.append(style.element.find(qn("w:pPr")))
        style = style.base_style
    for properties in places:
        stated = None if properties is None else properties.find(qn("w:numPr"))
        if stated is not None:
            if level is None and stated.find(qn("w:ilvl")) is not None:
                level = _number(_value(stated, "w:ilvl"), 0)
            number = _value(stated, "w:numId")
            if number is not None:
                break
    return number, level or 0


def _spell(level: int, counts: dict[int, int], known: dict[int, _Level]) -> str:
    stated = known.get(level)
    if stated is None:
        return ""
    number = counts.setdefault(level, stated.start)
    match stated.kind:
        case "lowerLetter" | "upperLetter":
            letter = chr(97 + (number - 1) % 26) * min(5, 1 + (number - 1) // 26)
            return letter if stated.kind == "lowerLetter" else letter.upper()
        case "lowerRoman" | "upperRoman":
            roman = _roman(number)
            return roman if stated.kind == "lowerRoman" else roman.upper()
        case "decimalZero":
            return f"{number:02}"
    return str(number)


def _roman(number: int) -> str:
    if not 0 < number < 4000:
        return str(number)
    parts = []
    for value, letters in zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        "m cm d cd c xc l xl x ix v iv i".split(),
        strict=True,
    ):
        parts.append(letters * (number // value))
        number %= value
    return "".join(parts)


def _value(element: Any, name: str) -> str | None:
    found = element.find(qn(name))
    return None if found is None else found.get(qn("w:val"))


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 7 else otherwise
