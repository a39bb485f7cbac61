"""History: one's conversations and those shared with one."""

from __future__ import annotations

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.library.access import choose_groups, known_names, say_group
from ui.components.markup import Markup, element, join, literal_markdown, show, show_hint
from ui.components.notice import notice, show_problem
from ui.conversations import (
    ConversationInfo,
    delete_conversation,
    list_conversations,
    rename_conversation,
    share_conversation,
)
from ui.language import Texts
from ui.replies import Me

CONVERSATIONS_A_PAGE = 20
MOST_TITLE_CHARS = 200


def show_history(service: Service, texts: Texts, me: Me, ask_page: st.Page) -> None:
    st.title(texts("history.title"), anchor=False)
    query = st.text_input(
        texts("history.search"),
        key=state.HISTORY_SEARCH,
        type="search",
        live=state.LIVE,
        placeholder=texts("history.search"),
        label_visibility="collapsed",
        on_change=state.back_to_first_history_page,
    )
    try:
        _show_listing(service, texts, me, ask_page, query or "")
    except ServiceError as error:
        show_problem(texts, error)
        st.button(texts("error.try_again"))


def _show_listing(service: Service, texts: Texts, me: Me, ask_page: st.Page, query: str) -> None:
    page = state.history_page()
    found = list_conversations(
        service,
        query=query,
        offset=(page - 1) * CONVERSATIONS_A_PAGE,
        limit=CONVERSATIONS_A_PAGE,
    )
    pages = max(1, -(-found["total"] // CONVERSATIONS_A_PAGE))
    if page > pages:  # the last one of the last page was deleted
        state.back_to_first_history_page()
        st.rerun()
    if not found["total"]:
        show(notice("info", texts("history.none_found") if query else texts("history.none")))
        return
    show_hint(texts.count("history.total", found["total"]))
    for one in found["conversations"]:
        _show_row(service, texts, me, ask_page, one)
    if pages > 1:
        st.pagination(pages, key=state.HISTORY_PAGE)


def _show_row(
    service: Service, texts: Texts, me: Me, ask_page: st.Page, one: ConversationInfo
) -> None:
    key = one["id"]
    with st.container(key=f"row-{key}", horizontal=True, vertical_alignment="center"):
        with st.container(key=f"talk-{key}", gap=None):
            st.page_link(
                ask_page,
                label=literal_markdown(one["title"]),
                query_params={state.CONVERSATION: key},
            )
            show(_about(texts, one))
        if one["mine"]:
            actions = st.container(
                key=f"talk-actions-{key}", horizontal=True, width="content", gap="xsmall"
            )
            with actions:
                if st.button(texts("history.rename"), key=f"rename-{key}", type="tertiary"):
                    st.dialog(texts("history.rename_title"))(_rename)(service, texts, one)
                if st.button(texts("history.share"), key=f"share-{key}", type="tertiary"):
                    st.dialog(texts("history.share_title"))(_share)(service, texts, me, one)
                if st.button(texts("history.delete"), key=f"delete-{key}", type="tertiary"):
                    st.dialog(texts("history.delete_title"))(_delete)(service, texts, one)


def _about(texts: Texts, one: ConversationInfo) -> Markup:
    parts = [
        texts.date(one["updated_at"], utc_offset=state.utc_offset()),
        texts.count("history.questions", one["exchanges"]),
    ]
    if not one["mine"]:
        parts.append(texts("history.shared_by", owner=one["owner"] or texts("history.operator")))
    elif one["groups"]:
        groups = ", ".join(say_group(texts, name) for name in one["groups"])
        parts.append(texts("history.shared_with", groups=groups))
    return element("p", join(" · ".join(parts)), class_="philo-hint")


def _rename(service: Service, texts: Texts, one: ConversationInfo) -> None:
    with st.form(key="rename-form", border=False):
        title = st.text_input(texts("history.name"), value=one["title"], max_chars=MOST_TITLE_CHARS)
        if not st.form_submit_button(texts("history.keep"), type="primary"):
            return
    if not title.strip():
        show(notice("warning", texts("history.no_name")))
        return
    try:
        rename_conversation(service, one["id"], title)
    except ServiceError as error:
        show_problem(texts, error)
        return
    if state.talk().id == one["id"]:
        state.talk().title = title
    st.rerun()


def _share(service: Service, texts: Texts, me: Me, one: ConversationInfo) -> None:
    show_hint(texts("history.share_hint"))
    with st.form(key="share-form", border=False):
        names = known_names(service, me)
        groups = choose_groups(texts, names, one["groups"], key=f"share-{one['id']}-groups")
        if not st.form_submit_button(texts("history.keep"), type="primary"):
            return
    try:
        share_conversation(service, one["id"], groups)
    except ServiceError as error:
        show_problem(texts, error)
        return
    st.rerun()


def _delete(service: Service, texts: Texts, one: ConversationInfo) -> None:
    show(element("p", one["title"], class_="philo-title"))
    show_hint(texts("history.delete_hint"))
    with st.container(horizontal=True):
        if st.button(texts("history.delete"), type="primary"):
            try:
                delete_conversation(service, one["id"])
            except ServiceError as error:
                show_problem(texts, error)
            else:
                if state.talk().id == one["id"]:
                    state.forget_conversation()
                st.rerun()
        if st.button(texts("delete.cancel")):
            st.rerun()
