"""What has not come in: failed, or read too badly to be searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import unquote

import streamlit as st

from ui.client import Service
from ui.components.library.changes import Change, make_change, name_some
from ui.components.library.picks import picked, show_pick, show_pick_all
from ui.components.markup import Markup, element, show, show_hint
from ui.components.row import row_text
from ui.language import Texts
from ui.library import delete_documents, dismiss_jobs, list_documents, release_documents, retry_jobs
from ui.reasons import tell_reason
from ui.replies import DocumentList, JobList

LISTED = 50
"""Of each kind; what is done to these brings up the next."""
FAILED, HELD = "failed", "held"


def load_unsettled(service: Service) -> tuple[JobList, DocumentList]:
    """The failed jobs and the documents in quarantine."""
    jobs = service.jobs(state="dead", limit=LISTED)
    held = list_documents(service, {"state": "quarantined"}, cursor="", limit=LISTED)
    return jobs, held


def show_unsettled(
    service: Service, texts: Texts, jobs: JobList, held: DocumentList, *, may_change: bool
) -> None:
    """With reasons; what is picked can be tried again, dismissed, released or deleted."""
    if not jobs["jobs"] and not held["documents"]:
        show_hint(texts("pending.none"))
    if jobs["jobs"]:
        show(_heading(texts.count("pending.failed", jobs["total"])))
        failed = {one["id"]: _name(one["uri"]) for one in jobs["jobs"]}
        reasons = {one["id"]: one["reason"] or "" for one in jobs["jobs"]}
        _show_some(
            texts,
            FAILED,
            failed,
            reasons,
            may_change=may_change,
            actions=(
                (
                    texts("pending.retry"),
                    partial(retry_jobs, service),
                    partial(texts.count, "pending.retried"),
                ),
                (
                    texts("pending.dismiss"),
                    partial(dismiss_jobs, service),
                    partial(texts.count, "pending.dismissed"),
                ),
            ),
        )
        _show_rest(texts, jobs["total"] - len(failed))
    if held["documents"]:
        show(_heading(texts.count("pending.held", held["total"])))
        kept = {one["id"]: one["title"] for one in held["documents"]}
        reasons = {one["id"]: one["reason"] or "" for one in held["documents"]}
        _show_some(
            texts,
            HELD,
            kept,
            reasons,
            may_change=may_change,
            actions=(
                (
                    texts("pending.release"),
                    partial(release_documents, service),
                    partial(texts.count, "pending.released"),
                ),
                (
                    texts("documents.delete"),
                    partial(delete_documents, service),
                    partial(texts.count, "delete.done"),
                ),
            ),
        )
        _show_rest(texts, held["total"] - len(kept))


Action = tuple[str, Change, Callable[[int], str]]
"""The button, what it does, and what is said afterwards of how many."""


def _show_some(
    texts: Texts,
    kind: str,
    listed: Mapping[str, str],
    reasons: Mapping[str, str],
    *,
    may_change: bool,
    actions: tuple[Action, ...],
) -> None:
    some = {one: title for one, title in picked(kind).items() if one in listed}
    if may_change:
        with st.container(key=f"{kind}-bar", horizontal=True, vertical_alignment="center"):
            show_pick_all(texts, kind, listed)
            for number, (label, change, said) in enumerate(actions):
                if st.button(label, key=f"{kind}-{number}", type="tertiary", disabled=not some):
                    _ask(texts, kind, some, label, change, said)
    for one, title in listed.items():
        with st.container(key=f"row-{kind}-{one}", horizontal=True, vertical_alignment="center"):
            if may_change:
                show_pick(texts, kind, one, title)
            show(row_text(title, tell_reason(reasons[one], texts.language)))


def _ask(
    texts: Texts,
    kind: str,
    some: Mapping[str, str],
    label: str,
    change: Change,
    said: Callable[[int], str],
) -> None:
    @st.dialog(label)
    def ask() -> None:
        show(name_some(texts, [*some.values()]))
        confirm = texts(
            "picks.confirm", action=label, count=texts.count("documents.total", len(some))
        )
        if st.button(confirm, type="primary", key=f"{kind}-confirm"):
            make_change(texts, kind, some, change, said)

    ask()


def _show_rest(texts: Texts, number: int) -> None:
    if number > 0:
        show_hint(texts.count("pending.rest", number))


def _heading(text: str) -> Markup:
    return element("p", text, class_="philo-label")


def _name(uri: str) -> str:
    return unquote(uri.rstrip("/").rsplit("/", 1)[-1])
