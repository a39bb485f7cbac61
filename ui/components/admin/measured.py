"""How good answers are: the runs of philo eval over time, and two of them side by side."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui import state
from ui.administration import EvaluationRun, list_evaluations
from ui.client import Service
from ui.components.admin.table import show_table
from ui.components.markup import show_hint
from ui.language import Texts, on_clock

SHOWN_FIRST = ("ndcg@10", "answers.f1", "recall@10", "answers.citation_precision")


def show_quality(service: Service, texts: Texts) -> None:
    runs = list_evaluations(service)
    show_hint(texts("quality.hint"))
    if not runs:
        show_hint(texts("quality.none"))
        return
    sets = list(dict.fromkeys(one["dataset"] for one in runs))
    name = st.selectbox(texts("quality.set"), sets, key=state.QUALITY_SET)
    of_set = [one for one in runs if one["dataset"] == name]
    figures = sorted({figure for one in of_set for figure in one["figures"]}, key=_first)
    figure = st.selectbox(texts("quality.figure"), figures, key=state.QUALITY_FIGURE)
    _show_course(texts, of_set, figure)
    if len(of_set) > 1:
        _compare(texts, of_set)


def _first(figure: str) -> tuple[int, str]:
    known = figure in SHOWN_FIRST
    return (SHOWN_FIRST.index(figure) if known else len(SHOWN_FIRST), figure)


def _show_course(texts: Texts, runs: Sequence[EvaluationRun], figure: str) -> None:
    known = [one for one in reversed(runs) if one["figures"].get(figure) is not None]
    if len(known) > 1:
        when = texts("quality.when")
        rows = {
            when: _label_runs(known),
            figure: [one["figures"][figure] for one in known],
        }
        st.line_chart(rows, x=when, y=figure, height=320)
    show_table([_row(texts, one, figure) for one in runs])


def _label_runs(runs: Sequence[EvaluationRun]) -> list[str]:
    """When each was, so that the chart's order of letters is that of time and none hides another:
    a scale of time would show parts of a second for two runs in a row."""
    moments = [f"{on_clock(one['at'], state.utc_offset()):%Y-%m-%d %H:%M}" for one in runs]
    earlier = [moments[:at].count(moment) for at, moment in enumerate(moments)]
    return [f"{one} +{more}" if more else one for one, more in zip(moments, earlier, strict=True)]


def _row(texts: Texts, run: EvaluationRun, figure: str) -> dict[str, object]:
    return {
        texts("quality.when"): _when(texts, run),
        figure: run["figures"].get(figure),
        texts("quality.interval"): " – ".join(
            texts.decimal(one, digits=3) for one in run["intervals"].get(figure, [])
        ),
        texts("quality.questions"): run["queries"],
        texts("quality.settings"): ", ".join(f"{k} = {v}" for k, v in run["settings"].items()),
    }


def _when(texts: Texts, run: EvaluationRun) -> str:
    return texts.moment(run["at"], utc_offset=state.utc_offset())


def _compare(texts: Texts, runs: Sequence[EvaluationRun]) -> None:
    st.subheader(texts("quality.compare"), anchor=False)
    by_id = {one["id"]: one for one in runs}
    left, right = st.columns(2)
    options = list(by_id)

    def name(run_id: str) -> str:
        return _when(texts, by_id[run_id])

    before = left.selectbox(texts("quality.before"), options, index=1, format_func=name)
    after = right.selectbox(texts("quality.after"), options, index=0, format_func=name)
    first, second = by_id[before], by_id[after]
    rows = []
    for name in sorted({*first["figures"], *second["figures"]}, key=_first):
        old, new = first["figures"].get(name), second["figures"].get(name)
        change = None if old is None or new is None else round(new - old, 4)
        columns = (texts("quality.before"), texts("quality.after"), texts("quality.change"))
        rows.append(
            {texts("quality.figure"): name, **dict(zip(columns, (old, new, change), strict=True))}
        )
    show_table(rows)
    show_hint(texts("quality.compare_hint"))
