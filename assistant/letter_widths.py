"""How wide letters are, about: what a line's place on the page is shared out by.

The widths of Helvetica (Adobe Core 14 AFM), of which other text faces differ less than letters
do among themselves. Letters with accents are as wide as without.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

AVERAGE = 500
"""Of what has no width here, in thousandths of the type's size as all of these are."""

_LETTERS = {
    191: "'’‘",
    222: "ijl",
    278: " !,./:;I[\\]ft\u00a0\u202f",
    333: "()-r`“”",
    355: '"',
    389: "*",
    500: "cksvxyzJ",
    556: "#$0123456789?L_abdeghnopqu–€«»",
    584: "+<=>~",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%æ",
    944: "Wœ",
    1000: "—…",
    1015: "@",
}
_WIDTHS = {letter: width for width, letters in _LETTERS.items() for letter in letters}


def text_width(text: str) -> int:
    """Of a piece of one line."""
    return sum(map(_width, text))


@lru_cache(4096)
def _width(letter: str) -> int:
    return _WIDTHS.get(letter) or _WIDTHS.get(unicodedata.normalize("NFD", letter)[0], AVERAGE)
