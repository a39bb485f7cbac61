"""Jobs as rows: what is written and read of them in transactions that may do more."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, and_, delete, exists, insert, or_, select, true, update
from sqlalchemy.orm import Session, aliased

from assistant.access.share_keys import group_names
from assistant.knowledge.bulk import all_of, in_batches
from assistant.knowledge.packing import pack_json
from assistant.knowledge.tables import JobRow
from assistant.types import IngestOutcome, JobInfo, JobKind, JobState, Readable

MOST_ATTEMPTS = 5

UPLOAD_PRIORITY = 20
"""A person waits for it."""
SYNC_PRIORITY = 10
LEFTOVER_PRIORITY = 5
"""Of what an ended process left: a folder that somebody brings in now goes first."""

WAITING = (JobState.QUEUED, JobState.FAILED)
UNFINISHED = (*WAITING, JobState.RUNNING)
_NEEDS_ORIGINAL = (*UNFINISHED, JobState.DEAD)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be. `name` is a file name whose extension decides the format, `original` the
    SHA-256 under which the bytes are kept, `groups` None: as before. `depth` counts the files
    that this one was attached to. `owner_key`: see `JobRow`."""

    kind: JobKind
    uri: str
    collection: str
    name: str = ""
    groups: frozenset[str] | None = None
    source: str | None = None
    fingerprint: str | None = None
    size_bytes: int | None = None
    original: str | None = None
    parent_id: str | None = None
    document_id: str | None = None
    owner_key: str | None = None
    depth: int = 0
    priority: int = SYNC_PRIORITY
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Job(NewJob):
    """A job that `worker` has claimed."""

    id: str = ""
    attempts: int = 0
    worker: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job of a run ended. `outcome` is `failed` where it is to be tried again later, and
    `ended_at` None where it has yet to end."""

    job_id: str
    document_id: str | None
    ended_at: datetime | None
    state: JobState
    uri: str
    outcome: IngestOutcome
    reason: str
    size_bytes: int
    pages: int
    chunks: int


def add_jobs(session: Session, jobs: Sequence[NewJob], now: datetime) -> list[str]:
    """Queue jobs in a transaction that does something else as well."""
    rows = [_to_row(job, now) for job in jobs]
    for collection in {job.collection for job in jobs}:
        uris = [job.uri for job in jobs if job.collection == collection]
        for batch in in_batches(uris):
            same = and_(JobRow.collection == collection, JobRow.uri.in_(batch))
            session.execute(
                update(JobRow)
                .where(same, JobRow.state.in_(WAITING))
                .values(
                    state=JobState.CANCELLED,
                    outcome="cancelled",
                    reason="a newer job for the same document took its place",
                    finished_at=now,
                )
            )
            session.execute(delete(JobRow).where(same, JobRow.state == JobState.DEAD))
    if rows:
        session.execute(insert(JobRow), rows)
    return [row["id"] for row in rows]


def finish_job(
    session: Session,
    job_id: str,
    outcome: IngestOutcome,
    *,
    worker: str,
    now: datetime,
    document_id: str | None = None,
    reason: str | None = None,
    pages: int = 0,
    chunks: int = 0,
) -> None:
    """A job is done, in the transaction that makes what came of it visible. One that `worker` does
    not hold any more stays as it is."""
    session.execute(
        update(JobRow)
        .where(JobRow.id == job_id, held_by(worker))
        .values(
            state=JobState.CANCELLED if outcome == "cancelled" else JobState.DONE,
            outcome=outcome,
            reason=reason,
            worker=None,
            lease_until=None,
            document_id=document_id,
            pages=pages,
            chunks=chunks,
            finished_at=now,
        )
    )


def cancel_attached(session: Session, parent_ids: Iterable[str], now: datetime) -> None:
    """End the jobs for files attached to documents that are going."""
    for ids in in_batches([*parent_ids]):
        attached = JobRow.parent_id.in_(ids)
        session.execute(
            update(JobRow)
            .where(attached, JobRow.state.in_(WAITING))
            .values(state=JobState.CANCELLED, outcome="cancelled", finished_at=now)
        )


def cancel_for(session: Session, uri: str, collection: str, now: datetime) -> None:
    """End the jobs that would bring a document in: one at work sees it before it publishes."""
    same = and_(JobRow.uri == uri, JobRow.collection == collection, JobRow.kind == JobKind.ADD)
    session.execute(
        update(JobRow)
        .where(same, JobRow.state.in_(WAITING))
        .values(state=JobState.CANCELLED, outcome="cancelled", finished_at=now)
    )
    session.execute(
        update(JobRow).where(same, JobRow.state == JobState.RUNNING).values(cancel_wanted=True)
    )


def held_by(worker: str) -> ColumnElement[bool]:
    """The condition on `jobs`: the worker has them still. Its lease may have ended while it stood
    still, and another one have done them."""
    return and_(JobRow.state == JobState.RUNNING, JobRow.worker == worker)


def why_dropped(session: Session, job_id: str, worker: str) -> str | None:
    """Why what a worker has made of a job is not wanted; None where it is."""
    wanted = select(JobRow.cancel_wanted).where(JobRow.id == job_id, held_by(worker))
    cancelled = session.scalar(wanted)
    if cancelled is None:
        return "another worker has taken it over"
    return "the work on it was cancelled" if cancelled else None


def needs_original(sha256s: Sequence[str]) -> ColumnElement[bool]:
    """The condition on `jobs`: these kept bytes are still to be read, or may be retried."""
    return and_(JobRow.original.in_(sha256s), JobRow.state.in_(_NEEDS_ORIGINAL))


def keeps_original() -> ColumnElement[bool]:
    """The same of whatever bytes."""
    return and_(JobRow.original.is_not(None), JobRow.state.in_(_NEEDS_ORIGINAL))


def is_visible(readable: Readable) -> ColumnElement[bool]:
    """The condition on `jobs`: whoever may read everything sees all, others what they brought in
    themselves. Jobs name documents whose readers are not known yet."""
    return true() if readable.everything else JobRow.owner_key.in_(all_of(readable.keys))


def to_job_info(row: JobRow) -> JobInfo:
    return JobInfo(
        id=row.id,
        kind=JobKind(row.kind),
        uri=row.uri,
        source=row.source,
        collection=row.collection,
        groups=None if row.groups is None else group_names(json.loads(row.groups)),
        state=JobState(row.state),
        priority=row.priority,
        attempts=row.attempts,
        outcome=cast("IngestOutcome | None", row.outcome),
        reason=row.reason,
        document_id=row.document_id,
        pages=row.pages,
        chunks=row.chunks,
        created_at=row.created_at.isoformat(),
        started_at=_iso(row.started_at),
        heartbeat_at=_iso(row.heartbeat_at),
        not_before=row.not_before.isoformat(),
        finished_at=_iso(row.finished_at),
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def can_fetch(sources: Collection[str]) -> ColumnElement[bool]:
    return or_(
        JobRow.kind == JobKind.REMOVE,
        JobRow.original.is_not(None),
        JobRow.uri.startswith("file:"),
        JobRow.source.in_(sources),
    )


def drop_unwanted(session: Session, condition: ColumnElement[bool], now: datetime) -> None:
    """End jobs at work that need not be done again: somebody has cancelled them, or a newer one
    for the same document waits, which would otherwise be overtaken."""
    newer = aliased(JobRow)
    superseded = exists().where(
        newer.uri == JobRow.uri,
        newer.collection == JobRow.collection,
        newer.state.in_(UNFINISHED),
        newer.created_at > JobRow.created_at,
    )
    session.execute(
        update(JobRow)
        .where(
            condition,
            JobRow.state == JobState.RUNNING,
            or_(JobRow.cancel_wanted, superseded),
        )
        .values(
            state=JobState.CANCELLED,
            outcome="cancelled",
            worker=None,
            lease_until=None,
            finished_at=now,
        )
    )


def bury(
    session: Session,
    condition: ColumnElement[bool],
    now: datetime,
    reason: str = f"the process that worked on it ended {MOST_ATTEMPTS} times",
) -> None:
    session.execute(
        update(JobRow)
        .where(condition, JobRow.state == JobState.RUNNING, JobRow.attempts >= MOST_ATTEMPTS)
        .values(
            state=JobState.DEAD,
            outcome="failed",
            worker=None,
            lease_until=None,
            finished_at=now,
            reason=reason,
        )
    )


def _to_row(job: NewJob, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "kind": job.kind,
        "uri": job.uri,
        "name": job.name,
        "collection": job.collection,
        "groups": None if job.groups is None else pack_json(sorted(job.groups)),
        "source": job.source,
        "fingerprint": job.fingerprint,
        "size_bytes": job.size_bytes,
        "original": job.original,
        "parent_id": job.parent_id,
        "document_id": job.document_id,
        "owner_key": job.owner_key,
        "depth": job.depth,
        "priority": job.priority,
        "run_id": job.run_id,
        "state": JobState.QUEUED,
        "attempts": 0,
        "cancel_wanted": False,
        "not_before": now,
        "pages": 0,
        "chunks": 0,
        "created_at": now,
    }


def to_job(row: JobRow) -> Job:
    return Job(
        kind=JobKind(row.kind),
        uri=row.uri,
        collection=row.collection,
        name=row.name,
        groups=None if row.groups is None else frozenset(json.loads(row.groups)),
        source=row.source,
        fingerprint=row.fingerprint,
        size_bytes=row.size_bytes,
        original=row.original,
        parent_id=row.parent_id,
        document_id=row.document_id,
        owner_key=row.owner_key,
        depth=row.depth,
        priority=row.priority,
        run_id=row.run_id,
        id=row.id,
        attempts=row.attempts,
        worker=row.worker or "",
    )


ENDING_COLUMNS = (
    JobRow.id,
    JobRow.document_id,
    JobRow.finished_at,
    JobRow.state,
    JobRow.uri,
    JobRow.outcome,
    JobRow.reason,
    JobRow.size_bytes,
    JobRow.pages,
    JobRow.chunks,
)


def to_ending(row: Row[*tuple[Any, ...]]) -> Ending:
    """Of a row of `ENDING_COLUMNS`."""
    return Ending(
        job_id=row.id,
        document_id=row.document_id,
        ended_at=row.finished_at,
        state=JobState(row.state),
        uri=row.uri,
        outcome=cast("IngestOutcome", row.outcome or "failed"),
        reason=row.reason or "",
        size_bytes=row.size_bytes or 0,
        pages=row.pages,
        chunks=row.chunks,
    )
