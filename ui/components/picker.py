"""A choice of documents by title, however many there are."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from ui import state
from ui.client import Service
from ui.language import Texts
from ui.replies import DocumentList

OFFERED = 50
"""Documents to choose from at once, the newest; beyond as many, a search field narrows them."""


def pick_documents(
    service: Service, texts: Texts, label: str, *, key: str, placeholder: str = "", most: int = 12
) -> list[str]:
    """The ids of those chosen, which stay while the session lasts.

    Raises:
        ServiceError: the service failed.
    """
    newest = service.documents(query="", offset=0, limit=OFFERED)
    everything = newest["total"] <= OFFERED
    offered = _name(newest if everything else _search(service, texts, newest, key=key))
    names: dict[str, str] = st.session_state.setdefault(f"{key}-{state.TITLES}", {})
    kept = st.session_state.get(key, [])
    if everything and any(one not in offered for one in kept):  # gone meanwhile
        kept = st.session_state[key] = [one for one in kept if one in offered]
    names |= offered
    chosen: list[str] = st.multiselect(
        label,
        [*offered, *(one for one in kept if one not in offered)],
        format_func=lambda one: names.get(one, one),
        placeholder=placeholder,
        max_selections=most,
        key=key,
        persist_state="session",
    )
    for one in names.keys() - {*chosen, *offered}:
        del names[one]
    return chosen


def _search(service: Service, texts: Texts, newest: DocumentList, *, key: str) -> DocumentList:
    query = st.text_input(
        texts("documents.search"),
        key=f"{key}-{state.SEARCH}",
        type="search",
        live=state.LIVE,
        placeholder=texts("documents.search"),
        label_visibility="collapsed",
    )
    if not query.strip():
        return newest
    return service.documents(query=query, offset=0, limit=OFFERED)


def _name(listed: DocumentList) -> dict[str, str]:
    """Id -> title, with the address where several have the same."""
    documents = listed["documents"]
    times = Counter(one["title"] for one in documents)
    return {
        one["id"]: one["title"] if times[one["title"]] == 1 else f"{one['title']} ({one['uri']})"
        for one in sorted(documents, key=lambda one: one["title"])
    }
