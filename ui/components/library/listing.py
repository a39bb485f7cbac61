"""The list of documents: searched, filtered, a page at a time, with what can be done to them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.library.access import say_readers
from ui.components.library.actions import DOCUMENTS, ask_to_share, show_actions
from ui.components.library.document import show_document
from ui.components.library.filters import choose_filter
from ui.components.library.picks import picked, show_pick, show_pick_all
from ui.components.markup import Markup, element, join, show, show_hint
from ui.components.notice import notice, show_problem
from ui.language import Texts
from ui.library import list_documents
from ui.replies import Document, DocumentList, Me

DOCUMENTS_A_PAGE = 20


@st.fragment
def show_listing(service: Service, texts: Texts, me: Me, collections: Sequence[str]) -> None:
    """Runs by itself: what is typed, picked or turned over asks for this list alone."""
    try:
        _show(service, texts, me, collections)
    except ServiceError as error:
        show_problem(texts, error)
        st.button(texts("error.try_again"), key="list-again")


def _show(service: Service, texts: Texts, me: Me, collections: Sequence[str]) -> None:
    wanted = choose_filter(texts, collections)
    cursors = state.list_cursors(of=wanted)
    found = list_documents(service, wanted, cursor=cursors[-1], limit=DOCUMENTS_A_PAGE)
    if not found["documents"] and len(cursors) > 1:  # the last one of the last page is gone
        cursors.pop()
        st.rerun(scope="fragment")
    if not found["total"]:
        narrowed = any(value for key, value in wanted.items() if key != "state")
        said = texts("documents.none_found") if narrowed else texts("documents.none")
        show(notice("info", said))
        return
    may_change = me["role"] != "reader"
    if may_change and picked(DOCUMENTS):
        show_actions(service, texts, me)
    with st.container(key="list-head", horizontal=True, vertical_alignment="center"):
        if may_change:
            titles = {one["id"]: one["title"] for one in found["documents"]}
            show_pick_all(texts, DOCUMENTS, titles)
        _show_position(texts, found, first=(len(cursors) - 1) * DOCUMENTS_A_PAGE + 1)
    show(_head(texts))
    for document in found["documents"]:
        _show_row(service, texts, me, document, may_change=may_change)
    _show_pager(texts, cursors, found)


def _show_position(texts: Texts, found: DocumentList, *, first: int) -> None:
    total = texts.count("documents.total", found["total"])
    if found["total"] <= DOCUMENTS_A_PAGE:
        show_hint(total)
        return
    last = first + len(found["documents"]) - 1
    numbers = {"first": texts.number(first), "last": texts.number(last), "total": total}
    show_hint(texts("documents.position", **numbers))


def _show_pager(texts: Texts, cursors: list[str], found: DocumentList) -> None:
    if len(cursors) == 1 and found["next"] is None:
        return
    with st.container(key="list-pager", horizontal=True, horizontal_alignment="center"):
        st.button(
            texts("documents.previous"),
            key="list-previous",
            icon=":material/chevron_left:",
            disabled=len(cursors) == 1,
            on_click=cursors.pop,
        )
        st.button(
            texts("documents.next"),
            key="list-next",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=found["next"] is None,
            on_click=cursors.append,
            args=(found["next"] or "",),
        )


def _show_row(
    service: Service, texts: Texts, me: Me, document: Document, *, may_change: bool
) -> None:
    key = document["id"]
    with st.container(key=f"row-{key}", horizontal=True, vertical_alignment="center"):
        if may_change:
            show_pick(texts, DOCUMENTS, key, document["title"])
        show(_row(texts, document))
        with st.container(key=f"actions-{key}", horizontal=True, width="content", gap="xsmall"):
            if st.button(texts("documents.open"), key=f"open-{key}", type="tertiary"):
                st.dialog(texts("source.whole_title"), width="medium")(show_document)(
                    service, texts, document
                )
            if may_change and st.button(texts("actions.share"), key=f"s-{key}", type="tertiary"):
                ask_to_share(service, texts, me, {key: document["title"]}, document=document)


def _head(texts: Texts) -> Markup:
    labels = {
        "title": texts("documents.column_title"),
        "pages": texts("documents.column_pages"),
        "language": texts("documents.column_language"),
        "collection": texts("documents.column_collection"),
        "readers": texts("documents.column_readers"),
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
            _recognised_pages(texts, document),
            _origin(texts, document),
            class_="philo-cell-title",
        ),
        _cell("pages", texts("documents.column_pages"), _pages(texts, document)),
        _cell("language", texts("documents.column_language"), (language or "–").upper()),
        _cell("collection", texts("documents.column_collection"), document["collection"]),
        _cell("readers", texts("documents.column_readers"), say_readers(texts, document)),
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


def _pages(texts: Texts, document: Document) -> Markup:
    """How many were read, of how many."""
    pages = texts.number(document["pages"])
    if not document["empty_pages"]:
        return join(pages)
    hint = texts.count("documents.empty_pages", len(document["empty_pages"]))
    read = f"{texts.number(document['pages_read'])}/{pages}"
    return element("span", read, class_="philo-flag", title=hint, aria_label=f"{read}, {hint}")


def _recognised_pages(texts: Texts, document: Document) -> Markup:
    confidence = document["ocr_confidence"]
    if confidence is None:
        return join()
    pages = texts.count("documents.recognised_pages", len(document["recognised_pages"]))
    sure = texts("documents.confidence", percent=round(100 * confidence))
    return element("span", f"{pages} ({sure})", class_="philo-flag")


def _origin(texts: Texts, document: Document) -> Markup:
    """By whom, and of which day; said of a day that only the file knows."""
    day = texts.day(document["date"])
    if day and document["date_basis"] == "file":
        day = texts("documents.file_date", date=day)
    said = " · ".join(part for part in (document["author"], day) if part)
    return element("span", said, class_="philo-origin") if said else join()
