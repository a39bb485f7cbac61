"""Administration: one section at a time, each a component of its own."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.admin.audit_log import show_audit
from ui.components.admin.measured import show_quality
from ui.components.admin.models import show_models
from ui.components.admin.people import show_people
from ui.components.admin.settings import show_settings
from ui.components.admin.usage import show_usage
from ui.components.admin.work import show_work
from ui.components.markup import show
from ui.components.notice import notice, show_problem
from ui.language import Texts
from ui.replies import Me

USAGE = "usage"
SECTIONS: dict[str, Callable[[Service, Texts], None]] = {
    "people": show_people,
    "work": show_work,
    "models": show_models,
    "quality": show_quality,
    "audit": show_audit,
    "settings": show_settings,
}


def show_administration(service: Service, texts: Texts, me: Me, ask_page: st.Page) -> None:
    st.title(texts("admin.title"), anchor=False)
    try:
        if me["role"] == "admin":
            _show_section(service, texts, ask_page)
        else:
            service.health()  # else nobody is known, and that is what has to be said
            show(notice("info", texts("admin.only")))
    except ServiceError as error:
        show_problem(texts, error)
        st.button(texts("error.try_again"))


def _show_section(service: Service, texts: Texts, ask_page: st.Page) -> None:
    names = {
        USAGE: texts("admin.usage"),
        "people": texts("admin.people"),
        "work": texts("admin.work"),
        "models": texts("admin.models"),
        "quality": texts("admin.quality"),
        "audit": texts("admin.audit"),
        "settings": texts("admin.settings"),
    }
    section = st.segmented_control(
        texts("admin.title"),
        list(names),
        default=_first_section(),
        format_func=names.__getitem__,
        required=True,
        key=state.ADMIN_SECTION,
        label_visibility="collapsed",
    )
    st.query_params[state.ADMIN_SECTION] = section  # the same after a refresh, in any language
    if section == USAGE:
        show_usage(service, texts, ask_page)
    else:
        SECTIONS[section](service, texts)


def _first_section() -> str:
    named = st.query_params.get(state.ADMIN_SECTION, "")
    return named if named in SECTIONS else USAGE
