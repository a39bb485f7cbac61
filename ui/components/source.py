"""The source beside what cites it: the page with the cited words marked, or the text around."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.citations import file_name, heading_path
from ui.components.frame import bring_source_into_view, focus_mark
from ui.components.markup import Markup, element, join, show, show_hint
from ui.components.notice import notice, show_problem
from ui.language import Texts
from ui.replies import Citation
from ui.sources import Box, PageImage, Span, draw_page, fetch_original, find_span

LINE_PT = 1.5
"""A box is drawn so much larger, that it does not touch its letters."""


@contextmanager
def beside_source(
    service: Service, texts: Texts, citations: Mapping[str, Sequence[Citation]]
) -> Iterator[None]:
    """What is shown within stands beside the source that is open, where one is.

    Args:
        citations: of each scope that is shown.
    """
    scope, marker = state.source() or ("", 0)
    cited = citations.get(scope, ())
    opened = next((one for one in cited if one["marker"] == marker), None)
    if opened is None:
        yield
        if left := state.left_source():
            focus_mark(*left)
        return
    left, right = st.columns([6, 5], gap="medium")
    with left:
        yield
    with right:
        _show_source(service, texts, cited, opened)


def _show_source(
    service: Service, texts: Texts, cited: Sequence[Citation], citation: Citation
) -> None:
    """The panel, with the ways to the next citation, to the whole document, and out."""
    with st.container(key="source"):
        _show_ways(texts, cited, citation)
        try:
            span = find_span(service, citation)
            show(_head(texts, citation, span))
            _show_place(service, texts, citation, span)
            _show_document_ways(service, texts, citation, span)
        except ServiceError as error:
            show_problem(texts, error)
        bring_source_into_view(state.source() or ("", 0))


def _show_ways(texts: Texts, cited: Sequence[Citation], citation: Citation) -> None:
    markers = [one["marker"] for one in cited]
    at = markers.index(citation["marker"])
    scope, _ = state.source() or ("", 0)
    with st.container(
        key="source-ways", horizontal=True, vertical_alignment="center", gap="xsmall"
    ):
        position = texts("source.position", number=at + 1, total=len(markers))
        show(element("h2", position, class_="philo-label"))
        for label, icon, other in (
            (texts("source.previous"), ":material/chevron_left:", at - 1),
            (texts("source.next"), ":material/chevron_right:", at + 1),
        ):
            there = 0 <= other < len(markers)
            st.button(
                label,
                key=f"source-{icon}",
                icon=icon,
                type="tertiary",
                disabled=not there,
                on_click=state.open_source,
                args=(scope, markers[other] if there else 0),
            )
        st.button(
            texts("source.close"),
            key="source-close",
            icon=":material/close:",
            type="tertiary",
            on_click=state.leave_source,
        )


def _head(texts: Texts, citation: Citation, span: Span) -> Markup:
    path = heading_path(span["title"], span["heading"] or citation["heading"])
    page = span["page"] if span["text"] == citation["quote"] else citation["page"]
    return element(
        "p",
        element("span", span["title"], class_="philo-title"),
        element("span", path, class_="philo-path") if path else "",
        element("span", texts("citation.page", page=page), class_="philo-page")
        if span["pages"] > 1
        else "",
        class_="philo-place",
    )


def _show_place(service: Service, texts: Texts, citation: Citation, span: Span) -> None:
    if span["text"] != citation["quote"]:
        show(notice("warning", texts("source.changed")))
        show(element("blockquote", element("mark", citation["quote"]), class_="philo-section"))
        return
    if span["drawn"]:
        try:
            page = draw_page(service, citation["document_id"], span["page"])
        except ServiceError as error:
            if error.kind == "Unreachable":
                raise
            show(notice("info", texts("source.not_drawn")))
        else:
            boxes = [box for box in span["boxes"] if box["page"] == span["page"]]
            label = texts("source.page_of", page=span["page"], title=span["title"])
            show(drawn_page(page, boxes, label=label))
            show(element("p", citation["quote"], class_="philo-read-out"))
            return
    show(
        element(
            "blockquote",
            join(span["before"], element("mark", span["text"]), span["after"]),
            class_="philo-section",
            dir="auto",
        )
    )


def drawn_page(page: PageImage, boxes: list[Box], *, label: str) -> Markup:
    """The picture of a page with rectangles over it. `label` is read out."""
    picture = element(
        "img",
        src=f"data:image/png;base64,{b64encode(page.png).decode('ascii')}",
        alt=label,
        width=f"{page.width:.0f}",
        height=f"{page.height:.0f}",
    )
    return element("div", picture, *(_box(page, box) for box in boxes), class_="philo-sheet")


def _box(page: PageImage, box: Box) -> Markup:
    left, top = box["x0"] - LINE_PT, box["y0"] - LINE_PT
    width, height = box["x1"] + LINE_PT - left, box["y1"] + LINE_PT - top
    style = (
        f"left:{left / page.width:.4%};top:{top / page.height:.4%};"
        f"width:{width / page.width:.4%};height:{height / page.height:.4%}"
    )
    return element("span", class_="philo-box", style=style, aria_hidden="true")


def _show_document_ways(service: Service, texts: Texts, citation: Citation, span: Span) -> None:
    with st.container(key="source-document", horizontal=True, vertical_alignment="center"):
        if st.button(texts("source.open_whole"), key="source-whole", icon=":material/menu_book:"):
            st.session_state.pop(state.WHOLE_PAGE, None)  # not where another one was left
            st.dialog(texts("source.whole_title"), width="large")(_show_whole)(
                service, texts, citation, span
            )


def _show_whole(service: Service, texts: Texts, citation: Citation, span: Span) -> None:
    document_id = citation["document_id"]
    show(element("p", span["title"], class_="philo-title"))
    try:
        if span["drawn"]:
            number = 1
            if span["pages"] > 1:
                number = st.pagination(span["pages"], default=span["page"], key=state.WHOLE_PAGE)
            boxes = [box for box in span["boxes"] if box["page"] == number]
            label = texts("source.page_of", page=number, title=span["title"])
            show(drawn_page(draw_page(service, document_id, number), boxes, label=label))
        else:
            pieces = [one["text"] for one in service.chunks(document_id)]
            show(element("div", *(element("p", text) for text in pieces), class_="philo-piece"))
        st.download_button(
            texts("source.save"),
            data=lambda: fetch_original(service, document_id),
            file_name=file_name(span["uri"]),
            key="source-save",
            on_click="ignore",
            icon=":material/download:",
        )
    except ServiceError as error:
        if error.kind == "OriginalGoneError":
            show_hint(texts("source.not_kept"))
        else:
            show_problem(texts, error)
