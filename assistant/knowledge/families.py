"""Documents with all that is attached to them: what happens to one happens to all."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.knowledge.bulk import in_batches
from assistant.knowledge.reading import not_found
from assistant.knowledge.tables import DocumentRow
from assistant.knowledge.visibility import is_kept


def family_of(session: Session, document_ids: Sequence[str]) -> list[str]:
    """Ids of the documents and of all that is attached to them, at whatever depth.

    Raises:
        DocumentNotFoundError: there is none of that id.
    """
    family: dict[str, None] = {}
    for ids in in_batches(document_ids):
        query = select(DocumentRow.id).where(DocumentRow.id.in_(ids), is_kept())
        family |= dict.fromkeys(session.scalars(query))
    for document_id in document_ids:
        if document_id not in family:
            raise not_found(document_id)
    generation = list(family)
    while generation:
        younger: list[str] = []
        for ids in in_batches(generation):
            query = select(DocumentRow.id).where(DocumentRow.parent_id.in_(ids))
            younger += [one for one in session.scalars(query) if one not in family]
        family |= dict.fromkeys(younger)
        generation = younger
    return list(family)
