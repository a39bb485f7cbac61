"""One document: its pages as they look, its text as it is searched, and what can be done to it."""

from __future__ import annotations

import streamlit as st

from ui.client import Service, ServiceError
from ui.components.citations import file_name, heading_path
from ui.components.library.access import say_readers
from ui.components.markup import Markup, element, show, show_hint
from ui.components.notice import show_problem
from ui.components.source import drawn_page
from ui.language import Texts
from ui.replies import Document, Passage
from ui.sources import draw_page, fetch_original

PIECES_A_PAGE = 20
UNDRAWN = ("NoPageError", "OriginalGoneError", "ParseError")


def show_document(service: Service, texts: Texts, document: Document) -> None:
    """In a dialog."""
    show(element("p", document["title"], class_="philo-title"))
    show_hint(
        " · ".join(
            part
            for part in (
                document["collection"],
                document["author"],
                texts.day(document["date"]),
                texts("document.readers", names=say_readers(texts, document)),
            )
            if part
        )
    )
    ways = {"pages": texts("document.pages"), "text": texts("document.text")}
    way = st.segmented_control(
        texts("document.view"),
        [*ways],
        default="pages",
        format_func=ways.__getitem__,
        required=True,
        key=f"view-{document['id']}",
        label_visibility="collapsed",
    )
    try:
        if way == "pages":
            _show_pages(service, texts, document)
        else:
            _show_text(service, texts, document)
    except ServiceError as error:
        show_problem(texts, error)
    st.download_button(
        texts("source.save"),
        data=lambda: fetch_original(service, document["id"]),
        file_name=file_name(document["uri"]),
        key=f"save-{document['id']}",
        on_click="ignore",
        icon=":material/download:",
    )


def _show_pages(service: Service, texts: Texts, document: Document) -> None:
    number = 1
    if document["pages"] > 1:
        number = st.pagination(document["pages"], key=f"page-{document['id']}")
    try:
        page = draw_page(service, document["id"], number)
    except ServiceError as error:
        if error.kind not in UNDRAWN:
            raise
        show_hint(texts("document.not_drawn"))
        _show_text(service, texts, document)
        return
    label = texts("source.page_of", page=number, title=document["title"])
    show(drawn_page(page, [], label=label))


def _show_text(service: Service, texts: Texts, document: Document) -> None:
    chunks = service.chunks(document["id"])
    show_hint(texts.count("text.pieces", len(chunks)))
    pages = max(1, -(-len(chunks) // PIECES_A_PAGE))
    page = st.pagination(pages, key=f"text-{document['id']}") if pages > 1 else 1
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
