"""A text as the recognisers read it: look-alike characters folded, invisible ones left out."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\ufeff"
INVISIBLE = re.compile(f"[\x00{_INVISIBLE}]")
"""Characters that nobody sees, and that would hide a number from a pattern."""


class _Alike(dict[int, str]):
    """For `str.translate`: what stands for a character, found out when it first comes up."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _alike(chr(code))
        return found


def _alike(sign: str) -> str:
    if sign.isascii():
        return sign
    match unicodedata.category(sign):
        case "Nd":
            return str(unicodedata.digit(sign))
        case "Zs":
            return " "
        case "Pd":
            return "-"
    if "\uff01" <= sign <= "\uff5e":  # the wide forms of ASCII
        return chr(ord(sign) - 0xFEE0)
    return {"’": "'", "ʼ": "'", "−": "-"}.get(sign, sign)


_ALIKE = _Alike()


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
