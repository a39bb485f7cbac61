"""Documents as a reader is told of them: with as much of who else may read them as is theirs
to know."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from assistant.access.share_keys import collection_key, group_names, user_ids
from assistant.knowledge.bulk import all_of, in_batches
from assistant.knowledge.stored import load_groups
from assistant.knowledge.tables import (
    ChunkRow,
    CollectionRow,
    DocumentRow,
    PieceRow,
    UserRow,
    VersionRow,
)
from assistant.knowledge.visibility import is_readable
from assistant.safety.injection import injection_threshold
from assistant.types import INHERIT, Access, AccessFrom, DateBasis, DocumentInfo, Language, Readable


@dataclass(frozen=True, slots=True)
class Shared:
    """Who may read a document, and by whose word."""

    access: Access
    access_from: AccessFrom
    parent_id: str | None


def load_documents(
    session: Session, query: Select[DocumentRow, VersionRow], readable: Readable
) -> list[DocumentInfo]:
    """Run a query made by `select_documents` for this reader."""
    rows = session.execute(query).all()
    shared = load_shared(session, [document for document, _ in rows], readable)
    chunks: dict[str, int] = {}
    for ids in in_batches([version.id for _, version in rows]):
        counts = (
            select(ChunkRow.version_id, func.count())
            .where(ChunkRow.version_id.in_(ids))
            .group_by(ChunkRow.version_id)
        )
        chunks |= {row[0]: row[1] for row in session.execute(counts)}
    suspicious = _count_suspicious(session, [version.id for _, version in rows])
    return [
        to_document_info(
            document,
            version,
            chunks.get(version.id, 0),
            shared[document.id],
            suspicious=suspicious.get(version.id, 0),
        )
        for document, version in rows
    ]


def _count_suspicious(session: Session, version_ids: Sequence[str]) -> dict[str, int]:
    """Version id -> how many of its chunks seem to order a model about."""
    found: dict[str, int] = {}
    for ids in in_batches(version_ids):
        counts = (
            select(ChunkRow.version_id, func.count())
            .join(PieceRow, PieceRow.key == ChunkRow.piece_key)
            .where(ChunkRow.version_id.in_(ids), PieceRow.injection >= injection_threshold())
            .group_by(ChunkRow.version_id)
        )
        found |= {row[0]: row[1] for row in session.execute(counts)}
    return found


def load_shared(
    session: Session, documents: Sequence[DocumentRow], readable: Readable
) -> dict[str, Shared]:
    """Document id -> what this reader is told of who may read it."""
    keys = load_groups(session, [document.id for document in documents])
    going = {one.id: collection_key(one.collection) for one in documents}
    inheriting = {one.collection for one in documents if going[one.id] in keys[one.id]}
    readers = load_readers(session, inheriting) if inheriting else {}
    resolved = {
        one.id: keys[one.id] - {going[one.id]} | readers[one.collection]
        if going[one.id] in keys[one.id]
        else keys[one.id]
        for one in documents
    }
    names = name_users(session, frozenset[str]().union(*resolved.values()))
    parents = {one.parent_id for one in documents if one.parent_id is not None}
    query = select(DocumentRow.id).where(DocumentRow.id.in_(all_of(parents)), is_readable(readable))
    shown_parents = set(session.scalars(query)) if parents else set()
    return {
        one.id: Shared(
            access=to_access(resolved[one.id], names, readable),
            access_from=access_from(one),
            parent_id=one.parent_id if one.parent_id in shown_parents else None,
        )
        for one in documents
    }


def access_from(document: DocumentRow) -> AccessFrom:
    if document.own_access:
        return "own"
    inherits = document.stated is None or INHERIT in json.loads(document.stated)
    return "collection" if inherits else "stated"


def load_readers(session: Session, collections: Iterable[str]) -> dict[str, frozenset[str]]:
    """Collection -> keys of those who may read it by default; none where nobody has said."""
    readers = {name: frozenset[str]() for name in collections}
    query = select(CollectionRow.name, CollectionRow.readers).where(
        CollectionRow.name.in_(all_of(readers)), CollectionRow.readers.is_not(None)
    )
    return readers | {
        row[0]: frozenset(json.loads(row[1] or "[]")) for row in session.execute(query)
    }


def name_users(session: Session, keys: Iterable[str]) -> dict[str, str]:
    """Id -> name of the users among keys, of those that are still there."""
    ids = user_ids(keys)
    if not ids:
        return {}
    query = select(UserRow.id, UserRow.name).where(UserRow.id.in_(all_of(ids)))
    return {row[0]: row[1] for row in session.execute(query)}


def to_access(keys: Iterable[str], names: Mapping[str, str], readable: Readable) -> Access:
    """Keys as people see them. Who may not read everything is told only what they share."""
    shown = frozenset(keys) if readable.everything else frozenset(keys) & readable.keys
    users = (names[one] for one in user_ids(shown) if one in names)
    return Access(groups=group_names(shown), users=sorted(users))


def to_document_info(
    document: DocumentRow, version: VersionRow, chunks: int, shared: Shared, *, suspicious: int = 0
) -> DocumentInfo:
    empty: list[int] = json.loads(version.empty_pages)
    recognised: list[tuple[int, float]] = json.loads(version.recognised)
    held = document.held_version_id == version.id
    return DocumentInfo(
        id=document.id,
        uri=document.uri,
        title=version.title,
        collection=document.collection,
        groups=shared.access.groups,
        users=shared.access.users,
        access_from=shared.access_from,
        language=cast("Language | None", version.language),
        author=version.author,
        date=version.date,
        date_basis=cast("DateBasis", version.date_basis),
        media_type=version.media_type,
        size_bytes=version.size_bytes,
        pages=version.pages,
        pages_read=version.pages - len(empty),
        empty_pages=empty,
        recognised_pages=[page for page, _ in recognised],
        ocr_confidence=mean_confidence(recognised),
        chunks=chunks,
        suspicious_chunks=suspicious,
        state="quarantined" if held else "published",
        reason=document.held_reason if held else None,
        parent_id=shared.parent_id,
        published_at=version.published_at.isoformat() if version.published_at else "",
        staged_at=version.staged_at.isoformat(),
        findings=json.loads(version.findings),
    )


def mean_confidence(recognised: Sequence[tuple[int, float]]) -> float | None:
    """Of the pages read by character recognition; None where there are none."""
    if not recognised:
        return None
    return round(sum(confidence for _, confidence in recognised) / len(recognised), 4)
