"""Jobs over HTTP: what is being brought in, and what failed."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query

from assistant.api.reader import Reader
from assistant.api.schemas import JobList
from assistant.assistant import Assistant
from assistant.types import JobInfo, JobState


def add_jobs(api: FastAPI, assistant: Assistant) -> None:
    @api.get("/jobs")
    def jobs(
        readable: Reader,
        state: JobState | None = None,
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> JobList:
        """Newest first."""
        listed, total = assistant.library.jobs.jobs(
            readable, state=state, offset=offset, limit=limit
        )
        counts = assistant.library.jobs.counts(readable)
        return JobList(jobs=listed, total=total, counts=counts)

    @api.get("/jobs/{job_id}")
    def job(job_id: str, readable: Reader) -> JobInfo:
        """One job; 404 when it does not exist or may not be seen."""
        return assistant.library.jobs.job(job_id, readable)

    @api.post("/jobs/{job_id}/cancel")
    def cancel(job_id: str, readable: Reader) -> JobInfo:
        """A waiting job ends at once, one at work at its next stage."""
        return assistant.library.jobs.cancel(job_id, readable)

    @api.post("/jobs/{job_id}/retry")
    def retry(job_id: str, readable: Reader) -> JobInfo:
        """Try again what failed, died or was cancelled."""
        return assistant.retry_job(job_id, readable)
