"""A text as the recognisers read it: look-alike characters folded, invisible ones left out."""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass

_INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\ufeff"
INVISIBLE = re.compile(f"[\x00{_INVISIBLE}]")
"""Characters that nobody sees, and that would hide a number from a pattern."""


def _alike() -> dict[int, str]:
    table: dict[int, str] = {}
    for code in range(0x80, sys.maxunicode + 1):
        sign = chr(code)
        category = unicodedata.category(sign)
        if category == "Nd":
            table[code] = str(unicodedata.digit(sign))
        elif category == "Zs":
            table[code] = " "
        elif category == "Pd":
            table[code] = "-"
        elif 0xFF01 <= code <= 0xFF5E:  # the wide forms of ASCII
            table[code] = chr(code - 0xFEE0)
    table[ord("’")] = table[ord("ʼ")] = "'"
    table[ord("−")] = table[ord("‑")] = "-"
    return table


_ALIKE = _alike()


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` with the place in the original of each of its characters; None: the same place."""

    text: str
    places: list[int] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original text of a non-empty span in this one."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def fold_alike(text: str) -> Folded:
    """Digits, spaces and dashes of all scripts become those of ASCII, one for one."""
    places = None
    if INVISIBLE.search(text):
        places = [place for place, sign in enumerate(text) if not INVISIBLE.match(sign)]
        text = "".join(text[place] for place in places)
    return Folded(text if text.isascii() else text.translate(_ALIKE), places)
