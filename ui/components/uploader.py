"""Bringing files in, one by one, with what became of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import IO

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.markup import Markup, element, show, show_hint
from ui.components.notice import notice
from ui.language import Texts
from ui.reasons import tell_reason
from ui.state import Upload

DEFAULT_COLLECTION = "default"
MIB = 2**20


def show_uploader(
    service: Service, texts: Texts, collections: Sequence[str], *, max_file_bytes: int
) -> None:
    """Choose files and a collection; then progress, and what became of the last files."""
    _translate_file_input(texts)
    names = sorted({DEFAULT_COLLECTION, *collections})
    with st.form("upload", clear_on_submit=True):
        files = st.file_uploader(
            texts("upload.files"),
            accept_multiple_files=True,
            max_upload_size=max(1, max_file_bytes // MIB),
        )
        show_hint(texts("upload.formats", limit=texts.number(max_file_bytes // MIB)))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            collection = st.selectbox(
                texts("upload.collection"),
                names,
                index=names.index(DEFAULT_COLLECTION),
                accept_new_options=True,
                width=280,
            )
            wanted = st.form_submit_button(texts("upload.start"), type="primary")
    if wanted and not files:
        show(notice("warning", texts("upload.none_chosen")))
    elif wanted:
        _bring_in(service, texts, files, collection or DEFAULT_COLLECTION)
    for upload in state.uploads():
        show(_outcome(texts, upload))


def _translate_file_input(texts: Texts) -> None:
    """Streamlit's file input speaks English only: style.css puts these words in its place."""
    words = {"choose": texts("upload.choose"), "drop": texts("upload.drop")}
    variables = " ".join(
        f"--philo-{name}: {json.dumps(word, ensure_ascii=False)};" for name, word in words.items()
    )
    st.html(f"<style>.stApp {{ {variables} }}</style>")


def _bring_in(service: Service, texts: Texts, files: Sequence[IO[bytes]], collection: str) -> None:
    results = state.begin_uploads()
    progress, current = st.progress(0.0), st.empty()
    for number, file in enumerate(files):
        done = texts("upload.progress", number=number + 1, total=len(files))
        progress.progress(number / len(files), text=done)
        current.html(element("p", file.name, class_="philo-hint"))
        results.append(_upload(service, texts, file, collection))
    progress.empty()
    current.empty()


def _upload(service: Service, texts: Texts, file: IO[bytes], collection: str) -> Upload:
    try:
        report = service.upload(file, name=file.name, collection=collection)
    except ServiceError as error:
        unreachable = error.kind == "Unreachable"
        return Upload(
            file.name, "failed", texts("error.unreachable") if unreachable else str(error)
        )
    if report["failed"]:
        return Upload(file.name, "failed", report["failed"][0]["reason"])
    if report["quarantined"]:
        return Upload(file.name, "quarantined", report["quarantined"][0]["reason"])
    empty = tuple(page for one in report["incomplete"] for page in one["pages"])
    if report["added"]:
        return Upload(file.name, "added", empty_pages=empty)
    outcome = "updated" if report["updated"] else "unchanged"
    return Upload(file.name, outcome, empty_pages=empty)


def _outcome(texts: Texts, upload: Upload) -> Markup:
    reason = tell_reason(upload.reason, texts.language)
    empty = ""
    if upload.empty_pages:
        pages = ", ".join(map(str, upload.empty_pages))
        empty = texts("upload.empty_pages", pages=pages)
    match upload.outcome:
        case "quarantined":
            return notice("warning", texts("upload.held", name=upload.name), reason)
        case "failed":
            return notice("error", texts("upload.failed", name=upload.name), reason)
        case "added":
            return notice("success", texts("upload.added", name=upload.name), empty)
        case "updated":
            return notice("success", texts("upload.updated", name=upload.name), empty)
        case "unchanged":
            return notice("info", texts("upload.unchanged", name=upload.name))
