"""The choice of documents that a question is asked of."""

from __future__ import annotations

from datetime import date

import streamlit as st

from ui import state
from ui.client import Service
from ui.components.collections import known_collections
from ui.components.markup import show_hint
from ui.components.picker import pick_documents
from ui.language import Texts
from ui.replies import Health, Scope

EARLIEST, LATEST = date(1500, 1, 1), date(2199, 12, 31)


def choose_scope(service: Service, texts: Texts, health: Health) -> Scope:
    """A collapsed control; what is chosen stays while the session lasts.

    Raises:
        ServiceError: the service failed.
    """
    collections = known_collections(service, health)
    scope: Scope = {}
    with st.expander(texts("scope.title"), icon=":material/filter_alt:"):
        if len(collections) > 1:
            scope["collections"] = _choose(texts("scope.collections"), collections, "collections")
        scope["documents"] = pick_documents(
            service, texts, texts("scope.documents"), key=f"{state.SCOPE}-documents"
        )
        left, right = st.columns(2)
        with left:
            kinds = document_kinds(texts)
            scope["types"] = _choose(texts("scope.types"), [*kinds], "types", kinds)
        with right:
            languages = {"fr": texts("scope.french"), "en": texts("scope.english")}
            scope["languages"] = _choose(
                texts("scope.languages"), [*languages], "languages", languages
            )
        author, after, before = st.columns(3)
        with author:
            scope["author"] = st.text_input(
                texts("scope.author"), key=f"{state.SCOPE}-author", persist_state="session"
            ).strip()
        first = _choose_day(texts, after, "after", texts("scope.after"))
        last = _choose_day(texts, before, "before", texts("scope.before"))
    if first and last and first > last:
        first, last = last, first
    if first:
        scope["after"] = first.isoformat()
    if last:
        scope["before"] = last.isoformat()
    chosen = sum(bool(value) for value in scope.values())
    if chosen:
        show_hint(texts.count("scope.active", chosen))
    return scope


def _choose(
    label: str, options: list[str], name: str, names: dict[str, str] | None = None
) -> list[str]:
    key = f"{state.SCOPE}-{name}"
    kept = st.session_state.get(key, [])
    if any(one not in options for one in kept):  # gone meanwhile
        st.session_state[key] = [one for one in kept if one in options]
    chosen: list[str] = st.multiselect(
        label,
        options,
        format_func=lambda option: (names or {}).get(option, option),
        placeholder="",
        key=key,
        persist_state="session",
    )
    return chosen


def _choose_day(
    texts: Texts, column: st.delta_generator.DeltaGenerator, name: str, label: str
) -> date | None:
    with column:
        day: date | None = st.date_input(
            label,
            value=None,
            min_value=EARLIEST,
            max_value=LATEST,
            format="DD/MM/YYYY" if texts.language == "fr" else "YYYY-MM-DD",
            key=f"{state.SCOPE}-{name}",
            persist_state="session",
        )
    return day


def document_kinds(texts: Texts) -> dict[str, str]:
    """Kind -> how it is called."""
    return {
        "pdf": texts("scope.pdf"),
        "text": texts("scope.text"),
        "sheet": texts("scope.sheet"),
        "slides": texts("scope.slides"),
        "mail": texts("scope.mail"),
        "web": texts("scope.web"),
        "book": texts("scope.book"),
        "image": texts("scope.image"),
    }
