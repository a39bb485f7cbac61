"""Library: documents, what has not come in, and where documents come from."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.collections import known_collections
from ui.components.library.changes import run_again, show_outcome
from ui.components.library.listing import show_listing
from ui.components.library.sources import show_sources
from ui.components.library.unsettled import load_unsettled, show_unsettled
from ui.components.markup import show_hint
from ui.components.notice import show_problem
from ui.components.uploader import find_uploads, show_uploader, show_uploads
from ui.language import Texts
from ui.replies import Health, JobList, Me

COMING = ("queued", "running", "failed")
LOOK_EVERY_S = 1.0


def show_library(service: Service, texts: Texts, me: Me) -> None:
    st.title(texts("library.title"), anchor=False)
    try:
        _show(service, texts, me, service.health())
    except ServiceError as error:
        show_problem(texts, error)
        st.button(texts("error.try_again"))


def _show(service: Service, texts: Texts, me: Me, health: Health) -> None:
    may_change = me["role"] != "reader"
    collections = known_collections(service, health)
    sent = find_uploads(service)
    jobs, held = load_unsettled(service)
    section = _choose_section(texts, me, jobs["total"] + held["total"])
    show_outcome(texts)
    if section == "unsettled":
        show_unsettled(service, texts, jobs, held, may_change=may_change)
        if _count_coming(jobs):
            st.fragment(_follow, run_every=LOOK_EVERY_S)(service, jobs["counts"])
        return
    if section == "sources":
        show_sources(service, texts)
        return
    if may_change:
        with st.expander(
            texts("upload.files"),
            expanded=not health["documents"],
            icon=":material/upload_file:",
            key="uploader",
        ):
            show_uploader(service, texts, collections, max_file_bytes=health["max_file_bytes"])
        show_uploads(service, texts, sent)
    _show_coming(texts, jobs)
    show_listing(service, texts, me, collections)


def _choose_section(texts: Texts, me: Me, unsettled: int) -> str:
    """Sources are for those who may see them."""
    names = {
        "documents": texts("library.documents"),
        "unsettled": texts("library.unsettled", number=texts.number(unsettled)),
        "sources": texts("sources.title"),
    }
    if me["role"] not in (None, "admin"):
        del names["sources"]
    section: str = st.segmented_control(
        texts("library.title"),
        [*names],
        default="documents",
        format_func=names.__getitem__,
        required=True,
        key=state.LIBRARY_SECTION,
        label_visibility="collapsed",
    )
    return section


def _show_coming(texts: Texts, jobs: JobList) -> None:
    coming = _count_coming(jobs)
    if coming and not state.uploads():
        show_hint(texts.count("pending.coming", coming))


def _count_coming(jobs: JobList) -> int:
    return sum(jobs["counts"].get(one, 0) for one in COMING)


def _follow(service: Service, counts: dict[str, int]) -> None:
    """The page runs again when jobs have come to another state: what is tried again may fail."""
    with suppress(ServiceError):  # the next look may succeed
        if service.jobs(state="dead", limit=1)["counts"] != counts:
            run_again()
