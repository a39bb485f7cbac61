"""A choice of documents by title, however many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from ui import state
from ui.client import Service
from ui.language import Texts
from ui.library import find_documents
from ui.replies import Document, DocumentList

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
    offered = (newest if everything else _search(service, texts, newest, key=key))["documents"]
    kept = st.session_state.get(key, [])
    ids = {one["id"] for one in offered}
    apart = [one for one in kept if one not in ids]
    if apart and not everything:
        offered = [*offered, *find_documents(service, apart)]
    names = _name(offered)
    if any(one not in names for one in kept):  # gone meanwhile
        st.session_state[key] = [one for one in kept if one in names]
    chosen: list[str] = st.multiselect(
        label,
        [*names],
        format_func=lambda one: names.get(one, one),
        placeholder=placeholder,
        max_selections=most,
        key=key,
        persist_state="session",
    )
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


def _name(documents: Sequence[Document]) -> dict[str, str]:
    """Id -> title, with the address where several have the same."""
    times = Counter(one["title"] for one in documents)
    return {
        one["id"]: one["title"] if times[one["title"]] == 1 else f"{one['title']} ({one['uri']})"
        for one in sorted(documents, key=lambda one: one["title"])
    }
