"""`philo jobs ...`"""

from __future__ import annotations

from typing import Annotated

import typer

from assistant.commands.options import Data, Json, command_group, open_client, print_json
from assistant.settings import load_settings
from assistant.types import JobInfo, JobState

jobs_app = command_group("jobs", "Documents being brought in or removed, and what failed.")


@jobs_app.command("list")
def list_jobs(
    state: Annotated[JobState | None, typer.Option(help="Only jobs in this state.")] = None,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Newest first."""
    with open_client(load_settings(data)) as client:
        listed, total = client.jobs(state=state, offset=offset, limit=limit)
    if as_json:
        print_json({"jobs": [one.model_dump(mode="json") for one in listed], "total": total})
        return
    for one in listed:
        print(f"{one.id}  {one.state:<9}  {one.kind:<6}  {one.uri}")
        if one.reason:
            print(f"    {one.reason}")
    print(f"{len(listed)} of {total} jobs")


@jobs_app.command("show")
def show_job(job_id: str, data: Data = None, as_json: Json = False) -> None:
    """All that is known of one job."""
    with open_client(load_settings(data)) as client:
        found = client.job(job_id)
    _print_job(found, as_json)


@jobs_app.command("cancel")
def cancel_job(job_id: str, data: Data = None, as_json: Json = False) -> None:
    """A waiting job ends at once, one at work at its next stage."""
    with open_client(load_settings(data)) as client:
        found = client.cancel_job(job_id)
    _print_job(found, as_json)


@jobs_app.command("retry")
def retry_job(job_id: str, data: Data = None, as_json: Json = False) -> None:
    """Try again what failed, died or was cancelled: at once where the service runs, else with
    the next `philo ingest` or `philo up`."""
    with open_client(load_settings(data)) as client:
        found = client.retry_job(job_id)
    _print_job(found, as_json)


def _print_job(job: JobInfo, as_json: bool) -> None:
    if as_json:
        print_json(job)
        return
    for name, value in job.model_dump(mode="json").items():
        print(f"{name:>14}: {value}")
