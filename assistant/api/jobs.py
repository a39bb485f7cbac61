"""Jobs over HTTP: what is being brought in, and what failed. Whoever is not the operator sees
those of what they uploaded themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, FastAPI, Query

from assistant.access.share_keys import user_key
from assistant.api.reader import Caller, readable_of
from assistant.api.schemas import JobList
from assistant.assistant import Assistant
from assistant.types import JobInfo, JobState, Readable


def jobs_of_caller(principal: Caller) -> Readable:
    """With their own key, also where no document is shared with them: a job is theirs by it."""
    readable = readable_of(principal)
    if principal is None:
        return readable
    return replace(readable, grants=readable.grants | {user_key(principal.user_id)})


JobReader = Annotated[Readable, Depends(jobs_of_caller)]


def add_jobs(api: FastAPI, assistant: Assistant) -> None:
    @api.get("/jobs")
    def jobs(
        readable: JobReader,
        state: JobState | None = None,
        job: Annotated[list[str], Query(max_length=500, description="ids")] = [],  # noqa: B006
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> JobList:
        """Newest first."""
        listed, total = assistant.library.jobs.jobs(
            readable, state=state, ids=job, offset=offset, limit=limit
        )
        counts = assistant.library.jobs.counts(readable)
        return JobList(jobs=listed, total=total, counts=counts)

    @api.get("/jobs/{job_id}")
    def job(job_id: str, readable: JobReader) -> JobInfo:
        """One job; 404 when it does not exist or may not be seen."""
        return assistant.library.jobs.job(job_id, readable)

    @api.post("/jobs/{job_id}/cancel")
    def cancel(job_id: str, readable: JobReader) -> JobInfo:
        """A waiting job ends at once, one at work at its next stage."""
        return assistant.library.jobs.cancel(job_id, readable)

    @api.post("/jobs/{job_id}/retry")
    def retry(job_id: str, readable: JobReader) -> JobInfo:
        """Try again what failed, died or was cancelled."""
        return assistant.retry_job(job_id, readable)
