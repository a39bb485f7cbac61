"""The day that a document says it is of, from however its format or its author wrote it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from assistant.words import fold

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier janv",
            "february feb fevrier fevr fev",
            "march mar mars",
            "april apr avril avr",
            "may mai",
            "june jun juin",
            "july jul juillet juil",
            "august aug aout",
            "september sept sep septembre",
            "october oct octobre",
            "november nov novembre",
            "december dec decembre",
        ),
        start=1,
    )
    for name in names.split()
}
_YEAR = r"(?P<year>(?:1[5-9]|20|21)\d\d)(?!\d)"
_NAME = r"(?P<name>[a-z]{3,9})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?<!\d){_YEAR}[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)(?!\d)",
        rf"(?<!\d){_YEAR}-(?P<month>\d\d)(?![\d-])",
        rf"(?<!\d)(?P<day>\d\d?)(?:er|st|nd|rd|th)?[ -](?:of )?{_NAME}\.?,?[ -]{_YEAR}",
        rf"\b{_NAME}\.? (?P<day>\d\d?)(?:st|nd|rd|th)?,? {_YEAR}",
        rf"\b{_NAME}\.?,? {_YEAR}",
        rf"(?<!\d)(?P<first>\d\d?)[-/.](?P<second>\d\d?)[-/.]{_YEAR}",
        rf"(?<!\d){_YEAR}",
    )
)
_PROGRAM_DEFAULTS = {
    datetime(2013, 12, 23, 23, 15, tzinfo=UTC),  # of python-docx
    datetime(2013, 1, 27, 9, 14, 16, tzinfo=UTC),  # of python-pptx
}


def read_date(stated: str) -> str:
    """'12 mars 2024', 'March 12, 2024', '2024-03-12T10:00Z' -> '2024-03-12'; 'mars 2024' ->
    '2024-03'; '03/04/2024', which may be of March or of April, -> '2024'; "" for no date."""
    text = " ".join(fold(stated[:200]).split())
    for form in _FORMS:
        match = form.search(text)
        if match is not None and (found := _iso(match.groupdict())):
            return found
    return ""


def day_of(*times: datetime | None) -> str:
    """The day of the first of these that somebody set, as a program's default is not."""
    for time in times:
        if time is not None and time.replace(tzinfo=time.tzinfo or UTC) not in _PROGRAM_DEFAULTS:
            return time.date().isoformat()
    return ""


def day_of_file(mtime_s: float) -> str:
    return datetime.fromtimestamp(mtime_s, UTC).date().isoformat()


def _iso(parts: dict[str, str | None]) -> str:
    year, month, day = parts["year"] or "", parts.get("month"), parts.get("day")
    if name := parts.get("name"):
        if name not in _MONTHS:
            return ""
        month = str(_MONTHS[name])
    if first := parts.get("first"):
        day, month = first, parts["second"]
        if int(day) <= 12 and int(month or 0) <= 12 and day != month:
            return year
        if int(month or 0) > 12:
            day, month = month, day
    try:
        whole = date(int(year), int(month or 1), int(day or 1)).isoformat()
    except ValueError:
        return ""
    return whole if day else whole[:7] if month else year
