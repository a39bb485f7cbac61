"""Do the figures of a sentence belong to the years and names that they stand beside?

'24 days in 2026, 23 in 2025' holds every word of '23 days in 2026'. So each number of a sentence
is paired with the nearest year and the nearest name, and each pair must be the nearest in the
source as well, seen from the one or from the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from assistant.words import NUMBER, fold, names, numbers

BORDER_COST = 10
"""Words that crossing a comma, a bracket or a conjunction counts for."""

_TOKEN = re.compile(rf"{NUMBER.pattern}|\w+(?:[-'’.]\w+)*|[,;()]")
_CONJUNCTIONS = frozenset({"and", "or", "but", "while", "et", "ou", "mais", "tandis"})
_YEAR = re.compile(r"(?:19|20)\d\d")

Kind = Literal["number", "year", "name"]


@dataclass(frozen=True, slots=True)
class _Anchor:
    """`values` are all that it may stand for; `place` counts words and borders before it."""

    kind: Kind
    values: frozenset[str]
    place: int


def find_mispaired(sentence: str, source: str) -> str:
    """The first number of the sentence that stands beside a year or a name to which the source
    gives another; empty when all are as in the source."""
    said, told = _anchors(sentence), _anchors(source)
    if fold(sentence).strip(" .") in fold(source):
        return ""
    for number in (one for one in said if one.kind == "number"):
        for kind in ("year", "name"):
            partner = _nearest(number, [one for one in said if one.kind == kind])
            if partner is not None and not _together(number, partner, told):
                return "/".join(sorted(number.values))
    return ""


def _together(number: _Anchor, partner: _Anchor, told: list[_Anchor]) -> bool:
    """Whether the source has the two next to each other; True where it lacks one of them."""
    figures = [one for one in told if one.kind == "number"]
    partners = [one for one in told if one.kind == partner.kind]
    own_figures = [one for one in figures if one.values & number.values]
    own_partners = [one for one in partners if one.values & partner.values]
    if not own_figures or not own_partners:
        return True
    seen_from_partner = any(
        (nearest := _nearest(one, figures)) is not None and nearest.values & number.values
        for one in own_partners
    )
    seen_from_number = any(
        (nearest := _nearest(one, partners)) is not None and nearest.values & partner.values
        for one in own_figures
    )
    return seen_from_partner or seen_from_number


def _nearest(anchor: _Anchor, others: list[_Anchor]) -> _Anchor | None:
    return min(others, key=lambda other: abs(other.place - anchor.place), default=None)


def _anchors(text: str) -> list[_Anchor]:
    known = set(names(text))
    found = []
    place = 0
    for match in _TOKEN.finditer(text):
        word = match.group()
        if word in ",;()" or word.lower() in _CONJUNCTIONS:
            place += BORDER_COST
            continue
        place += 1
        if _YEAR.fullmatch(word):
            found.append(_Anchor("year", frozenset({word}), place))
        elif word[0].isdigit() and (readings := numbers(word)):
            found.append(_Anchor("number", readings[0], place))
        elif fold(word) in known:
            found.append(_Anchor("name", frozenset({fold(word)}), place))
    return found
