"""The page: one bar with its views, in the reader's language."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from ui import state
from ui.client import Service
from ui.components.frame import declare_language
from ui.components.markup import element, show
from ui.language import LANGUAGES, Language, load_texts, preferred_language
from ui.views.ask import show_ask
from ui.views.documents import show_documents
from ui.views.history import show_history
from ui.views.summaries import show_summaries

FOLDER = Path(__file__).parent


@st.cache_resource
def open_service(url: str, token: str) -> Service:
    return Service(url, token=token)


def main() -> None:
    st.set_page_config(page_title="Philo", page_icon=FOLDER / "icon.png", layout="centered")
    st.html(FOLDER / "components" / "style.css")
    service = open_service(
        os.environ.get("PHILO_API_URL", "http://127.0.0.1:8501/api"),
        os.environ.get("PHILO_API_TOKEN", ""),
    )
    with st.container(key="bar", horizontal=True, vertical_alignment="center"):
        show(element("span", "Philo", class_="philo-brand"), width="content")
        links = st.container(horizontal=True)
        texts = load_texts(choose_language())
    declare_language(texts.language)
    ask = st.Page(
        lambda: show_ask(service, texts, documents),
        title=texts("bar.ask"),
        url_path="ask",
        default=True,
    )
    documents = st.Page(
        lambda: show_documents(service, texts), title=texts("bar.documents"), url_path="documents"
    )
    summaries = st.Page(
        lambda: show_summaries(service, texts), title=texts("bar.summaries"), url_path="summaries"
    )
    history = st.Page(
        lambda: show_history(service, texts, ask), title=texts("bar.history"), url_path="history"
    )
    page = st.navigation([ask, history, summaries, documents], position="hidden")
    with links:
        st.page_link(ask)
        st.page_link(history)
        st.page_link(summaries)
        st.page_link(documents)
    page.run()


def choose_language() -> Language:
    """The reader's choice, kept in the address; the browser's language until there is one."""
    return st.segmented_control(
        "Langue / Language",
        LANGUAGES,
        default=preferred_language(st.context.locale),
        format_func=str.upper,
        required=True,
        key=state.LANGUAGE,
        label_visibility="collapsed",
        bind="query-params",
    )


main()
