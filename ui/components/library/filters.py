"""Which documents are listed: words of the title, and what they are."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui import state
from ui.components.scope import document_kinds
from ui.language import Texts
from ui.library import Filter

EVERY = ""


def choose_filter(texts: Texts, collections: Sequence[str]) -> Filter:
    """A search field and a row of choices."""
    query = st.text_input(
        texts("documents.search"),
        key=state.SEARCH,
        type="search",
        live=state.LIVE,
        placeholder=texts("documents.search"),
        label_visibility="collapsed",
    )
    kinds = {EVERY: texts("filters.every_kind"), **document_kinds(texts)}
    languages = {
        EVERY: texts("filters.every_language"),
        "fr": texts("scope.french"),
        "en": texts("scope.english"),
    }
    names = {EVERY: texts("filters.every_collection")} | {one: one for one in collections}
    with st.container(key="list-filters", horizontal=True, vertical_alignment="center"):
        collection = _choose(texts("documents.column_collection"), names, "collection")
        kind = _choose(texts("filters.kind"), kinds, "kind")
        language = _choose(texts("documents.column_language"), languages, "language")
        incomplete = st.checkbox(
            texts("filters.incomplete"), key=f"{state.FILTER}-incomplete", width="content"
        )
    wanted: Filter = {
        "q": query or "",
        "collection": collection,
        "type": [kind] if kind else [],
        "language": [language] if language else [],
        "incomplete": incomplete,
    }
    return wanted


def _choose(label: str, names: dict[str, str], name: str) -> str:
    key = f"{state.FILTER}-{name}"
    if st.session_state.get(key, EVERY) not in names:  # gone meanwhile
        st.session_state[key] = EVERY
    chosen: str = st.selectbox(
        label,
        [*names],
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        width=190,
    )
    return chosen
