"""How much is asked, how much is refused, and what was asked in vain."""

from __future__ import annotations

import streamlit as st

from ui import state
from ui.administration import OpenQuestion, Usage, read_usage, settle_question
from ui.client import Service
from ui.components.admin.table import show_table
from ui.components.markup import show, show_hint
from ui.components.notice import notice
from ui.components.row import row_text
from ui.language import Texts

PERIODS = (7, 30, 90)
ANSWERED, REFUSED, UNFINISHED = "#2a759c", "#c2761a", "#7f8c95"
"""Each at least 3:1 on the light and on the dark page; named, or they would go by the alphabet of
the words in the reader's language."""


def show_usage(service: Service, texts: Texts, ask_page: st.Page) -> None:
    days = st.segmented_control(
        texts("usage.period"),
        PERIODS,
        default=30,
        format_func=lambda number: texts("usage.days", number=number),
        required=True,
        key=state.USAGE_DAYS,
    )
    usage = read_usage(service, days)
    questions = sum(day["questions"] for day in usage["days"])
    _show_figures(texts, usage, questions)
    if questions:
        _show_days(texts, usage)
    _show_open(service, texts, usage, ask_page)
    _show_documents(texts, usage)


def _show_figures(texts: Texts, usage: Usage, questions: int) -> None:
    latency, share = usage["latency"], usage["refused_share"]
    seconds = "–" if latency is None else texts.decimal(latency["median_ms"] / 1000) + " s"
    slow = "–" if latency is None else texts.decimal(latency["p95_ms"] / 1000) + " s"
    refused = "–" if share is None else texts("format.percent", number=round(100 * share))
    figures = (
        (texts("usage.questions"), texts.number(questions)),
        (texts("usage.refused"), refused),
        (texts("usage.median"), seconds),
        (texts("usage.slow"), slow),
    )
    for column, (label, value) in zip(st.columns(len(figures)), figures, strict=True):
        column.metric(label, value)


def _show_days(texts: Texts, usage: Usage) -> None:
    days = usage["days"]
    series = {
        texts("usage.answered"): (ANSWERED, [day["answered"] for day in days]),
        texts("usage.refused_count"): (REFUSED, [day["refused"] for day in days]),
    }
    unfinished = [day["questions"] - day["answered"] - day["refused"] for day in days]
    if any(unfinished):
        series[texts("usage.unfinished")] = (UNFINISHED, unfinished)
    st.bar_chart(
        {texts("usage.day"): [texts.short_day(day["day"]) for day in days]}
        | {name: counts for name, (_, counts) in series.items()},
        x=texts("usage.day"),
        y=[*series],
        color=[colour for colour, _ in series.values()],
        sort=False,
        height=280,
    )


def _show_open(service: Service, texts: Texts, usage: Usage, ask_page: st.Page) -> None:
    st.subheader(texts("usage.open"), anchor=False)
    show_hint(texts("usage.open_hint"))
    if not usage["open_questions"]:
        show(notice("success", texts("usage.none_open")))
    for number, one in enumerate(usage["open_questions"]):
        with st.container(key=f"row-open-{number}", horizontal=True, vertical_alignment="center"):
            show(_about(texts, one))
            again = st.button(texts("ask.ask_again"), key=f"again-{number}", type="tertiary")
            done = st.button(texts("usage.settle"), key=f"settle-{number}", type="tertiary")
            if again:
                state.forget_conversation()
                state.put_question(one["question"])
                st.switch_page(ask_page)
            if done:
                settle_question(service, one["question"])
                st.rerun()
    if usage["untold_questions"]:
        show_hint(texts.count("usage.untold", usage["untold_questions"]))


def _about(texts: Texts, one: OpenQuestion) -> str:
    asked = texts.count("usage.times", one["times"])
    when = texts.date(one["last_asked_at"], utc_offset=state.utc_offset())
    return row_text(one["question"], f"{asked} · {when}")


def _show_documents(texts: Texts, usage: Usage) -> None:
    st.subheader(texts("usage.documents"), anchor=False)
    if usage["documents"]:
        rows = [
            {texts("usage.title"): one["title"], texts("usage.answers"): one["answers"]}
            for one in usage["documents"]
        ]
        show_table(rows)
    if usage["unreadable_documents"]:
        show_hint(texts.count("usage.unreadable", usage["unreadable_documents"]))
    elif not usage["documents"]:
        show_hint(texts("usage.no_documents"))
