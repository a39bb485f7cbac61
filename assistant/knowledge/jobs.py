"""The durable queue: one job for each document to bring in or to remove.

A job that a worker has claimed is its own until the lease ends, and the worker's heartbeat
prolongs it. What fails and may pass is tried again, later each time; what will not pass is
dead, with its reason, until somebody says otherwise.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from assistant.knowledge.bulk import in_batches
from assistant.knowledge.database import Database
from assistant.knowledge.job_desk import JobDesk
from assistant.knowledge.job_records import (
    ENDING_COLUMNS,
    LEFTOVER_PRIORITY,
    MOST_ATTEMPTS,
    SYNC_PRIORITY,
    UNFINISHED,
    UPLOAD_PRIORITY,
    WAITING,
    Ending,
    Job,
    NewJob,
    add_jobs,
    bury,
    can_fetch,
    drop_unwanted,
    finish_job,
    held_by,
    to_ending,
    to_job,
)
from assistant.knowledge.tables import JobRow
from assistant.types import IngestOutcome, JobState

__all__ = [
    "LEASE_S",
    "LEFTOVER_PRIORITY",
    "MOST_ATTEMPTS",
    "SYNC_PRIORITY",
    "UPLOAD_PRIORITY",
    "Ending",
    "Job",
    "JobQueue",
    "NewJob",
    "lease_ended",
]

LEASE_S = 60.0
FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 3600.0
FARTHEST = timedelta(seconds=1.5 * LONGEST_DELAY_S)
"""What is not to be done before a later moment was written down by a clock that was ahead."""


class JobQueue(JobDesk):
    """The jobs in a database. Safe with several workers, from any thread."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime] | None = None,
        chance: random.Random | None = None,
        failpoint: Callable[[str], None] = lambda _step: None,
    ) -> None:
        super().__init__(database, clock or database.now)
        self._chance = chance or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._failpoint = failpoint

    def add(self, jobs: Sequence[NewJob]) -> list[str]:
        """Queue jobs; they are durable when this returns. Their ids.

        A waiting job for the same document is superseded: the newer one says what is wanted.
        """
        now = self._clock()
        with self._database.writing() as session:
            ids = add_jobs(session, jobs, now)
        self._failpoint("job queued")
        return ids

    def claim(self, worker: str, *, limit: int, sources: Collection[str] = ()) -> list[Job]:
        """At most `limit` jobs that are due, the most urgent first, now held by `worker`.

        No document has two jobs at work at a time, and what was asked for last is done last.

        Args:
            sources: addresses that the worker can fetch from, besides files and kept uploads.
        """
        now = self._clock()
        other = aliased(JobRow)
        at_work = exists().where(
            other.uri == JobRow.uri,
            other.collection == JobRow.collection,
            other.state == JobState.RUNNING,
            or_(~lease_ended(other.lease_until, now), other.created_at < JobRow.created_at),
        )
        due = or_(
            and_(
                JobRow.state.in_(WAITING),
                or_(JobRow.not_before <= now, JobRow.not_before > now + FARTHEST),
            ),
            and_(
                JobRow.state == JobState.RUNNING,
                lease_ended(JobRow.lease_until, now),
                JobRow.attempts < MOST_ATTEMPTS,
            ),
        )
        # Not a subquery: PostgreSQL may run that for each row, and each time locks others.
        chosen = (
            select(JobRow.id)
            .where(due, ~at_work, can_fetch(sources))
            .order_by(JobRow.priority.desc(), JobRow.created_at, JobRow.uri)
            .limit(limit)
            .with_for_update(skip_locked=True)  # where the database knows it
            .cte("chosen")
        )
        statement = (
            update(JobRow)
            .where(JobRow.id.in_(select(chosen.c.id)))
            .values(
                state=JobState.RUNNING,
                worker=worker,
                attempts=JobRow.attempts + 1,
                lease_until=now + timedelta(seconds=LEASE_S),
                heartbeat_at=now,
                started_at=now,
                reason=None,
            )
            .returning(JobRow)
        )
        with self._database.writing() as session:
            rows = [*session.scalars(statement, execution_options={"synchronize_session": False})]
            rows.sort(key=lambda row: (-row.priority, row.created_at, row.uri))
            claimed = [to_job(row) for row in rows]
        if claimed:
            self._failpoint("job claimed")
        return claimed

    def beat(self, worker: str) -> None:
        """Prolong the leases of a worker that is alive, and bury what ended its workers."""
        now = self._clock()
        with self._database.writing() as session:
            session.execute(
                update(JobRow)
                .where(JobRow.worker == worker, JobRow.state == JobState.RUNNING)
                .values(heartbeat_at=now, lease_until=now + timedelta(seconds=LEASE_S))
            )
            bury(session, lease_ended(JobRow.lease_until, now), now)

    def fail(self, job_id: str, reason: str, *, worker: str, may_pass: bool) -> JobState:
        """Record that a job failed: to be tried again, or dead. The state that it has now; one
        that `worker` does not hold any more stays as it is.

        The n-th try waits 2^(n-1) s, give or take half of it.
        """
        now = self._clock()
        with self._database.writing() as session:
            drop_unwanted(session, and_(JobRow.id == job_id, held_by(worker)), now)
            job = session.get(JobRow, job_id)
            if job is None or job.state != JobState.RUNNING or job.worker != worker:
                return JobState.CANCELLED if job is None else JobState(job.state)
            job.worker = job.lease_until = None
            job.reason = reason
            if may_pass and job.attempts < MOST_ATTEMPTS:
                delay = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** (job.attempts - 1))
                job.state = JobState.FAILED
                job.not_before = now + timedelta(seconds=delay * self._chance.uniform(0.5, 1.5))
            else:
                job.state = JobState.DEAD
                job.outcome = "failed"
                job.finished_at = now
            return JobState(job.state)

    def drop(self, job_id: str, reason: str, *, worker: str) -> None:
        """There is nothing left to do for a job: what it was for is gone."""
        now = self._clock()
        with self._database.writing() as session:
            finish_job(session, job_id, "cancelled", worker=worker, now=now, reason=reason)

    def finish(self, endings: Sequence[tuple[Job, IngestOutcome]]) -> None:
        """Jobs are done, all together or none; those that another worker has by now stay."""
        now = self._clock()
        with self._database.writing() as session:
            for job, outcome in endings:
                finish_job(session, job.id, outcome, worker=job.worker, now=now)
        self._failpoint("job finished")

    def give_back(self, worker: str, *, reason: str | None = None) -> None:
        """A worker stops: what it held is for the next one.

        Args:
            reason: why it had to; the try counts then, and the next one waits. Without a reason
                the try does not count.
        """
        now = self._clock()
        held = and_(JobRow.worker == worker, JobRow.state == JobState.RUNNING)
        values: dict[str, Any] = {"worker": None, "lease_until": None}
        if reason is None:
            values |= {"state": JobState.QUEUED, "attempts": JobRow.attempts - 1}
        else:
            later = now + timedelta(seconds=FIRST_DELAY_S * self._chance.uniform(0.5, 1.5))
            values |= {"state": JobState.FAILED, "reason": reason, "not_before": later}
        with self._database.writing() as session:
            drop_unwanted(session, held, now)
            if reason is not None:
                bury(session, held, now, reason)
            session.execute(update(JobRow).where(held).values(values))

    def reclaim(self) -> int:
        """Free what ended processes held; for the one owner of a data directory at its start.

        Returns:
            how many jobs are now to be done again.
        """
        now = self._clock()
        with self._database.writing() as session:
            drop_unwanted(session, JobRow.state == JobState.RUNNING, now)
            bury(session, JobRow.state == JobState.RUNNING, now)
            session.execute(
                update(JobRow)
                .where(JobRow.state.in_(UNFINISHED), JobRow.priority == SYNC_PRIORITY)
                .values(priority=LEFTOVER_PRIORITY)
            )
            freed = session.scalars(
                update(JobRow)
                .where(JobRow.state == JobState.RUNNING)
                .values(state=JobState.QUEUED, worker=None, lease_until=None)
                .returning(JobRow.id)
            ).all()
        return len(freed)

    def unwanted(self, jobs: Sequence[Job]) -> set[str]:
        """Ids of those of these claimed jobs that are to end: somebody has cancelled them, or
        another worker has taken them over."""
        wanted: set[str] = set()
        with self._database.reading() as session:
            for worker in {job.worker for job in jobs}:
                for ids in in_batches([job.id for job in jobs if job.worker == worker]):
                    query = select(JobRow.id).where(
                        JobRow.id.in_(ids), held_by(worker), ~JobRow.cancel_wanted
                    )
                    wanted.update(session.scalars(query))
        return {job.id for job in jobs} - wanted

    def endings(self, run_id: str, *, since: datetime) -> list[Ending]:
        """Jobs of a run that ended since then."""
        query = select(*ENDING_COLUMNS).where(
            JobRow.run_id == run_id, JobRow.finished_at.is_not(None), JobRow.finished_at >= since
        )
        with self._database.reading() as session:
            return [to_ending(row) for row in session.execute(query)]

    def unfinished_states(self, run_id: str) -> dict[JobState, int]:
        """How many jobs of a run have yet to end, in each state that has some."""
        query = (
            select(JobRow.state, func.count())
            .where(JobRow.run_id == run_id, JobRow.state.in_(UNFINISHED))
            .group_by(JobRow.state)
        )
        with self._database.reading() as session:
            return {JobState(row[0]): row[1] for row in session.execute(query)}

    def unfinished(self, run_id: str) -> list[Ending]:
        """Jobs of a run that have yet to end, with why they failed the last time."""
        query = select(*ENDING_COLUMNS).where(JobRow.run_id == run_id, JobRow.state.in_(UNFINISHED))
        with self._database.reading() as session:
            return [to_ending(row) for row in session.execute(query)]

    def next_due(self, *, sources: Collection[str] = ()) -> datetime | None:
        """When the next job that a worker can fetch may be claimed: one that waits, or now where
        a worker that is gone has left one."""
        now = self._clock()
        waiting = select(func.min(JobRow.not_before)).where(
            JobRow.state.in_(WAITING), can_fetch(sources)
        )
        left = select(JobRow.id).where(
            JobRow.state == JobState.RUNNING,
            lease_ended(JobRow.lease_until, now),
            can_fetch(sources),
        )
        with self._database.reading() as session:
            if session.scalar(left.limit(1)) is not None:
                return now
            due = session.scalar(waiting)
        return now if due is not None and due > now + FARTHEST else due


def lease_ended(
    lease_until: InstrumentedAttribute[datetime | None], now: datetime
) -> ColumnElement[bool]:
    """The condition on `jobs`; also of one that was given by a clock that was ahead.

    Args:
        now: by the clock that all have in common; see `Database.now`.
    """
    return or_(lease_until < now, lease_until > now + timedelta(seconds=2 * LEASE_S))
