"""What is being brought in: jobs, and the sources that are kept in step."""

from __future__ import annotations

from contextlib import closing

import streamlit as st

from ui import state
from ui.administration import Source, list_sources, sync_source
from ui.client import Service
from ui.components.markup import Markup, element, show, show_hint
from ui.components.notice import notice
from ui.language import Texts
from ui.replies import Job

STATES = ("running", "queued", "failed", "dead", "done", "cancelled")
LISTED = 50
RETRIED = ("dead", "failed", "cancelled")
STOPPED = ("running", "queued", "failed", "dead")


def show_work(service: Service, texts: Texts) -> None:
    _show_jobs(service, texts)
    st.subheader(texts("sources.title"), anchor=False)
    sources = list_sources(service)
    if not sources:
        show_hint(texts("sources.none"))
    for source in sources:
        _show_source(service, texts, source)


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
        show(_about(job["uri"], job["reason"] or ""))
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


def _show_source(service: Service, texts: Texts, source: Source) -> None:
    name = source["name"]
    told = [source["kind"], source["collection"], source["schedule"] or texts("sources.by_hand")]
    if source["completed_at"]:
        day = texts.date(source["completed_at"], utc_offset=state.utc_offset())
        told.append(texts("sources.last", day=day))
    with st.container(key=f"row-source-{name}", horizontal=True, vertical_alignment="center"):
        show(_about(name, " · ".join(told)))
        wanted = st.button(texts("sources.sync"), key=f"sync-{name}", type="tertiary")
    if source["error"]:
        show(notice("error", texts("sources.failed"), source["error"]))
    if wanted:
        _sync(service, texts, name)


def _sync(service: Service, texts: Texts, name: str) -> None:
    bar = st.progress(0.0, text=texts("sources.syncing"))
    with closing(sync_source(service, name)) as events:
        for kind, data in events:
            if kind == "progress":
                share = min(1.0, data["done"] / max(1, data["total"]))
                bar.progress(share, text=texts("sources.syncing"))
            elif kind == "report":
                bar.empty()
                counts = {part: data[part] for part in ("added", "updated", "removed")}
                failed = len(data["failed"])
                show(notice("success", texts("sources.synced", **counts, failed=failed)))


def _about(name: str, said: str) -> Markup:
    return element(
        "div",
        element("p", name, class_="philo-title"),
        element("p", said, class_="philo-hint"),
        class_="philo-pending",
    )
