"""The list of documents: one row each, with its text and its deletion."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.citations import heading_path
from ui.components.markup import Markup, element, join, show, show_hint
from ui.components.notice import show_problem
from ui.language import Texts
from ui.replies import Document, Passage

PIECES_A_PAGE = 20


def show_documents(service: Service, texts: Texts, documents: Sequence[Document]) -> None:
    """The rows; opens the dialogs when one of their buttons is pressed."""
    show(_head(texts))
    for document in documents:
        key = document["id"]
        with st.container(key=f"row-{key}", horizontal=True, vertical_alignment="center"):
            show(_row(texts, document))
            with st.container(key=f"actions-{key}", horizontal=True, width="content", gap="xsmall"):
                if st.button(texts("documents.text"), key=f"text-{key}", type="tertiary"):
                    state.back_to_first_piece()
                    st.dialog(texts("text.title"), width="large")(_show_text)(
                        service, texts, document
                    )
                if st.button(texts("documents.delete"), key=f"delete-{key}", type="tertiary"):
                    st.dialog(texts("delete.title"))(_confirm_deletion)(service, texts, document)


def _head(texts: Texts) -> Markup:
    labels = {
        "title": texts("documents.column_title"),
        "pages": texts("documents.column_pages"),
        "language": texts("documents.column_language"),
        "collection": texts("documents.column_collection"),
        "date": texts("documents.column_date"),
    }
    cells = [element("span", label, class_=f"philo-cell-{name}") for name, label in labels.items()]
    return element("div", *cells, class_="philo-row philo-row-head", aria_hidden="true")


def _row(texts: Texts, document: Document) -> Markup:
    language = document["language"]
    return element(
        "div",
        element(
            "span",
            document["title"],
            _empty_pages(texts, document),
            _recognised_pages(texts, document),
            _origin(texts, document),
            class_="philo-cell-title",
        ),
        _cell("pages", texts("documents.column_pages"), texts.number(document["pages"])),
        _cell("language", texts("documents.column_language"), (language or "–").upper()),
        _cell("collection", texts("documents.column_collection"), document["collection"]),
        _cell(
            "date",
            texts("documents.column_date"),
            texts.date(document["published_at"], utc_offset=state.utc_offset()),
        ),
        class_="philo-row",
    )


def _cell(name: str, label: str, value: str) -> Markup:
    """The label is seen where there is no room for columns, and always read out."""
    return element(
        "span",
        element("span", label, class_="philo-cell-label"),
        value,
        class_=f"philo-cell-{name}",
    )


def _empty_pages(texts: Texts, document: Document) -> Markup:
    empty = document["empty_pages"]
    if not empty:
        return join()
    return element("span", texts.count("documents.empty_pages", len(empty)), class_="philo-flag")


def _recognised_pages(texts: Texts, document: Document) -> Markup:
    confidence = document["ocr_confidence"]
    if confidence is None:
        return join()
    pages = texts.count("documents.recognised_pages", len(document["recognised_pages"]))
    sure = texts("documents.confidence", percent=round(100 * confidence))
    return element("span", f"{pages} ({sure})", class_="philo-flag")


def _origin(texts: Texts, document: Document) -> Markup:
    """By whom, and of which day; said of a day that only the file knows."""
    day = document["date"]
    if day and document["date_basis"] == "file":
        day = texts("documents.file_date", date=day)
    said = " · ".join(part for part in (document["author"], day) if part)
    return element("span", said, class_="philo-origin") if said else join()


def _confirm_deletion(service: Service, texts: Texts, document: Document) -> None:
    show(element("p", document["title"], class_="philo-title"))
    show_hint(texts("delete.hint"))
    with st.container(horizontal=True):
        if st.button(texts("delete.confirm"), type="primary"):
            try:
                service.delete(document["id"])
            except ServiceError as error:
                show_problem(texts, error)
            else:
                st.toast(texts("delete.done"))
                st.rerun()
        if st.button(texts("delete.cancel")):
            st.rerun()


def _show_text(service: Service, texts: Texts, document: Document) -> None:
    show(element("p", document["title"], class_="philo-title"))
    try:
        chunks = service.chunks(document["id"])
    except ServiceError as error:
        show_problem(texts, error)
        return
    show_hint(texts.count("text.pieces", len(chunks)))
    pages = max(1, -(-len(chunks) // PIECES_A_PAGE))
    page = st.pagination(pages, key=state.TEXT_PAGE) if pages > 1 else 1
    first = (page - 1) * PIECES_A_PAGE
    pieces = [_piece(texts, document, chunk) for chunk in chunks[first : first + PIECES_A_PAGE]]
    show(element("ol", *pieces, class_="philo-pieces", start=str(first + 1)))


def _piece(texts: Texts, document: Document, chunk: Passage) -> Markup:
    path = heading_path(document["title"], chunk["heading"])
    page = texts("citation.page", page=chunk["page"]) if document["pages"] > 1 else ""
    about = " · ".join(part for part in (path, page) if part)
    return element(
        "li",
        element("p", about, class_="philo-hint") if about else "",
        element("p", chunk["text"], class_="philo-piece"),
    )
