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

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

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
    to_ending,
    to_job,
    utc_now,
)
from assistant.knowledge.stored import in_batches
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
    "utc_now",
]

LEASE_S = 60.0
FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 3600.0


class JobQueue(JobDesk):
    """The jobs in a database. Safe with several workers, from any thread."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime] = utc_now,
        chance: random.Random | None = None,
        failpoint: Callable[[str], None] = lambda _step: None,
    ) -> None:
        super().__init__(database, clock)
        self._chance = chance or random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._failpoint = failpoint

    def add(self, jobs: Sequence[NewJob]) -> list[str]:
        """Queue jobs; they are durable when this returns. Their ids.

        A waiting job for the same document is superseded: the newer one says what is wanted.
        """
        with self._database.writing() as session:
            ids = add_jobs(session, jobs, self._clock())
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
            or_(other.lease_until >= now, other.created_at < JobRow.created_at),
        )
        due = or_(
            and_(JobRow.state.in_(WAITING), JobRow.not_before <= now),
            and_(
                JobRow.state == JobState.RUNNING,
                JobRow.lease_until < now,
                JobRow.attempts < MOST_ATTEMPTS,
            ),
        )
        chosen = (
            select(JobRow.id)
            .where(due, ~at_work, can_fetch(sources))
            .order_by(JobRow.priority.desc(), JobRow.created_at, JobRow.uri)
            .limit(limit)
            .with_for_update(skip_locked=True)  # where the database knows it
        )
        statement = (
            update(JobRow)
            .where(JobRow.id.in_(chosen.scalar_subquery()))
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
            bury(session, JobRow.lease_until < now, now)

    def fail(self, job_id: str, reason: str, *, may_pass: bool) -> JobState:
        """Record that a job failed: to be tried again, or dead. The state that it has now.

        The n-th try waits 2^(n-1) s, give or take half of it.
        """
        now = self._clock()
        with self._database.writing() as session:
            drop_unwanted(session, JobRow.id == job_id, now)
            job = session.get(JobRow, job_id)
            if job is None or job.state != JobState.RUNNING:
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

    def drop(self, job_id: str, reason: str) -> None:
        """There is nothing left to do for a job: what it was for is gone."""
        with self._database.writing() as session:
            finish_job(session, job_id, "cancelled", now=self._clock(), reason=reason)

    def finish(self, endings: Sequence[tuple[str, IngestOutcome]]) -> None:
        """Jobs are done, all together or none."""
        with self._database.writing() as session:
            for job_id, outcome in endings:
                finish_job(session, job_id, outcome, now=self._clock())
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

    def cancelled(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these jobs at work are to end."""
        found: set[str] = set()
        with self._database.reading() as session:
            for ids in in_batches(job_ids):
                query = select(JobRow.id).where(JobRow.id.in_(ids), JobRow.cancel_wanted)
                found.update(session.scalars(query))
        return found

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
        """When the next waiting job that a worker can fetch may be claimed."""
        query = select(func.min(JobRow.not_before)).where(
            JobRow.state.in_(WAITING), can_fetch(sources)
        )
        with self._database.reading() as session:
            return session.scalar(query)
