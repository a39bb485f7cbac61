"""The conditions under which a reader gets rows of the truth."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, false, or_, true

from assistant.knowledge.bulk import all_of
from assistant.knowledge.tables import DocumentGroupRow, DocumentRow
from assistant.types import Readable


def is_readable(readable: Readable) -> ColumnElement[bool]:
    """The condition on `documents`: published, in the collection, shared with the reader."""
    return and_(DocumentRow.published_version_id.is_not(None), is_shared(readable))


def is_shared(readable: Readable) -> ColumnElement[bool]:
    """The same, but for being published."""
    conditions: list[ColumnElement[bool]] = []
    if readable.collection is not None:
        conditions.append(DocumentRow.collection == readable.collection)
    if not readable.everything:
        # Joined to nothing, so that SQLite reads the few groups of a document: with the bare
        # column it seeks every group of the reader there, three times as long for 450 of them.
        name = DocumentGroupRow.group_name.concat("")
        shared = exists().where(
            DocumentGroupRow.document_id == DocumentRow.id, name.in_(all_of(readable.keys))
        )
        conditions.append(shared if readable.keys else false())
    return and_(true(), *conditions)


def is_kept() -> ColumnElement[bool]:
    """The condition on `documents`: published or in quarantine, so no remainder."""
    return or_(
        DocumentRow.published_version_id.is_not(None), DocumentRow.held_version_id.is_not(None)
    )
