"""The headings of a document and where they stand in its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy import select

from assistant.knowledge.database import Database
from assistant.knowledge.packing import unpack_layout
from assistant.knowledge.reading import not_found
from assistant.knowledge.tables import DocumentRow, VersionRow
from assistant.knowledge.visibility import is_readable
from assistant.types import BlockKind, Language, Readable


@dataclass(frozen=True, slots=True)
class Heading:
    """`start` counts characters of the document's text."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Outline:
    """`headings` in reading order, none where the layout is not known."""

    title: str
    language: Language | None
    headings: tuple[Heading, ...]


def load_outline(database: Database, document_id: str, readable: Readable) -> Outline:
    """
    Raises:
        DocumentNotFoundError: there is no such document, or none that the reader may see.
    """
    query = (
        select(VersionRow.title, VersionRow.language, VersionRow.layout, VersionRow.text)
        .join(DocumentRow, DocumentRow.published_version_id == VersionRow.id)
        .where(DocumentRow.id == document_id, is_readable(readable))
    )
    with database.reading() as session:
        row = session.execute(query).one_or_none()
    if row is None:
        raise not_found(document_id)
    return Outline(
        title=row.title,
        language=cast("Language | None", row.language),
        headings=tuple(
            Heading(" ".join(row.text[one.start : one.end].split()), one.start)
            for one in unpack_layout(row.layout) or ()
            if one.kind is BlockKind.HEADING
        ),
    )
