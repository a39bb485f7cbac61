"""What can be done to the documents that are picked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from ui.client import Service, ServiceError
from ui.components.library.access import choose_access, known_names
from ui.components.library.changes import make_change, name_some
from ui.components.library.picks import forget_picked, picked
from ui.components.markup import element, show, show_hint
from ui.components.notice import show_problem
from ui.language import Texts
from ui.library import (
    delete_documents,
    list_collections,
    move_documents,
    read_access,
    share_documents,
)
from ui.replies import Document, Me

DOCUMENTS = "documents"


def show_actions(service: Service, texts: Texts, me: Me) -> None:
    """How many are picked, and a button for each thing that can be done to them."""
    some = picked(DOCUMENTS)
    with st.container(key="selection", horizontal=True, vertical_alignment="center", gap="xsmall"):
        show(element("strong", texts.count("picks.count", len(some)), role="status"))
        if st.button(texts("actions.move"), key="move-picked", type="tertiary"):
            ask_to_move(service, texts, some)
        if st.button(texts("actions.share"), key="share-picked", type="tertiary"):
            ask_to_share(service, texts, me, some)
        if st.button(texts("documents.delete"), key="delete-picked", type="tertiary"):
            ask_to_delete(service, texts, some)
        if st.button(texts("picks.none"), key="forget-picked", type="tertiary"):
            forget_picked(DOCUMENTS)
            st.rerun(scope="fragment")


def ask_to_delete(service: Service, texts: Texts, some: Mapping[str, str]) -> None:
    @st.dialog(texts.count("delete.title", len(some)))
    def ask() -> None:
        show(name_some(texts, [*some.values()]))
        show_hint(texts("delete.hint"))
        with st.container(horizontal=True):
            if st.button(texts.count("delete.confirm", len(some)), type="primary"):
                make_change(
                    texts,
                    DOCUMENTS,
                    some,
                    partial(delete_documents, service),
                    partial(texts.count, "delete.done"),
                )
            if st.button(texts("delete.cancel")):
                st.rerun()

    ask()


def ask_to_move(service: Service, texts: Texts, some: Mapping[str, str]) -> None:
    @st.dialog(texts.count("move.title", len(some)))
    def ask() -> None:
        show(name_some(texts, [*some.values()]))
        show_hint(texts("move.hint"))
        try:
            names = [one["name"] for one in list_collections(service)]
        except ServiceError as error:
            show_problem(texts, error)
            return
        chosen = st.selectbox(
            texts("upload.collection"),
            names,
            index=None,
            accept_new_options=True,
            placeholder=texts("move.choose"),
            key="move-to",
        )
        if st.button(texts.count("move.confirm", len(some)), type="primary", disabled=not chosen):
            make_change(
                texts,
                DOCUMENTS,
                some,
                lambda ids: move_documents(service, ids, chosen or ""),
                partial(texts.count, "move.done"),
            )

    ask()


def ask_to_share(
    service: Service,
    texts: Texts,
    me: Me,
    some: Mapping[str, str],
    *,
    document: Document | None = None,
) -> None:
    """
    Args:
        document: the only one, to begin with who may read it now.
    """

    @st.dialog(texts.count("share.title", len(some)))
    def ask() -> None:
        show(name_some(texts, [*some.values()]))
        show_hint(texts("share.hint"))
        try:
            names = known_names(service, me)
            present = read_access(service, document["id"]) if document else _NOBODY
        except ServiceError as error:
            show_problem(texts, error)
            return
        access = choose_access(
            texts,
            names,
            key=f"share-{'-'.join(_first(some))}",
            present=present,
            inherits=document is not None and document["access_from"] != "own",
        )
        if st.button(texts.count("share.confirm", len(some)), type="primary", key="share-confirm"):
            make_change(
                texts,
                DOCUMENTS,
                some,
                lambda ids: share_documents(service, ids, access),
                partial(texts.count, "share.done"),
            )

    ask()


_NOBODY = {"groups": [], "users": []}


def _first(some: Mapping[str, str]) -> Sequence[str]:
    return [*some][:1]
