"""Dates in French and English, however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MONTHS: dict[str, int] = {
    word: number
    for words in (
        "january february march april may june july august september october november december",
        "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "janv fevr mars avr mai juin juil aout sept oct nov dec",
    )
    for number, word in enumerate(words.split(), start=1)
}
WEEKDAYS: dict[str, int] = {
    word: number
    for words in (
        "monday tuesday wednesday thursday friday saturday sunday",
        "mondays tuesdays wednesdays thursdays fridays saturdays sundays",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "lundis mardis mercredis jeudis vendredis samedis dimanches",
    )
    for number, word in enumerate(words.split(), start=1)
}


@dataclass(frozen=True, slots=True)
class Date:
    """What is said of a date; 0 where nothing is."""

    year: int = 0
    month: int = 0
    day: int = 0
    weekday: int = 0


Found = tuple[int, int, frozenset[Date]]

_MONTH = "(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])(?:er|st|nd|rd|th)?"
_YEAR = r"(?P<year>1\d{3}|20\d\d)"
_WEEKDAY = r"(?:\b(?:" + "|".join(WEEKDAYS) + r") )?"
_JOIN = r"(?: (?:au|to|and|et|a|until|or|ou) (?:le |the )?|\s?[-–]\s?)"
_PATTERNS = (
    re.compile(rf"\b{_YEAR}-(?P<number>0\d|1[0-2])-(?P<day>[0-2]\d|3[01])\b"),
    re.compile(r"\b(?P<day>\d{1,2})([/.])(?P<number>\d{1,2})\2(?P<year>(?:1\d|20)\d\d)\b"),
    re.compile(
        rf"\b(?P<first>3[01]|[12]\d|0?[1-9])(?:er|st|nd|rd|th)?{_JOIN}{_WEEKDAY}{_DAY} (?:of )?"
        rf"(?P<month>{_MONTH})(?:,? {_YEAR}\b)?"
    ),
    re.compile(rf"\b{_DAY} (?:of )?(?P<month>{_MONTH})(?:,? (?:of )?{_YEAR}\b)?"),
    re.compile(rf"\b(?P<month>{_MONTH}) {_DAY}\b(?!\s?[%€$£:]|[.,]\d|\d)(?:,? {_YEAR}\b)?"),
    re.compile(rf"\b(?P<month>{_MONTH}),? (?:of |de )?{_YEAR}\b"),
)
_ALONE = re.compile(
    r"\b(?P<month>january|february|april|june|july|august|september|october|november|december|"
    r"janvier|fevrier|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre)\b"
    r"|(?<=\bin )(?:march|may)\b|(?<=\bof )(?:march|may)\b|(?<=\bsince )(?:march|may)\b"
    r"|(?<=\buntil )(?:march|may)\b|(?<=\ben )mars\b|(?<=\bfin )mars\b|(?<=\bdebut )mars\b"
)
_WEEKDAYS = re.compile(r"\b(?:" + "|".join(WEEKDAYS) + r")\b")


def find_dates(low: str) -> Iterator[Found]:
    """(start, end, what it may stand for) of each date in bare letters, most exact first."""
    for pattern in _PATTERNS:
        for match in pattern.finditer(low):
            yield match.start(), match.end(), _readings(match)
    for match in _ALONE.finditer(low):
        if low[match.start() : match.end()] == "mai" or match.group() in MONTHS:
            yield match.start(), match.end(), frozenset({Date(month=MONTHS[match.group()])})
    for match in _WEEKDAYS.finditer(low):
        yield match.start(), match.end(), frozenset({Date(weekday=WEEKDAYS[match.group()])})


def _readings(match: re.Match[str]) -> frozenset[Date]:
    groups = match.groupdict()
    year = int(groups.get("year") or 0)
    day = int(groups.get("day") or 0)
    if number := groups.get("number"):
        month = int(number)
        either = {Date(year, month, day)} if month <= 12 else set()
        if match.group(2) in "/." and day <= 12 and month <= 31:
            either.add(Date(year, day, month))  # 01/02: February in French, January in American
        return frozenset(either)
    month = MONTHS[groups["month"].rstrip(".")]
    return frozenset({Date(year, month, day)})


def first_of_range(low: str, start: int, end: int) -> Date | None:
    """The date before the one found: '24' of 'from 24 to 31 December'."""
    match = _PATTERNS[2].fullmatch(low, start, end)
    if match is None:
        return None
    last = next(iter(_readings(match)))
    return Date(last.year, last.month, int(match.group("first")))


def agrees(said: Date, told: Date, years: frozenset[int]) -> bool:
    """Whether all that is said of a date is told of it; its year may be told elsewhere."""
    return (
        (not said.month or said.month == told.month)
        and (not said.day or said.day == told.day)
        and (not said.weekday or said.weekday == told.weekday)
        and (not said.year or said.year == told.year or (not told.year and said.year in years))
    )
