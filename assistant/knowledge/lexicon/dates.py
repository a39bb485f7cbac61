"""Dates of French and English text as terms that are the same however a date is written."""

from __future__ import annotations

import re
from datetime import date

from assistant.types import Language
from assistant.words import fold

_MONTHS = {
    name: number
    for number, names in enumerate(
        """janvier janv january jan|fevrier fevr february feb|mars march mar|avril avr april apr
        |mai may|juin june jun|juillet juil july jul|aout august aug|septembre sept september sep
        |octobre oct october|novembre nov november|decembre dec december""".split("|"),
        start=1,
    )
    for name in names.split()
}
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
_WRITTEN = re.compile(rf"\b(\d{{1,2}})(?:er|st|nd|rd|th)?\.? (?:of )?({_NAME})\b\.?,? (\d{{4}})\b")
_WRITTEN_MONTH_FIRST = re.compile(
    rf"\b({_NAME})\b\.? (\d{{1,2}})(?:st|nd|rd|th)?(?:, ?| )(\d{{4}})\b"
)
_YEAR_FIRST = re.compile(r"(?<![\w/.-])(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?![\w/-])")
_YEAR_LAST = re.compile(r"(?<![\w/.-])(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?![\w/-])")


def date_terms(text: str, language: Language) -> list[str]:
    """One term for each date with day, month and year, as `20240312`.

    '12/03/2024' is the 12th of March; in English it may be the 3rd of December as well.
    """
    folded = " ".join(fold(text).split())
    found: list[str] = []
    for day, month, year in _WRITTEN.findall(folded):
        found += _term(year, _MONTHS[month], day)
    for month, day, year in _WRITTEN_MONTH_FIRST.findall(folded):
        found += _term(year, _MONTHS[month], day)
    for year, _, month, day in _YEAR_FIRST.findall(folded):
        found += _term(year, month, day)
    for first, _, second, year in _YEAR_LAST.findall(folded):
        found += _term(year, second, first)
        if language == "en" and first != second:
            found += _term(year, first, second)
    return found


def _term(year: str, month: int | str, day: str) -> list[str]:
    try:
        return [date(int(year), int(month), int(day)).strftime("%Y%m%d")]
    except ValueError:  # 31/02, 12/24: no date
        return []
