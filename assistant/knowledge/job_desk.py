"""Jobs as people see them: listed, cancelled, tried again, forgotten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update

from assistant.errors import JobNotFoundError
from assistant.knowledge.bulk import all_of
from assistant.knowledge.database import Database
from assistant.knowledge.job_records import UNFINISHED, WAITING, is_visible, to_job_info
from assistant.knowledge.tables import JobRow
from assistant.types import JobInfo, JobState, Readable


class JobDesk:
    """What somebody may learn of jobs and do about them."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def job(self, job_id: str, readable: Readable) -> JobInfo:
        """
        Raises:
            JobNotFoundError: there is none, or none that the reader may see.
        """
        with self._database.reading() as session:
            row = session.scalar(select(JobRow).where(JobRow.id == job_id, is_visible(readable)))
            if row is None:
                raise JobNotFoundError(
                    f"there is no job {job_id!r} that you may see; list them: philo jobs list"
                )
            return to_job_info(row)

    def jobs(
        self,
        readable: Readable,
        *,
        state: JobState | None = None,
        ids: Sequence[str] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> tuple[list[JobInfo], int]:
        """One page of those that the reader may see, newest first, and how many there are.

        Args:
            ids: only these; all where it is empty.
        """
        wanted = [is_visible(readable), *([] if state is None else [JobRow.state == state])]
        if ids:
            wanted.append(JobRow.id.in_(all_of(ids)))
        newest = select(JobRow).where(*wanted).order_by(JobRow.created_at.desc(), JobRow.id)
        count = select(func.count()).select_from(JobRow).where(*wanted)
        with self._database.reading() as session:
            rows = session.scalars(newest.offset(offset).limit(limit))
            return [to_job_info(row) for row in rows], session.scalar(count) or 0

    def counts(self, readable: Readable) -> dict[JobState, int]:
        """How many jobs that the reader may see there are in each state that has some."""
        query = (
            select(JobRow.state, func.count()).where(is_visible(readable)).group_by(JobRow.state)
        )
        with self._database.reading() as session:
            return {JobState(row[0]): row[1] for row in session.execute(query)}

    def cancel(self, job_id: str, readable: Readable) -> JobInfo:
        """End a job: a waiting or dead one at once, one at work at its next stage. A finished
        one stays as it is.

        Raises:
            JobNotFoundError: there is none, or none that the reader may see.
        """
        self.job(job_id, readable)
        self._cancel(JobRow.id == job_id, (*WAITING, JobState.DEAD))
        return self.job(job_id, readable)

    def cancel_run(self, run_id: str) -> None:
        """End all that a call asked for."""
        self._cancel(JobRow.run_id == run_id, WAITING)

    def _cancel(self, condition: ColumnElement[bool], states: Sequence[JobState]) -> None:
        now = self._clock()
        with self._database.writing() as session:
            session.execute(
                update(JobRow)
                .where(condition, JobRow.state.in_(states))
                .values(state=JobState.CANCELLED, outcome="cancelled", finished_at=now)
            )
            session.execute(
                update(JobRow)
                .where(condition, JobRow.state == JobState.RUNNING)
                .values(cancel_wanted=True)
            )

    def retry(self, job_id: str, readable: Readable) -> JobInfo:
        """Try a job again now that failed, died or was cancelled; others stay as they are.

        Raises:
            JobNotFoundError: there is none, or none that the reader may see.
        """
        self.job(job_id, readable)
        again = (JobState.FAILED, JobState.DEAD, JobState.CANCELLED)
        now = self._clock()
        with self._database.writing() as session:
            session.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.state.in_(again))
                .values(
                    state=JobState.QUEUED,
                    attempts=0,
                    cancel_wanted=False,
                    not_before=now,
                    outcome=None,
                    finished_at=None,
                    run_id=None,
                )
            )
        return self.job(job_id, readable)

    def prune(self, *, keep_days: float) -> int:
        """Forget jobs that ended longer ago. How many."""
        before = self._clock() - timedelta(days=keep_days)
        with self._database.writing() as session:
            gone = session.scalars(
                delete(JobRow)
                .where(JobRow.finished_at < before, JobRow.state.not_in(UNFINISHED))
                .returning(JobRow.id)
            ).all()
        return len(gone)
