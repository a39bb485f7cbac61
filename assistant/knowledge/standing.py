"""By what a document is shared: what was stated when it was brought in, or somebody since."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from assistant.access.share_keys import resolve
from assistant.knowledge.packing import pack_json, stated_keys
from assistant.knowledge.stored import load_groups
from assistant.knowledge.tables import CollectionRow, DocumentGroupRow, DocumentRow, UserRow
from assistant.types import INHERIT


@dataclass(frozen=True, slots=True)
class Standing:
    """`keys` are those that readers are compared with. They follow from `stated`, unless somebody
    has shared the document otherwise (`own`): then that stays, whatever its source says."""

    stated: frozenset[str]
    own: bool
    keys: frozenset[str]


def standing_after(
    session: Session,
    document_id: str | None,
    stated: frozenset[str] | None,
    *,
    collection: str,
    parent_id: str | None = None,
    closed: bool = False,
) -> Standing:
    """Of a document after it is brought in.

    Args:
        document_id: None: it is new.
        stated: keys that it comes with; None: as before, or as its collection.
        parent_id: what it is attached to, which passes on its own standing.
        closed: a login is demanded, so that what nobody states is not for everyone.
    """
    present = session.get(DocumentRow, document_id) if document_id is not None else None
    if present is not None and is_there(session, present.id):
        before = standing_of(session, present)
        if before.own:
            return Standing(before.stated if stated is None else stated, True, before.keys)
        if stated in (None, before.stated) and parent_id is None:
            return before
    if parent_id is not None:
        parent = session.get(DocumentRow, parent_id)
        if parent is not None:
            return standing_of(session, parent)
    return resolved(
        session, frozenset({INHERIT}) if stated is None else stated, collection, closed=closed
    )


def standing_of(session: Session, document: DocumentRow) -> Standing:
    keys = load_groups(session, [document.id])[document.id]
    return Standing(stated_keys(document.stated), document.own_access, keys)


def resolved(
    session: Session, stated: frozenset[str], collection: str, *, closed: bool = False
) -> Standing:
    """What follows from the keys that were stated."""
    is_open = not closed and not _is_for_people(session, collection)
    return Standing(stated, False, resolve(stated, collection, is_open=is_open))


def put_standing(session: Session, document_id: str, standing: Standing) -> None:
    packed = None if standing.stated == {INHERIT} else pack_json(sorted(standing.stated))
    session.execute(
        update(DocumentRow)
        .where(DocumentRow.id == document_id)
        .values(stated=packed, own_access=standing.own)
    )
    session.execute(delete(DocumentGroupRow).where(DocumentGroupRow.document_id == document_id))
    if standing.keys:
        rows = [{"document_id": document_id, "group_name": key} for key in sorted(standing.keys)]
        session.execute(insert(DocumentGroupRow), rows)


def is_there(session: Session, document_id: str) -> bool:
    """Published or in quarantine."""
    document = session.get(DocumentRow, document_id)
    return document is not None and not (
        document.published_version_id is None and document.held_version_id is None
    )


def _is_for_people(session: Session, collection: str) -> bool:
    """Whether somebody besides the operator is known, or who may read the collection."""
    said = select(CollectionRow.readers).where(CollectionRow.name == collection)
    if session.scalar(said) is not None:
        return True
    return bool(session.scalar(select(exists().where(UserRow.id.is_not(None)))))
