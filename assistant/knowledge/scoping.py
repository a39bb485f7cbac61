"""A scope as a condition of SQL."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_, true

from assistant.knowledge.tables import DocumentRow, VersionRow
from assistant.scope import MEDIA_TYPES, Scope
from assistant.words import fold


def is_in_scope(scope: Scope) -> ColumnElement[bool]:
    """The condition on `documents`: what is published of one is what the scope asks for."""
    conditions: list[ColumnElement[bool]] = []
    if scope.collections:
        conditions.append(DocumentRow.collection.in_(scope.collections))
    if scope.documents:
        conditions.append(DocumentRow.id.in_(scope.documents))
    if scope.source:
        conditions.append(
            or_(
                DocumentRow.source == scope.source,
                DocumentRow.uri.startswith(scope.source, autoescape=True),
            )
        )
    if stated := is_of_version(scope):
        published = VersionRow.id == DocumentRow.published_version_id
        conditions.append(exists().where(published, *stated).correlate(DocumentRow))
    return and_(true(), *conditions)


def is_of_version(scope: Scope) -> list[ColumnElement[bool]]:
    """What the scope asks of a version; nothing where the list is empty."""
    conditions: list[ColumnElement[bool]] = []
    if scope.types:
        media_types = [name for kind in scope.types for name in MEDIA_TYPES[kind]]
        conditions.append(VersionRow.media_type.in_(media_types))
    if scope.languages:
        conditions.append(VersionRow.language.in_(scope.languages))
    if author := fold(scope.author).strip():
        conditions.append(VersionRow.author_key.contains(author, autoescape=True))
    if scope.after is not None or scope.before is not None:
        conditions.append(VersionRow.date != "")
    # '2024-03' may be any day of March: '~' sorts behind all of them, the bare month before.
    if scope.after is not None:
        conditions.append(VersionRow.date.concat("~") >= scope.after.isoformat())
    if scope.before is not None:
        conditions.append(VersionRow.date <= scope.before.isoformat())
    return conditions
