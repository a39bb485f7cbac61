"""Documents that are not there yet: still coming in, failed, or in quarantine."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import streamlit as st

from ui.client import Service, ServiceError
from ui.components.markup import Markup, element, show, show_hint
from ui.components.notice import show_problem
from ui.language import Texts
from ui.reasons import tell_reason
from ui.replies import Document, Job

SHOWN = 5
"""Of each kind; retrying or dismissing one brings up the next."""
COMING = ("queued", "running", "failed")


def show_pending(service: Service, texts: Texts) -> None:
    """How many are coming in; what failed, to be tried again or dismissed; what is in
    quarantine, to be released.

    Raises:
        ServiceError: the service failed.
    """
    jobs = service.jobs(state="dead", limit=SHOWN)
    coming = sum(jobs["counts"].get(state, 0) for state in COMING)
    if coming:
        show_hint(texts.count("pending.coming", coming))
    if jobs["jobs"]:
        show(_heading(texts.count("pending.failed", jobs["total"])))
    for job in jobs["jobs"]:
        _show_failed(service, texts, job)
    _show_rest(texts, jobs["total"] - len(jobs["jobs"]))
    held = service.documents(query="", state="quarantined", offset=0, limit=SHOWN)
    if held["documents"]:
        show(_heading(texts.count("pending.held", held["total"])))
    for document in held["documents"]:
        _show_held(service, texts, document)
    _show_rest(texts, held["total"] - len(held["documents"]))


def _show_failed(service: Service, texts: Texts, job: Job) -> None:
    key = job["id"]
    with _row(key):
        show(_about(_name(job["uri"]), tell_reason(job["reason"] or "", texts.language)))
        with _actions(key):
            if st.button(texts("pending.retry"), key=f"retry-{key}", type="tertiary"):
                _do(texts, lambda: service.retry_job(key))
            if st.button(texts("pending.dismiss"), key=f"dismiss-{key}", type="tertiary"):
                _do(texts, lambda: service.cancel_job(key))


def _show_held(service: Service, texts: Texts, document: Document) -> None:
    key = document["id"]
    with _row(f"held-{key}"):
        show(_about(document["title"], tell_reason(document["reason"] or "", texts.language)))
        with _actions(f"held-{key}"):
            if st.button(texts("pending.release"), key=f"release-{key}", type="tertiary"):
                _do(texts, lambda: service.release(key))


def _show_rest(texts: Texts, number: int) -> None:
    if number > 0:
        show_hint(texts.count("pending.rest", number))


def _row(key: str) -> st.delta_generator.DeltaGenerator:
    return st.container(key=f"row-{key}", horizontal=True, vertical_alignment="center")


def _actions(key: str) -> st.delta_generator.DeltaGenerator:
    return st.container(key=f"actions-{key}", horizontal=True, width="content", gap="xsmall")


def _do(texts: Texts, action: Callable[[], object]) -> None:
    try:
        action()
    except ServiceError as error:
        show_problem(texts, error)
    else:
        st.rerun()


def _heading(text: str) -> Markup:
    return element("p", text, class_="philo-label")


def _about(name: str, reason: str) -> Markup:
    return element(
        "div",
        element("p", name, class_="philo-title"),
        element("p", reason, class_="philo-hint"),
        class_="philo-pending",
    )


def _name(uri: str) -> str:
    return unquote(uri.rstrip("/").rsplit("/", 1)[-1])
