"""The sources that are kept in step: what came of their last run, and when the next one is."""

from __future__ import annotations

import re
from contextlib import closing

import streamlit as st

from ui import state
from ui.administration import Source, list_sources, sync_source
from ui.client import Service
from ui.components.markup import Markup, join, show, show_hint
from ui.components.notice import notice
from ui.components.row import row_text
from ui.language import Texts
from ui.read_ahead import read_ahead
from ui.reasons import tell_reason

POLL_S = 0.25
_EVERY = re.compile(r"(\d+)\s*(m|min|h|d)")
_DAILY = re.compile(r"daily\s+(\d{1,2}:\d\d)")


def show_sources(service: Service, texts: Texts) -> None:
    """
    Raises:
        ServiceError: the service failed.
    """
    sources = list_sources(service)
    show_hint(texts("sources.added_there") if sources else texts("sources.none"))
    for source in sources:
        _show_source(service, texts, source)


def say_schedule(texts: Texts, schedule: str | None) -> str:
    """In words: `30m`, `1h`, `2d`, `daily 02:00`."""
    if schedule is None:
        return texts("sources.by_hand")
    if found := _DAILY.fullmatch(schedule.strip().lower()):
        return texts("sources.daily", time=found[1])
    if found := _EVERY.fullmatch(schedule.strip().lower()):
        number = int(found[1])
        match found[2]:
            case "h":
                return texts.count("sources.hours", number)
            case "d":
                return texts.count("sources.days", number)
            case _:
                return texts.count("sources.minutes", number)
    return schedule


def _show_source(service: Service, texts: Texts, source: Source) -> None:
    name = source["name"]
    with st.container(key=f"row-source-{name}", horizontal=True, vertical_alignment="center"):
        show(_about(texts, source))
        wanted = st.button(
            texts("sources.sync"),
            key=f"sync-{name}",
            type="tertiary",
            icon=":material/sync:",
            disabled=source["state"] == "running",
        )
    if source["error"]:
        reason = tell_reason(source["error"], texts.language)
        show(notice("error", texts("sources.failed"), reason))
    if wanted:
        _sync(service, texts, name)


def _about(texts: Texts, source: Source) -> Markup:
    states = {
        "new": texts("sources.new"),
        "running": texts("sources.running"),
        "complete": texts("sources.complete"),
        "failed": texts("sources.incomplete"),
    }
    said = [states.get(source["state"], source["state"]), say_schedule(texts, source["schedule"])]
    if source["completed_at"]:
        said.append(texts("sources.last", moment=_moment(texts, source["completed_at"])))
    if source["next_run_at"]:
        said.append(texts("sources.next", moment=_moment(texts, source["next_run_at"])))
    kinds = {
        "folder": texts("sources.folder"),
        "web": texts("sources.web"),
        "git": texts("sources.git"),
        "imap": texts("sources.imap"),
        "s3": texts("sources.bucket"),
        "webdav": texts("sources.webdav"),
    }
    kind = kinds.get(source["kind"], source["kind"].capitalize())  # Confluence, Sharepoint
    where = texts("sources.where", kind=kind, collection=source["collection"])
    return row_text(source["name"], where, join(" · ".join(said)))


def _moment(texts: Texts, iso: str) -> str:
    return texts.moment(iso, utc_offset=state.utc_offset())


def _sync(service: Service, texts: Texts, name: str) -> None:
    """Its progress. Who leaves lets it go on."""
    share = 0.0
    bar = st.progress(share, text=texts("sources.syncing"))
    with closing(read_ahead(sync_source(service, name), wait_s=POLL_S)) as events:
        for event in events:
            match event:
                case ("progress", data):
                    share = min(1.0, data["done"] / max(1, data["total"]))
                case ("report", data):
                    bar.empty()
                    counts = {part: data[part] for part in ("added", "updated", "removed")}
                    failed = len(data["failed"])
                    show(notice("success", texts("sources.synced", **counts, failed=failed)))
                    return
            bar.progress(share, text=texts("sources.syncing"))
