"""Which models there are, which of them work here, and fetching another one."""

from __future__ import annotations

from contextlib import closing

import streamlit as st

from ui.administration import (
    Model,
    ModelList,
    change_settings,
    list_models,
    list_settings,
    pull_model,
)
from ui.client import Service
from ui.components.admin.settings import describe
from ui.components.admin.table import show_table
from ui.components.markup import show, show_hint
from ui.components.notice import notice
from ui.language import Texts

GENERATOR = "models.generator"


def show_models(service: Service, texts: Texts) -> None:
    found = list_models(service)
    if found["answers"] == "none":
        show(notice("info", texts("models.answers_quote")))
    else:
        show(notice("info", texts("models.answers", name=found["answers"])))
    _choose_generator(service, texts, found)
    _pull(service, texts, found["models"])
    show_table([_row(texts, one) for one in found["models"]])


def _row(texts: Texts, model: Model) -> dict[str, object]:
    states = {
        "ready": texts("models.ready"),
        "missing": texts("models.missing"),
        "damaged": texts("models.damaged"),
        "remote": texts("models.remote"),
    }
    kinds = {
        "generator": texts("models.generator"),
        "embedder": texts("models.embedder"),
        "reader": texts("models.reader"),
    }
    size = model["size_bytes"] / 1e9
    return {
        texts("models.id"): model["id"],
        texts("models.kind"): kinds.get(model["kind"], model["kind"]),
        texts("models.state"): states.get(model["status"], model["status"]),
        texts("models.used"): model["used"],
        texts("models.size"): round(size, 2) if size else None,
        texts("models.context"): model["limit_tokens"],
        texts("models.runs_on"): model["runs_on"],
        texts("models.licence"): model["licence"],
    }


def _choose_generator(service: Service, texts: Texts, found: ModelList) -> None:
    """Switching is a setting like others, named here because it is what people look for."""
    setting = next(one for one in list_settings(service) if one["name"] == GENERATOR)
    ready = [
        one["id"]
        for one in found["models"]
        if one["kind"] == "generator"
        and (one["status"] == "ready" or one["id"] == setting["value"])
    ]
    options = [*ready, "none"]
    chosen = st.selectbox(
        texts("models.writer"),
        options,
        index=options.index(setting["value"]) if setting["value"] in options else None,
        format_func=lambda one: texts("models.quotes") if one == "none" else one,
        disabled=setting["origin"] == "environment",
        help=describe(setting, texts),
    )
    if chosen and chosen != setting["value"]:
        change_settings(service, {GENERATOR: chosen})
        st.rerun()
    if setting["waits"]:
        show(notice("warning", texts("settings.waits")))


def _pull(service: Service, texts: Texts, models: list[Model]) -> None:
    missing = [one["id"] for one in models if one["status"] in ("missing", "damaged")]
    if not missing:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(texts("models.another"), missing, index=None, placeholder="")
        wanted = st.button(texts("models.pull"), disabled=chosen is None, key="pull-model")
    show_hint(texts("models.pull_hint"))
    if not wanted or chosen is None:
        return
    bar = st.progress(0.0, text=texts("models.pulling", name=chosen))
    with closing(pull_model(service, chosen)) as events:
        for kind, data in events:
            if kind == "progress" and data["total_bytes"]:
                share = min(1.0, data["done_bytes"] / data["total_bytes"])
                bar.progress(share, text=texts("models.pulling", name=chosen))
    bar.empty()
    st.rerun()
