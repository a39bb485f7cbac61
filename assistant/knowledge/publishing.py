"""The two SQL transactions of a publication: stage a version unseen, then show it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from assistant.knowledge.bulk import in_batches
from assistant.knowledge.job_records import NewJob, add_jobs, finish_job, why_dropped
from assistant.knowledge.packing import (
    pack_json,
    pack_layout,
    piece_key,
    to_chunk_row,
    to_piece_row,
)
from assistant.knowledge.standing import Standing, is_there, put_standing, standing_after
from assistant.knowledge.stored import IndexedChunk
from assistant.knowledge.tables import (
    ChunkRow,
    CollectionRow,
    DocumentRow,
    JobRow,
    PieceRow,
    VersionRow,
)
from assistant.types import Draft, IngestOutcome
from assistant.words import fold


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that was attached to a document, and the job that makes a document of it. What
    of the job follows from its parent is filled in when that is shown."""

    job: NewJob
    content: bytes


@dataclass(frozen=True, slots=True)
class Publication:
    """A draft with its vectors, and all that becomes true together with it.

    `vectors` are (N, D) float32, L2-normalised, one for each chunk. `groups` are the keys that it
    is brought in with (see `assistant.access.share_keys`), None: as before, or as its collection.
    `source` None: as before. `original` names the kept bytes.
    `hold` is why the version goes into quarantine instead. `parent_id` is the document it was
    attached to: it comes in only while that one is there. `job_id` is done with it, while `worker`
    holds that, and `attached` are kept and queued.
    """

    draft: Draft
    vectors: NDArray[np.float32]
    collection: str
    groups: frozenset[str] | None = None
    source: str | None = None
    fingerprint: str | None = None
    original: str | None = None
    hold: str | None = None
    parent_id: str | None = None
    job_id: str | None = None
    worker: str = ""
    attached: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class Staged:
    """A version that is whole in SQL and that nobody sees yet. `groups` are the keys that its
    readers are compared with."""

    publication: Publication
    document_id: str
    version_id: str
    groups: frozenset[str]
    standing: Standing
    chunks: tuple[IndexedChunk, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """What became of a staged version; `replaced` are versions that nobody needs any more."""

    outcome: IngestOutcome
    replaced: tuple[str, ...] = ()
    dropped_attachments: tuple[str, ...] = ()


def stage_version(
    session: Session,
    publication: Publication,
    *,
    embedder_id: str,
    now: datetime,
    closed: bool = False,
) -> Staged:
    """Write a version with its chunks and embeddings; its document is made when missing.

    Args:
        now: see `Database.now`: other processes see by it whether somebody is still at work.
        closed: see `standing_after`.
    """
    draft, collection = publication.draft, publication.collection
    if session.get(CollectionRow, collection) is None:
        session.execute(insert(CollectionRow).values(name=collection, created_at=now))
    document_id = session.scalar(
        select(DocumentRow.id).where(
            DocumentRow.uri == draft.uri, DocumentRow.collection == collection
        )
    )
    standing = standing_after(
        session,
        document_id,
        publication.groups,
        collection=collection,
        parent_id=publication.parent_id,
        closed=closed,
    )
    if document_id is None:
        document_id = uuid.uuid4().hex
        session.execute(
            insert(DocumentRow).values(
                id=document_id, uri=draft.uri, collection=collection, indexes_stale=False
            )
        )
    groups = standing.keys
    version_id = uuid.uuid4().hex
    session.execute(
        insert(VersionRow).values(
            id=version_id,
            document_id=document_id,
            title=draft.title,
            search_key=fold(f"{draft.title}\n{draft.uri}"),
            text=draft.text,
            author=draft.author,
            author_key=fold(draft.author),
            date=draft.date,
            date_basis=draft.date_basis,
            language=draft.language,
            media_type=draft.media_type,
            size_bytes=draft.size_bytes,
            pages=draft.pages,
            empty_pages=pack_json(draft.empty_pages),
            recognised=pack_json(draft.recognised),
            content_sha256=draft.content_sha256,
            recipe=draft.recipe,
            embedder=embedder_id,
            original=publication.original,
            layout=pack_layout(draft.layout),
            findings=pack_json(dict(draft.findings)),
            staged_at=now,
        )
    )
    keys = [piece_key(embedder_id, chunk, draft.title) for chunk in draft.chunks]
    _add_pieces(session, publication, keys)
    rows = [
        to_chunk_row(chunk, version_id, key) for chunk, key in zip(draft.chunks, keys, strict=True)
    ]
    if rows:
        session.execute(insert(ChunkRow), rows)
    chunks = tuple(
        IndexedChunk(
            chunk_id=row["id"],
            document_id=document_id,
            collection=collection,
            groups=groups,
            title=draft.title,
            heading=chunk.heading,
            table_header=chunk.table_header,
            text=chunk.text,
            vector=vector,
        )
        for row, chunk, vector in zip(rows, draft.chunks, publication.vectors, strict=True)
    )
    return Staged(publication, document_id, version_id, groups, standing, chunks)


def _add_pieces(session: Session, publication: Publication, keys: Sequence[str]) -> None:
    present: set[str] = set()
    for batch in in_batches(keys):
        present.update(session.scalars(select(PieceRow.key).where(PieceRow.key.in_(batch))))
    new: dict[str, dict[str, Any]] = {}
    chunks, vectors = publication.draft.chunks, publication.vectors
    for key, chunk, vector in zip(keys, chunks, vectors, strict=True):
        if key not in present and key not in new:
            new[key] = to_piece_row(key, chunk, vector)
    if new:
        session.execute(insert(PieceRow), [*new.values()])


def show_version(
    session: Session, staged: Staged, originals: Sequence[str], *, now: datetime
) -> Shown:
    """Make the staged version the one that readers see, or put it into quarantine, and let
    all come true that depends on it.

    Args:
        originals: under which SHA-256 each attached file is kept.
        now: see `Database.now`: jobs are queued and done at it.
    """
    publication = staged.publication
    if (reason := _why_not(session, staged)) is not None:
        if publication.job_id is not None:
            finish_job(
                session,
                publication.job_id,
                "cancelled",
                worker=publication.worker,
                now=now,
                reason=reason,
            )
        return Shown("cancelled", (staged.version_id,))
    document = session.get_one(DocumentRow, staged.document_id)
    published, held = document.published_version_id, document.held_version_id
    replaced = [held] if held is not None else []
    outcome: IngestOutcome
    if publication.hold is not None:
        outcome = "quarantined"
        document.held_version_id = staged.version_id
        document.held_reason = publication.hold
        document.indexes_stale = published is not None
    else:
        outcome = "added" if published is None else "updated"
        replaced += [published] if published is not None else []
        document.published_version_id = staged.version_id
        document.held_version_id = document.held_reason = None
        document.indexes_stale = False
        session.get_one(VersionRow, staged.version_id).published_at = now
    put_standing(session, staged.document_id, staged.standing)
    if publication.source is not None:
        document.source = publication.source
    document.fingerprint = publication.fingerprint
    document.parent_id = publication.parent_id
    session.flush()
    attached = _queue_attached(session, staged, originals, now)
    if publication.job_id is not None:
        finish_job(
            session,
            publication.job_id,
            outcome,
            worker=publication.worker,
            now=now,
            document_id=staged.document_id,
            reason=publication.hold,
            pages=publication.draft.pages,
            chunks=len(publication.draft.chunks),
        )
    if published is None and held is None:
        return Shown(outcome)
    query = select(DocumentRow.id).where(
        DocumentRow.parent_id == staged.document_id, DocumentRow.uri.not_in(attached)
    )
    return Shown(outcome, tuple(replaced), tuple(session.scalars(query)))


def _queue_attached(
    session: Session, staged: Staged, originals: Sequence[str], now: datetime
) -> list[str]:
    """Queue the files attached to a document; their addresses."""
    owner_key = session.scalar(
        select(JobRow.owner_key).where(JobRow.id == staged.publication.job_id)
    )
    attached = [
        replace(
            one.job,
            parent_id=staged.document_id,
            groups=staged.groups,
            owner_key=owner_key,
            original=original,
            fingerprint=original,
        )
        for one, original in zip(staged.publication.attached, originals, strict=True)
    ]
    if attached:
        add_jobs(session, attached, now)
    return [job.uri for job in attached]


def _why_not(session: Session, staged: Staged) -> str | None:
    """What has made a publication unwanted while it was prepared."""
    publication = staged.publication
    if publication.parent_id is not None and not is_there(session, publication.parent_id):
        return "the document that it was attached to was removed"
    if session.get(VersionRow, staged.version_id) is None:
        return "the document was removed"
    if publication.job_id is not None:
        return why_dropped(session, publication.job_id, publication.worker)
    return None
