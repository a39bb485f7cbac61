"""Documents: bring them in, find them, read their text, delete them."""

from __future__ import annotations

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.collections import known_collections
from ui.components.listing import show_documents as show_list
from ui.components.markup import show, show_hint
from ui.components.notice import notice, show_problem
from ui.components.pending import show_pending
from ui.components.uploader import show_uploader
from ui.language import Texts

DOCUMENTS_A_PAGE = 20


def show_documents(service: Service, texts: Texts) -> None:
    st.title(texts("documents.title"), anchor=False)
    try:
        health = service.health()
        show_uploader(
            service,
            texts,
            known_collections(service, health),
            max_file_bytes=health["max_file_bytes"],
        )
        show_pending(service, texts)
        _show_listing(service, texts)
    except ServiceError as error:
        show_problem(texts, error)
        st.button(texts("error.try_again"))


def _show_listing(service: Service, texts: Texts) -> None:
    query = st.text_input(
        texts("documents.search"),
        key=state.SEARCH,
        type="search",
        live=True,
        placeholder=texts("documents.search"),
        label_visibility="collapsed",
        on_change=state.back_to_first_page,
    )
    page = state.list_page()
    found = service.documents(
        query=query or "", offset=(page - 1) * DOCUMENTS_A_PAGE, limit=DOCUMENTS_A_PAGE
    )
    pages = max(1, -(-found["total"] // DOCUMENTS_A_PAGE))
    if page > pages:  # the last document of the last page was deleted
        state.back_to_first_page()
        st.rerun()
    if not found["total"]:
        show(notice("info", texts("documents.none_found") if query else texts("documents.none")))
        return
    show_hint(texts.count("documents.total", found["total"]))
    show_list(service, texts, found["documents"])
    if pages > 1:
        st.pagination(pages, key=state.LIST_PAGE)
