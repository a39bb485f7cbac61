"""What all exports share: headings, footnotes, addresses, and the pieces of a summary."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assistant.summarizing.rendering import FIELD_NAMES, HEADINGS, NOT_STATED
from assistant.summarizing.types import Field, Statement, Summary
from assistant.types import Citation, Language

CONTENTS: dict[Language, str] = {"en": "Contents", "fr": "Table des matières"}
SOURCES: dict[Language, str] = {"en": "Sources", "fr": "Sources"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph: `label` stands before it in bold, `bullet` makes it an item of a list;
    `nothing` is said where it has no statements."""

    statements: tuple[Statement, ...]
    label: str = ""
    bullet: bool = False
    heading: str = ""
    nothing: str = ""


def heading_of(summary: Summary) -> str:
    return " / ".join(summary.titles)


def describe(citation: Citation) -> tuple[str, str]:
    """Where it stands, and the address to open; of a PDF, at the page."""
    page = f", p. {citation.page}" if citation.pages > 1 else ""
    address = citation.uri
    if address.lower().endswith(".pdf"):
        address += f"#page={citation.page}"
    return f"{citation.title}{page}", address


def pieces_of(summary: Summary) -> Iterator[Piece]:
    """In reading order."""
    told = summary.statements
    if summary.form == "points":
        for one in told:
            yield Piece((one,), bullet=True)
    elif summary.form == "paper":
        yield from _fields(summary, told)
    elif summary.form == "compare":
        for document_id, title in zip(summary.document_ids, summary.titles, strict=True):
            own = [one for one in told if one.document_id == document_id and one.field]
            yield Piece((), heading=title)
            yield from _fields(summary, own)
        names = HEADINGS[summary.language]
        for kind in ("agreement", "contradiction"):
            pairs = [pair for pair in summary.pairings if pair.kind == kind]
            yield Piece((), heading=names[kind], nothing="" if pairs else names["none"])
            for pair in pairs:
                yield Piece((told[pair.first], told[pair.second]), bullet=True)
    else:
        yield Piece(tuple(told))


def _fields(summary: Summary, told: list[Statement]) -> Iterator[Piece]:
    language = summary.language
    for field in Field:
        statements = tuple(one for one in told if one.field is field)
        yield Piece(
            statements,
            label=FIELD_NAMES[language][field],
            nothing="" if statements else NOT_STATED[language],
        )
