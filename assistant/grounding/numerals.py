"""Numbers written as words: 'vingt-cinq', 'deux cents', 'one hundred and five'."""

from __future__ import annotations

import re
from fractions import Fraction

_SMALL = {
    word: value
    for words in (
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen twenty""",
        """zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze
        quinze seize dix-sept dix-huit dix-neuf vingt""",
    )
    for value, word in enumerate(words.split())
}
_SMALL |= {"une": 1, "vingts": 20}
_TENS = {
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60,
    "septante": 70, "octante": 80, "huitante": 80, "nonante": 90,
}  # fmt: skip
_HUNDREDS = {"hundred": 100, "cent": 100, "cents": 100}
_GREAT = {
    "thousand": 1000, "mille": 1000, "million": 10**6, "millions": 10**6,
    "billion": 10**9, "milliard": 10**9, "milliards": 10**9,
}  # fmt: skip
_ALL = {**_SMALL, **_TENS, **_HUNDREDS, **_GREAT}
_WORD = "|".join(sorted((re.escape(word) for word in _ALL), key=len, reverse=True))
NUMERAL = re.compile(rf"\b(?:{_WORD})\b(?:(?:[ -](?:and |et )?|-et-)(?:{_WORD})\b)*")
SINGLE = frozenset({"one", "un", "une"})
"""Far more often a pronoun or an article than the number."""

ORDINALS: dict[str, int] = {
    word: value
    for words in (
        """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth""",
        """premier deuxieme troisieme quatrieme cinquieme sixieme septieme huitieme neuvieme
        dixieme onzieme douzieme""",
        """premiere seconde""",
        """premiers""",
        """premieres""",
    )
    for value, word in enumerate(words.split(), start=1)
}
SHARES: dict[str, Fraction] = {
    "half": Fraction(1, 2), "moitie": Fraction(1, 2), "demi": Fraction(1, 2),
    "demie": Fraction(1, 2), "tiers": Fraction(1, 3), "third": Fraction(1, 3),
    "quart": Fraction(1, 4),
}  # fmt: skip
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}


def numeral_value(words: str) -> int:
    """The value of a text that `NUMERAL` matched."""
    whole = part = 0
    for word in re.split(r"[ -]", words):
        if word in {"and", "et", ""}:
            continue
        value = _ALL[word]
        if word in _GREAT:
            whole += (part or 1) * value
            part = 0
        elif word in _HUNDREDS or (word in {"vingt", "vingts"} and part % 100 == 4):
            part = part - part % 100 + (part % 100 or 1) * value if part else value
        else:
            part += value
    return whole + part


def roman_value(letters: str) -> int:
    """'xix' -> 19; 0 when it is no roman numeral."""
    if not re.fullmatch(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})", letters):
        return 0
    values = [_ROMAN[letter] for letter in letters]
    following = [*values[1:], 0]
    return sum(-one if one < after else one for one, after in zip(values, following, strict=True))
