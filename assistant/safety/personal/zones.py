"""Where a text has long numbers: most recognisers need not look at the rest of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

Zones = Sequence[tuple[int, int]]

_LONG_NUMBER = re.compile(r"\d(?:[ ./()A-Ba-b-]{0,6}\d){6,60}")
MARGIN = 40
"""Characters around a long number in which what belongs to it may begin and end."""


def digit_zones(text: str) -> Zones:
    """(start, end) of the surroundings of figures with seven digits or more, in order, apart."""
    zones: list[tuple[int, int]] = []
    for match in _LONG_NUMBER.finditer(text):
        start, end = max(0, match.start() - MARGIN), match.end() + MARGIN
        if zones and start <= zones[-1][1]:
            start = zones.pop()[0]
        zones.append((start, end))
    return zones


def matches_in(zones: Zones, pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for start, end in zones:
        yield from pattern.finditer(text, start, end)
