"""Bringing files in: many at once, with what becomes of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import IO

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.library.changes import run_again
from ui.components.markup import Markup, show, show_hint
from ui.components.notice import notice, show_problem
from ui.language import Texts
from ui.library import accept_upload, find_jobs
from ui.reasons import tell_reason
from ui.replies import Job
from ui.state import Upload

DEFAULT_COLLECTION = "default"
MIB = 2**20
LOOK_EVERY_S = 1.0
ASKED_AT_ONCE = 500
TOLD = 10
UNFINISHED = ("queued", "running", "failed")


def show_uploader(
    service: Service, texts: Texts, collections: Sequence[str], *, max_file_bytes: int
) -> None:
    """Choose files and a collection, and send them."""
    names = sorted({DEFAULT_COLLECTION, *collections})
    ways = {"files": texts("upload.some_files"), "folder": texts("upload.folder")}
    way = st.segmented_control(
        texts("upload.files"),
        [*ways],
        default="files",
        format_func=ways.__getitem__,
        required=True,
        key=state.UPLOAD_WAY,
        label_visibility="collapsed",
    )
    _translate_file_input(texts, way)
    with st.form("upload", clear_on_submit=True, border=False):
        files = st.file_uploader(
            texts("upload.files"),
            accept_multiple_files="directory" if way == "folder" else True,
            key=f"{state.UPLOADS}-{way}",
            max_upload_size=max(1, max_file_bytes // MIB),
            label_visibility="collapsed",
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
    sent = [one for one in files if way == "files" or not _is_hidden(one)]
    if wanted and not sent:
        said = texts("upload.only_hidden") if files else texts("upload.none_chosen")
        show(notice("warning", said))
    elif wanted:
        state.forget_uploads()
        state.note_left_out(len(files) - len(sent))
        _send(service, texts, sent, collection or DEFAULT_COLLECTION)


def find_uploads(service: Service) -> dict[str, Job]:
    """The jobs of the files that were sent last, by id."""
    return _find_jobs(service, state.uploads())


def show_uploads(service: Service, texts: Texts, jobs: dict[str, Job]) -> None:
    """What becomes of the files that were sent last; the page runs again when all are done.

    Args:
        jobs: from `find_uploads`, asked for before all else that the page shows: so that what is
            told as done here stands in the rest, too.
    """
    uploads = state.uploads()
    if not uploads:
        return
    if any(_is_coming(jobs, upload) for upload in uploads):
        st.fragment(_follow, run_every=LOOK_EVERY_S)(service, texts)
        return
    _show_outcomes(texts, uploads, jobs)


def _translate_file_input(texts: Texts, way: str) -> None:
    """Streamlit's file input speaks English only: style.css puts these words in its place."""
    if way == "folder":
        words = {"choose": texts("upload.choose_folder"), "drop": texts("upload.drop_folder")}
    else:
        words = {"choose": texts("upload.choose"), "drop": texts("upload.drop")}
    variables = " ".join(
        f"--philo-{name}: {json.dumps(word, ensure_ascii=False)};" for name, word in words.items()
    )
    st.html(f"<style>.stApp {{ {variables} }}</style>")


def _send(service: Service, texts: Texts, files: Sequence[IO[bytes]], collection: str) -> None:
    """Each is safely kept before the next one is sent; reading them goes on without this page."""
    bar = st.progress(0.0)
    for number, file in enumerate(files):
        path = PurePosixPath(file.name)
        name = str(path)
        sent = texts("upload.progress", number=number + 1, total=len(files))
        bar.progress(number / len(files), text=sent)
        try:
            job = accept_upload(service, file, path=path, collection=collection)
        except ServiceError as error:
            refusal = str(error).removeprefix(f"{path.name}: ")
            if error.kind == "Unreachable":
                refusal = texts("error.unreachable")
            state.uploads().append(Upload(name, refusal=refusal))
        else:
            state.uploads().append(Upload(name, job_id=job["id"]))
    st.rerun()


def _is_hidden(file: IO[bytes]) -> bool:
    """What a system or an editor keeps within a folder for itself."""
    return any(part.startswith((".", "~$")) for part in PurePosixPath(file.name).parts[1:])


def _follow(service: Service, texts: Texts) -> None:
    uploads = state.uploads()
    try:
        jobs = _find_jobs(service, uploads)
    except ServiceError as error:
        show_problem(texts, error)
        return
    coming = sum(_is_coming(jobs, upload) for upload in uploads)
    if not coming:
        run_again()  # the list has what came
    done = len(uploads) - coming
    told = texts("upload.reading", done=texts.number(done), total=texts.number(len(uploads)))
    st.progress(done / len(uploads), text=told)


def _find_jobs(service: Service, uploads: Sequence[Upload]) -> dict[str, Job]:
    ids = [upload.job_id for upload in uploads if upload.job_id]
    found: dict[str, Job] = {}
    for first in range(0, len(ids), ASKED_AT_ONCE):
        some = find_jobs(service, ids[first : first + ASKED_AT_ONCE])
        found |= {job["id"]: job for job in some}
    return found


def _is_coming(jobs: dict[str, Job], upload: Upload) -> bool:
    return upload.job_id in jobs and jobs[upload.job_id]["state"] in UNFINISHED


def _show_outcomes(texts: Texts, uploads: Sequence[Upload], jobs: dict[str, Job]) -> None:
    """Failures first; of many, only how many more there are."""
    told = [_tell(texts, upload, jobs.get(upload.job_id)) for upload in uploads]
    told.sort(key=lambda one: one[0])
    for _, said in told[:TOLD]:
        show(said)
    if (more := len(told) - TOLD) > 0:
        show_hint(texts.count("upload.more", more))
    if left_out := state.left_out():
        show_hint(texts.count("upload.left_out", left_out))
    if st.button(texts("upload.forget"), key="forget-uploads", type="tertiary"):
        state.forget_uploads()
        st.rerun()


def _tell(texts: Texts, upload: Upload, job: Job | None) -> tuple[int, Markup]:
    """How far up it stands, and what came of one file."""
    outcome = "failed" if job is None else job["outcome"]
    reason = tell_reason(upload.refusal or (job or {}).get("reason") or "", texts.language)
    match outcome:
        case "quarantined":
            return 1, notice("warning", texts("upload.held", name=upload.name), reason)
        case "added":
            return 2, notice("success", texts("upload.added", name=upload.name))
        case "updated":
            return 2, notice("success", texts("upload.updated", name=upload.name))
        case "unchanged":
            return 2, notice("info", texts("upload.unchanged", name=upload.name))
        case _:
            return 0, notice("error", texts("upload.failed", name=upload.name), reason)
