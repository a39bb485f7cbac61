# ruff: noqa: E501 - expressions read best in one line
"""Numbers, amounts, times and dates of a text, as values that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from assistant.grounding.bounds import Bound, find_bound
from assistant.grounding.dates import Date, agrees, find_dates, first_of_range
from assistant.grounding.numerals import (
    NUMERAL,
    ORDINALS,
    SHARES,
    SINGLE,
    numeral_value,
    roman_value,
)
from assistant.grounding.units import SCALES, TIME_UNITS, UNITS
from assistant.types import Language

Measure = tuple[Fraction, str]
"""A value in the base unit of what it measures, and what that is ('' where nothing is said)."""

MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Quantity:
    """`start` and `end` are offsets into the bare text; `measures` and `dates` are all that
    it may stand for, `plain` the numbers without their units. `weak`: may be an article ('un
    mois') or an adverb ('first,'), so that it need not be found."""

    start: int
    end: int
    written: str
    measures: frozenset[Measure] = frozenset()
    plain: frozenset[Fraction] = frozenset()
    dates: frozenset[Date] = frozenset()
    bound: Bound = Bound.NONE
    rate: str = ""
    weak: bool = False

    @property
    def dimensions(self) -> frozenset[str]:
        return frozenset(dimension for _, dimension in self.measures)


_DIGITS = r"\d+(?:[ ]\d{3}(?!\d))*(?:[.,]\d+)*"
_UNIT = (
    r"(?P<unit>"
    + "|".join(re.escape(name) for name in sorted(UNITS, key=len, reverse=True))
    + r")(?![a-z0-9²³]|-\w)"
)
_SCALE = rf"(?P<scale>{'|'.join(sorted(SCALES, key=len, reverse=True))})\b"
_CURRENCY = r"(?P<currency>[€$£])"
_ORDINAL_MARK = r"(?:st|nd|rd|th|er|re|eme|e|d|ere|ieme)\b"
_CLOCK = re.compile(
    r"(?<![\w.,])(?P<hour>[01]?\d|2[0-4])\s?(?:h|:|heures?)\s?(?P<minute>[0-5]\d)?(?![\d:])"
    r"(?:\s?(?P<half>[ap])\.?m\b\.?)?"
    r"|(?<![\w.,])(?P<hour12>1[0-2]|\d)\s?(?P<half12>[ap])\.?m\b\.?"
    r"|\b(?P<noon>noon|midi|midnight|minuit)\b"
)
_DURATION = re.compile(
    r"(?<![\w.,])(?P<hours>\d{1,3})\s?(?:h|hours?|heures?)\s?(?:and |et )?"
    r"(?:(?P<minutes>[0-5]?\d)\s?(?:min|minutes?|mn)\b|(?<![dt] )(?P<past>[0-5]\d)\b(?!\s?(?:h\b|[%€]|\d)))"
)
_NUMBER = re.compile(
    rf"(?<![\w.])(?:{_CURRENCY}\s?)?(?P<digits>{_DIGITS})"
    rf"(?:(?P<ordinal>{_ORDINAL_MARK})|\s?-?(?:{_SCALE}\.?)?(?:\s?-?\s?(?:d'|de |d )?{_UNIT})?)?"
)
_WORDS = re.compile(rf"(?P<words>{NUMERAL.pattern})(?:[ -](?:de |d'|d )?(?:full |whole )?{_UNIT})?")
_ORDINALS = re.compile(r"\b(?:" + "|".join(sorted(ORDINALS, key=len, reverse=True)) + r")\b(?!ly)")
_SHARES = re.compile(
    r"\b(?:(?P<times>deux|trois|two|three) )?"
    r"(?P<share>half|moitie|tiers|thirds?(?= of\b)|(?:trois )?quarts?(?= des?\b| of\b| d\b)|demie?)\b"
)
_ROMAN = re.compile(
    r"(?<![\w'-])(?:(?P<roman>[IVXLC]{2,7})(?:e|eme|ème|ᵉ)?|(?P<one>[IVX])(?:e|ᵉ))(?![\w'-])"
)
_RATE = re.compile(
    r"\W*(?:\w+\W+){0,5}?(?:(?:par|per|a|an|each|every|chaque|/)\s?"
    r"(?P<rate>hour|heure|day|jour|week|semaine|month|mois|year|an|annee)\b"
    r"|(?P<adverb>daily|weekly|monthly|yearly|annually)\b)"
)
_RATES = {
    "hour": "hour", "heure": "hour", "day": "day", "jour": "day", "week": "week",
    "semaine": "week", "month": "month", "mois": "month", "year": "year", "an": "year",
    "annee": "year", "daily": "day", "weekly": "week", "monthly": "month", "yearly": "year",
    "annually": "year",
}  # fmt: skip
_RANGE = re.compile(r"\s?(?:a|to|-|–|et|and|or|ou|au|/|puis|then)\s?")
_CODE = re.compile(
    r"(?<![\w-])(?=[\w./-]*[a-z])(?=[\w./-]*\d)[a-z0-9]+(?:[-/._][a-z0-9]+)*(?![\w])"
    r"|(?<![\w.])\d+(?:\.\d+){2,}\b|(?<![\w/])\d{1,4}(?:/\d{1,4})+\b"
)
_NOT_A_CODE = re.compile(
    r"\d+(?:[.,]\d+)?-?(?:er|re|e|eme|ere|st|nd|rd|th|d|s|h|h\d\d|am|pm|k|x|nd|"
    + "|".join(re.escape(name) for name in UNITS)
    + r")"
)


@lru_cache(maxsize=4096)
def codes(low: str) -> tuple[tuple[int, int], ...]:
    """Where codes such as lm-240-rx, sev1 and 3.2.1 stand in a bare text."""
    return tuple(
        match.span()
        for match in _CODE.finditer(low)
        if not _NOT_A_CODE.fullmatch(match.group()) and not _is_compound(match.group())
    )


def _is_compound(word: str) -> bool:
    """'14-day', '35-hour': a number and its unit."""
    number, _, unit = word.partition("-")
    return number.isdigit() and unit.isalpha()


def find_quantities(text: str, low: str, language: Language | None) -> list[Quantity]:
    """All quantities in order, none inside of another.

    Args:
        text: normalised; `low` is the same in bare letters.
    """
    taken: list[tuple[int, int]] = list(codes(low))
    found: list[Quantity] = []

    def take(candidates: Iterable[Quantity]) -> None:
        for one in candidates:
            if all(one.end <= start or one.start >= end for start, end in taken):
                taken.append((one.start, one.end))
                found.append(one)

    take(_dates(low))
    take(_clocks(low))
    take(_numbers(text, low))
    take(_shares(low))
    take(_numerals(low, language))
    take(_ordinals(low))
    take(_romans(text))
    found.sort(key=lambda one: one.start)
    shared = _share_units(found, low)
    return [
        replace(one, bound=find_bound(low, one.start, one.end), rate=_rate(low, one))
        for one in shared
    ]


def _rate(low: str, quantity: Quantity) -> str:
    """'a week' of '220 euros a week'."""
    if not quantity.plain:
        return ""
    match = _RATE.match(re.split(r"[,;.()]", low[quantity.end : quantity.end + 40], maxsplit=1)[0])
    return _RATES[match["rate"] or match["adverb"]] if match else ""


def _dates(low: str) -> Iterator[Quantity]:
    for start, end, dates in find_dates(low):
        if first := first_of_range(low, start, end):
            split = start + len(str(first.day))
            yield Quantity(start, split, low[start:split], dates=frozenset({first}))
            yield Quantity(split, end, low[split:end].strip(), dates=dates)
        else:
            yield Quantity(start, end, low[start:end], dates=dates)


def _clocks(low: str) -> Iterator[Quantity]:
    for match in _DURATION.finditer(low):
        seconds = int(match["hours"]) * 3600 + int(match["minutes"] or match["past"]) * 60
        measures = {(Fraction(seconds), "second"), (Fraction(seconds, 60), "clock")}
        yield Quantity(*match.span(), match.group(), frozenset(measures))
    for match in _CLOCK.finditer(low):
        if match["noon"]:
            noon = Fraction(720 if match["noon"] in {"noon", "midi"} else 0)
            yield Quantity(*match.span(), match.group(), frozenset({(noon, "clock")}))
            continue
        hour = int(match["hour"] or match["hour12"])
        half = match["half"] or match["half12"]
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        minutes = hour * 60 + int(match["minute"] or 0)
        measures = {(Fraction(minutes), "clock")}
        if not half and not match["minute"]:
            if "h" not in match.group():
                continue
            measures.add((Fraction(hour * 3600), "second"))
        written = match.group().rstrip()
        end = match.start() + len(written)
        yield Quantity(match.start(), end, written, frozenset(measures))


def _numbers(text: str, low: str) -> Iterator[Quantity]:
    for match in _NUMBER.finditer(low):
        if len(match["digits"]) > MAX_DIGITS:
            continue
        values = _values(match["digits"])
        if match["ordinal"]:
            measures = {(value, "ordinal") for value in values}
            plain = frozenset[Fraction]()
        else:
            unit = match["currency"] or match["unit"] or ""
            scale = SCALES[match["scale"]] if match["scale"] else 1
            factor, dimension = _unit(unit, text[match.start("unit") : match.end("unit")])
            if match["currency"] and match["unit"] == "m":
                scale = 10**6
            plain = frozenset(value * scale for value in values)
            measures = {(value * factor, dimension) for value in plain}
        yield Quantity(*match.span(), match.group().strip(), frozenset(measures), plain)


def _unit(bare_unit: str, as_written: str) -> tuple[Fraction, str]:
    if not bare_unit:
        return Fraction(1), ""
    if as_written == "MW":
        return Fraction(10**6), "watt"
    if as_written == "mW":
        return Fraction(1, 1000), "watt"
    dimension, factor = UNITS[bare_unit]
    return factor, dimension


def _values(digits: str) -> set[Fraction]:
    """'1 234,5' is 1234.5; '1,234' may be 1234 (English) or 1.234 (French), so both."""
    plain = digits.replace(" ", "")
    values = set()
    for group, point in ((",", "."), (".", ",")):
        if re.fullmatch(rf"(?:\d{{1,3}}(?:\{group}\d{{3}})+|\d+)(?:\{point}\d+)?", plain):
            values.add(Fraction(plain.replace(group, "").replace(point, ".")))
    return values


def _numerals(low: str, language: Language | None) -> Iterator[Quantity]:
    for match in _WORDS.finditer(low):
        words, unit = match["words"], match["unit"]
        if words in SINGLE and unit not in TIME_UNITS:
            continue
        if words == "cent" and low[max(0, match.start() - 5) : match.start()].strip() in {
            "pour",
            "per",
        }:
            continue
        if words == "neuf" and unit is None and language != "fr":
            continue
        factor, dimension = _unit(unit or "", unit or "")
        value = Fraction(numeral_value(words))
        yield Quantity(
            *match.span(),
            match.group(),
            frozenset({(value * factor, dimension)}),
            frozenset({value}),
            weak=words in SINGLE,
        )


def _shares(low: str) -> Iterator[Quantity]:
    for match in _SHARES.finditer(low):
        name = match["share"].removeprefix("trois ").removesuffix("s")
        name = "tiers" if name == "tier" else name
        times = {"deux": 2, "two": 2, "trois": 3, "three": 3}.get(match["times"] or "", 1)
        if match["share"].startswith("trois "):
            times = 3
        value = SHARES.get(name, Fraction(1, 3)) * times
        measures = {(value, "share"), (value * 100, "percent")}
        yield Quantity(*match.span(), match.group(), frozenset(measures))


def _ordinals(low: str) -> Iterator[Quantity]:
    for match in _ORDINALS.finditer(low):
        measure = (Fraction(ORDINALS[match.group()]), "ordinal")
        adverb = low[match.end() : match.end() + 1] == "," or match.group() == "seconde"
        yield Quantity(*match.span(), match.group(), frozenset({measure}), weak=adverb)


def _romans(text: str) -> Iterator[Quantity]:
    for match in _ROMAN.finditer(text):
        value = roman_value((match["roman"] or match["one"]).lower())
        if value:
            measures = {(Fraction(value), "ordinal"), (Fraction(value), "")}
            plain = frozenset({Fraction(value)})
            yield Quantity(*match.span(), match.group(), frozenset(measures), plain)


def _share_units(found: list[Quantity], low: str) -> list[Quantity]:
    """'de 10 à 20 %', '3 or 4 days': the first has the second's unit."""
    shared = list(found)
    for at in range(len(shared) - 2, -1, -1):
        one, following = shared[at], shared[at + 1]
        if (
            one.dimensions == {""}
            and len(following.dimensions - {"", "ordinal"}) == 1
            and _RANGE.fullmatch(low, one.end, following.start)
        ):
            (value, dimension) = next(iter(following.measures))
            number = next(iter(following.plain), Fraction(0))
            if number and dimension:
                extra = {(own * value / number, dimension) for own in one.plain}
                shared[at] = replace(one, measures=one.measures | extra)
    return shared


def same(said: Quantity, told: Quantity, years: frozenset[int]) -> bool:
    """Whether the source's quantity is the one that is said: value and unit, or date."""
    if said.dates:
        return any(agrees(a, b, years) for a in said.dates for b in told.dates) or (
            _is_year(said) and bool(_year_values(said) & told.plain)
        )
    if said.rate and told.rate and said.rate != told.rate:
        return False
    if said.measures & told.measures:
        return True
    if said.plain & told.plain:
        # A number without a unit agrees with the same number of anything.
        return "" in said.dimensions or "" in told.dimensions
    return bool(said.plain & years and said.dimensions == {""} and told.dates)


def _is_year(quantity: Quantity) -> bool:
    return all(not (one.month or one.day or one.weekday) for one in quantity.dates)


def _year_values(quantity: Quantity) -> frozenset[Fraction]:
    return frozenset(Fraction(one.year) for one in quantity.dates)
