"""Which of the readable documents a question is asked of."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from assistant.types import Language, PublicModel


class DocumentType(StrEnum):
    """Kinds of documents as people tell them apart; each is of several formats."""

    PDF = "pdf"
    TEXT = "text"
    SHEET = "sheet"
    SLIDES = "slides"
    MAIL = "mail"
    WEB = "web"
    BOOK = "book"
    IMAGE = "image"


_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
MEDIA_TYPES: dict[DocumentType, tuple[str, ...]] = {
    DocumentType.PDF: ("application/pdf",),
    DocumentType.TEXT: (
        f"{_OFFICE}wordprocessingml.document",
        f"{_OPEN}text",
        "application/rtf",
        "application/x-tex",
        "text/markdown",
        "text/plain",
    ),
    DocumentType.SHEET: (
        f"{_OFFICE}spreadsheetml.sheet",
        f"{_OPEN}spreadsheet",
        "text/csv",
        "text/tab-separated-values",
    ),
    DocumentType.SLIDES: (f"{_OFFICE}presentationml.presentation", f"{_OPEN}presentation"),
    DocumentType.MAIL: ("message/rfc822", "application/vnd.ms-outlook"),
    DocumentType.WEB: ("text/html",),
    DocumentType.BOOK: ("application/epub+zip",),
    DocumentType.IMAGE: ("image/png", "image/jpeg", "image/tiff", "image/bmp", "image/webp"),
}

Name = Annotated[str, Field(min_length=1, max_length=200)]


class Scope(PublicModel):
    """What a document must be to be searched, beside being readable. An empty field asks for
    nothing, all others must hold together, and of several values one is enough.

    `author` is a part of the name, whatever its case and accents. `after` and `before` take
    their own day in. A document that tells no more than its year or month is within when any
    of its days may be; one without a date is not. `source` is where documents come from or the
    beginning of their address.
    """

    collections: tuple[Name, ...] = Field((), max_length=100)
    documents: tuple[Name, ...] = Field((), max_length=1000, description="ids")
    types: tuple[DocumentType, ...] = Field((), max_length=len(DocumentType))
    languages: tuple[Language, ...] = Field((), max_length=2)
    author: str = Field("", max_length=200)
    after: date | None = None
    before: date | None = None
    source: str = Field("", max_length=2000)

    @model_validator(mode="after")
    def _has_days(self) -> Scope:
        if self.after is not None and self.before is not None and self.after > self.before:
            raise ValueError(f"no day is both after {self.after} and before {self.before}")
        return self


EVERYTHING = Scope()
