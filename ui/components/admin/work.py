"""What is being brought in: jobs, and the sources that are kept in step."""

from __future__ import annotations

import streamlit as st

from ui import state
from ui.client import Service
from ui.components.library.sources import show_sources
from ui.components.markup import show, show_hint
from ui.components.row import row_text
from ui.language import Texts
from ui.reasons import tell_reason
from ui.replies import Job

STATES = ("running", "queued", "failed", "dead", "done", "cancelled")
LISTED = 50
RETRIED = ("dead", "failed", "cancelled")
STOPPED = ("running", "queued", "failed", "dead")


def show_work(service: Service, texts: Texts) -> None:
    _show_jobs(service, texts)
    st.subheader(texts("sources.title"), anchor=False)
    show_sources(service, texts)


def _show_jobs(service: Service, texts: Texts) -> None:
    counts = service.jobs(state="running", limit=1)["counts"]
    names = {
        "running": texts("jobs.running"),
        "queued": texts("jobs.queued"),
        "failed": texts("jobs.failed"),
        "dead": texts("jobs.dead"),
        "done": texts("jobs.done"),
        "cancelled": texts("jobs.cancelled"),
    }
    wanted = st.segmented_control(
        texts("jobs.state"),
        STATES,
        default="running",
        format_func=lambda one: f"{names[one]} {texts.number(counts.get(one, 0))}",
        required=True,
        key=state.JOB_STATE,
    )
    show_hint(texts("jobs.own"))
    jobs = service.jobs(state=wanted, limit=LISTED)
    if not jobs["jobs"]:
        show_hint(texts("jobs.none"))
    for job in jobs["jobs"]:
        _show_job(service, texts, job)
    if jobs["total"] > LISTED:
        show_hint(texts.count("pending.rest", jobs["total"] - LISTED))


def _show_job(service: Service, texts: Texts, job: Job) -> None:
    key = job["id"]
    with st.container(key=f"row-job-{key}", horizontal=True, vertical_alignment="center"):
        show(row_text(job["uri"], tell_reason(job["reason"] or "", texts.language)))
        if job["state"] in RETRIED and st.button(
            texts("pending.retry"), key=f"retry-job-{key}", type="tertiary"
        ):
            service.retry_job(key)
            st.rerun()
        if job["state"] in STOPPED and st.button(
            texts("jobs.stop"), key=f"stop-job-{key}", type="tertiary"
        ):
            service.cancel_job(key)
            st.rerun()
