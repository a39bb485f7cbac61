"""All settings, each with what it does; a change is checked before it is kept.

The service describes them in English; `locales/settings.fr.json` holds the same by name.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import streamlit as st

from ui.administration import Setting, change_settings, list_settings
from ui.client import Service, ServiceError
from ui.components.markup import show, show_hint
from ui.components.notice import notice, show_problem
from ui.language import LOCALES, Texts


def show_settings(service: Service, texts: Texts) -> None:
    settings = list_settings(service)
    show_hint(texts("settings.hint"))
    if any(one["waits"] for one in settings):
        show(notice("warning", texts("settings.waits")))
    sections: dict[str, list[Setting]] = {}
    for one in settings:
        sections.setdefault(one["name"].rpartition(".")[0], []).append(one)
    for section, some in sections.items():
        _show_section(service, texts, section, some)


def _show_section(service: Service, texts: Texts, section: str, settings: list[Setting]) -> None:
    with (
        st.expander(name_section(texts, section)),
        st.form(f"settings-{section}", border=False),
    ):
        given = {one["name"]: _show_field(texts, one) for one in settings}
        wanted = st.form_submit_button(texts("settings.keep"), type="primary")
    if not wanted:
        return
    changes = {
        one["name"]: given[one["name"]]
        for one in settings
        if one["origin"] != "environment" and _is_changed(one, given[one["name"]])
    }
    if not changes:
        show_hint(texts("settings.nothing"))
        return
    try:
        change_settings(service, changes)
    except ServiceError as error:
        show_problem(texts, error)
    else:
        st.rerun()


def name_section(texts: Texts, section: str) -> str:
    names = {
        "": texts("settings.general"),
        "storage": texts("settings.storage"),
        "storage.chroma": texts("settings.chroma"),
        "storage.pgvector": texts("settings.pgvector"),
        "observability": texts("settings.observability"),
        "models": texts("settings.models"),
        "models.remote": texts("settings.remote_model"),
        "serving": texts("settings.serving"),
        "retrieval": texts("settings.retrieval"),
        "answering": texts("settings.answering"),
        "summaries": texts("settings.summaries"),
        "audit": texts("settings.audit"),
        "safety.personal_data": texts("settings.personal_data"),
        "safety.secrets": texts("settings.secrets"),
        "safety.injection": texts("settings.injection"),
        "safety.toxicity": texts("settings.toxicity"),
        "ingest": texts("settings.ingest"),
        "sources": texts("settings.sources"),
        "evaluation": texts("settings.evaluation"),
    }
    name = names.get(section, section)
    return f"{name} :gray[({section})]" if section and name != section else name


def describe(setting: Setting, texts: Texts) -> str:
    """What it does, in the reader's language where that is known."""
    if texts.language == "fr":
        return _french().get(setting["name"], setting["description"])
    return setting["description"]


@cache
def _french() -> dict[str, str]:
    told: dict[str, str] = json.loads((LOCALES / "settings.fr.json").read_text(encoding="utf-8"))
    return told


def _is_changed(setting: Setting, given: Any) -> bool:
    if setting["secret"]:
        return bool(given)
    return bool(given != setting["value"])


def _show_field(texts: Texts, setting: Setting) -> Any:
    name, value = setting["name"], setting["value"]
    label = name.rpartition(".")[2]
    fixed = setting["origin"] == "environment"
    told = [describe(setting, texts), texts("settings.default", value=_plain(texts, setting))]
    if fixed:
        told.append(texts("settings.environment"))
    common: dict[str, Any] = {
        "key": f"setting-{name}",
        "disabled": fixed,
        "help": " · ".join(part for part in told if part),
    }
    if setting["secret"]:
        hidden = texts("settings.secret_set") if value else texts("settings.secret_unset")
        return st.text_input(label, type="password", placeholder=hidden, **common)
    match setting["kind"]:
        case "truth":
            return st.toggle(label, value=value, **common)
        case "choice":
            index = setting["choices"].index(value) if value in setting["choices"] else None
            return st.selectbox(label, setting["choices"], index=index, **common)
        case "number":
            return st.number_input(label, value=value, step=_step(setting), **common)
        case "list":
            return st.multiselect(
                label, value, default=value, accept_new_options=True, placeholder="", **common
            )
        case _:
            given = st.text_input(label, value=value or "", **common).strip()
            return given or None if setting["may_be_empty"] else given


def _step(setting: Setting) -> int | float:
    whole = isinstance(setting["value"], int) or isinstance(setting["default"], int)
    return 1 if whole or setting["value"] is None else 0.05


def _plain(texts: Texts, setting: Setting) -> str:
    default = setting["default"]
    if isinstance(default, bool):
        return texts("settings.on") if default else texts("settings.off")
    if default is None or default == []:
        return "–"
    return str(default)
