"""The page: one bar with three views, in the reader's language."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from ui import state
from ui.client import Connection, Service, ServiceError
from ui.components.account import show_account, show_signed_out
from ui.components.frame import declare_language
from ui.components.markup import element, show
from ui.language import LANGUAGES, Language, load_texts, preferred_language
from ui.views.ask import show_ask
from ui.views.documents import show_documents
from ui.views.summaries import show_summaries

FOLDER = Path(__file__).parent


@st.cache_resource
def open_connection(url: str) -> Connection:
    return Connection(url)


def main() -> None:
    st.set_page_config(page_title="Philo", page_icon=FOLDER / "icon.png", layout="centered")
    st.html(FOLDER / "components" / "style.css")
    connection = open_connection(os.environ.get("PHILO_API_URL", "http://127.0.0.1:8501/api"))
    service = Service(connection, st.context.cookies, address=st.context.ip_address or "")
    with st.container(key="bar", horizontal=True, vertical_alignment="center"):
        show(element("span", "Philo", class_="philo-brand"), width="content")
        links = st.container(horizontal=True)
        person = st.container(horizontal=True, width="content")
        texts = load_texts(choose_language())
    declare_language(texts.language)
    try:
        me = service.me()
        state.keep_to(me["name"] or "")
        with person:
            show_account(service, texts, me)
    except ServiceError as error:
        if error.kind == "SignedOut":
            show_signed_out(texts)
            return  # anything else, the views say themselves
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
    page = st.navigation([ask, summaries, documents], position="hidden")
    with links:
        st.page_link(ask)
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
