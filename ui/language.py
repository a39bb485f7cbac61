"""The page's words, in French and English."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

LOCALES = Path(__file__).parent / "locales"


@dataclass(frozen=True, slots=True)
class Texts:
    """The page's texts in one language: `texts("ask.title")`."""

    language: Language
    entries: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        return self.entries[key].format(**values)

    def count(self, key: str, number: int) -> str:
        """`key.one` or `key.many`, as the language counts (French says 0 in the singular)."""
        singular = number < 2 if self.language == "fr" else number == 1
        return self(f"{key}.one" if singular else f"{key}.many", number=self.number(number))

    def number(self, number: int) -> str:
        return f"{number:,}".replace(",", self("format.thousands"))

    def decimal(self, number: float, *, digits: int = 1) -> str:
        return f"{number:.{digits}f}".replace(".", self("format.decimal"))

    def date(self, iso: str, *, utc_offset: timedelta) -> str:
        """The day of a moment, on the reader's clock."""
        return on_clock(iso, utc_offset).strftime(self("format.date"))

    def day(self, iso: str) -> str:
        """A day that stands in a document; as it is where it is no full one."""
        try:
            return date.fromisoformat(iso).strftime(self("format.date"))
        except ValueError:
            return iso

    def short_day(self, iso: str) -> str:
        """Day and month."""
        return date.fromisoformat(iso).strftime(self("format.short_day"))

    def moment(self, iso: str, *, utc_offset: timedelta) -> str:
        """Day and time, on the reader's clock."""
        return on_clock(iso, utc_offset).strftime(self("format.moment"))


def on_clock(iso: str, utc_offset: timedelta) -> datetime:
    """A moment (UTC where it does not say) as a reader's clock shows it."""
    moment = datetime.fromisoformat(iso)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(timezone(utc_offset))


@cache
def words_of_streamlit(language: Language) -> dict[str, dict[str, str]]:
    """Its own English words -> ours: of labels, of what its lists offer, of other texts. `{}`
    stands for what is kept."""
    content = (LOCALES / f"streamlit.{language}.json").read_text(encoding="utf-8")
    words: dict[str, dict[str, str]] = json.loads(content)
    return words


@cache
def load_texts(language: Language) -> Texts:
    content = (LOCALES / f"{language}.json").read_text(encoding="utf-8")
    return Texts(language, json.loads(content))


def preferred_language(locale: str | None, *, chosen: str | None = None) -> Language:
    """The one that was chosen at the sign-in, or that of a browser's locale such as `fr-CA`;
    English where it is neither."""
    for language in LANGUAGES:
        if language == chosen:
            return language
    return "fr" if (locale or "").lower().split("-")[0] == "fr" else "en"
