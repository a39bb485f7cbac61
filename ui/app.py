"""The page: one bar with its views, in the reader's language."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from ui import state
from ui.client import Connection, Service, ServiceError
from ui.components.account import show_account, show_signed_out
from ui.components.frame import declare_language, replace_words
from ui.components.markup import element, show
from ui.language import LANGUAGES, Language, load_texts, preferred_language
from ui.replies import Me
from ui.views.administration import show_administration
from ui.views.ask import show_ask
from ui.views.history import show_history
from ui.views.library import show_library
from ui.views.summaries import show_summaries

FOLDER = Path(__file__).parent
SIGN_IN_LANGUAGE = "philo_language"
"""The cookie in which the pages of the login keep it."""
NOBODY: Me = {"login": False, "name": None, "role": "reader", "groups": [], "csrf": ""}
"""While the service cannot say who this is."""


@st.cache_resource
def open_connection(url: str, token: str) -> Connection:
    return Connection(url, token=token)


def main() -> None:
    st.set_page_config(page_title="Philo", page_icon=FOLDER / "icon.png", layout="centered")
    st.html(FOLDER / "components" / "style.css")
    connection = open_connection(
        os.environ.get("PHILO_API_URL", "http://127.0.0.1:8501/api"),
        os.environ.get("PHILO_API_TOKEN", ""),
    )
    service = Service(connection, st.context.cookies, address=st.context.ip_address or "")
    with st.container(key="bar", horizontal=True, vertical_alignment="center"):
        show(element("span", "Philo", class_="philo-brand"), width="content")
        links = st.container(horizontal=True)
        person = st.container(horizontal=True, width="content")
        texts = load_texts(choose_language())
    declare_language(texts.language)
    replace_words(texts.language)
    me = NOBODY
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
        lambda: show_ask(service, texts, library),
        title=texts("bar.ask"),
        url_path="ask",
        default=True,
    )
    library = st.Page(
        lambda: show_library(service, texts, me), title=texts("bar.library"), url_path="library"
    )
    summaries = st.Page(
        lambda: show_summaries(service, texts), title=texts("bar.summaries"), url_path="summaries"
    )
    history = st.Page(
        lambda: show_history(service, texts, me, ask),
        title=texts("bar.history"),
        url_path="history",
    )
    administration = st.Page(
        lambda: show_administration(service, texts, me, ask),
        title=texts("bar.admin"),
        url_path="administration",
    )
    pages = [ask, history, summaries, library, administration]
    page = st.navigation(pages, position="hidden")
    with links:
        for one in pages if me["role"] == "admin" else pages[:-1]:
            st.page_link(one)
    page.run()


def choose_language() -> Language:
    """The reader's choice, kept in the address; until there is one, that of the sign-in or the
    browser's language."""
    chosen = st.context.cookies.get(SIGN_IN_LANGUAGE)
    return st.segmented_control(
        "Langue / Language",
        LANGUAGES,
        default=preferred_language(st.context.locale, chosen=chosen),
        format_func=str.upper,
        required=True,
        key=state.LANGUAGE,
        label_visibility="collapsed",
        bind="query-params",
    )


main()
