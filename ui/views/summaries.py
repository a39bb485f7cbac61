"""Summaries: choose documents and a form, read the statements with their sources, export."""

from __future__ import annotations

from contextlib import closing

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.marks import follow_marks
from ui.components.markup import show, show_hint
from ui.components.notice import notice, show_problem
from ui.components.picker import pick_documents
from ui.components.source import beside_source
from ui.components.summary import SCOPE, finished_summary, growing_summary
from ui.language import Texts
from ui.replies import Statement, Summary

FORMS = ("points", "abstract", "paper", "compare")


def show_summaries(service: Service, texts: Texts) -> None:
    st.title(texts("summaries.title"), anchor=False)
    show_hint(texts("summaries.notice"))
    try:
        if not service.health()["documents"]:
            show(notice("info", texts("summaries.no_documents")))
            return
        _show_choice(service, texts)
        summary = state.summary()
        if summary is not None:
            follow_marks()
            with beside_source(service, texts, {SCOPE: summary["citations"]}):
                show(finished_summary(texts, summary))
                _show_export(service, texts, summary)
    except ServiceError as error:
        show_problem(texts, error)
        st.button(texts("error.try_again"))


def _show_choice(service: Service, texts: Texts) -> None:
    names = {
        "points": texts("summaries.form_points"),
        "abstract": texts("summaries.form_abstract"),
        "paper": texts("summaries.form_paper"),
        "compare": texts("summaries.form_compare"),
    }
    form = st.segmented_control(
        texts("summaries.form"),
        FORMS,
        default="points",
        format_func=names.__getitem__,
        required=True,
        key=state.SUMMARY_FORM,
    )
    chosen = pick_documents(
        service,
        texts,
        texts("summaries.documents"),
        key=state.SUMMARY_DOCUMENTS,
        placeholder=texts("summaries.choose"),
    )
    if st.button(texts("summaries.start"), type="primary", key="summarise"):
        state.forget_summary()
        if form == "compare" and len(chosen) < 2:
            show(notice("warning", texts("summaries.choose_two")))
        elif form != "compare" and len(chosen) != 1:
            show(notice("warning", texts("summaries.choose_one")))
        else:
            _write(service, texts, chosen, form)


def _write(service: Service, texts: Texts, chosen: list[str], form: str) -> None:
    place = st.empty()
    statements: list[Statement] = []
    bar = st.progress(0.0, text=texts("summaries.reading"))
    with closing(service.summarise(chosen, form=form, language=texts.language)) as events:
        for name, data in events:
            if name == "progress":
                share = min(1.0, data["done"] / max(1, data["total"]))
                bar.progress(share, text=texts("summaries.reading"))
            elif name == "statement":
                statements.append(data["statement"])
                place.html(growing_summary(texts, statements))
            elif name == "summary":
                state.keep_summary(data)
    place.empty()
    bar.empty()


def _show_export(service: Service, texts: Texts, summary: Summary) -> None:
    name = texts("summaries.file_name")
    with st.container(key="summary-export", horizontal=True):
        for kind, label in (("md", "Markdown"), ("docx", "Word"), ("pdf", "PDF")):
            st.download_button(
                texts("summaries.export", format=label),
                data=lambda kind=kind: service.export_summary(summary, kind),
                file_name=f"{name}.{kind}",
                key=f"export-{kind}",
                on_click="ignore",
            )
