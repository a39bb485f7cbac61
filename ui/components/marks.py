"""Citation marks; a click on one reaches the page's code. No text from elsewhere comes in here."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from ui import state
from ui.components.citations import card_id
from ui.components.markup import Markup, element
from ui.language import Texts

_SCRIPT = """
export default function ({ setTriggerValue }) {
  const open = (event) => {
    const mark = event.target.closest?.("a[data-mark]");
    // While something is written, a run of the page would break it off.
    if (!mark || document.querySelector(".philo-growing")) return;
    event.preventDefault();
    setTriggerValue("opened", mark.dataset.mark);
  };
  document.addEventListener("click", open);
  return () => document.removeEventListener("click", open);
}
"""
_MARK = re.compile(r"([a-z0-9]{1,10})/(\d{1,4})")
_listen = st.components.v2.component("philo_marks", js=_SCRIPT)


def follow_marks() -> None:
    """From now on a click on a mark opens its source."""
    with st.container(key="frame-marks"):  # takes no room
        _listen(key="marks", on_opened_change=_open)


def citation_marks(texts: Texts, markers: Sequence[int], *, scope: str) -> list[Markup]:
    """A link for each to its card; where the page's code follows clicks, to its source."""
    return [
        element(
            "a",
            f"[{marker}]",
            href=f"#{card_id(scope, marker)}",
            data_mark=f"{scope}/{marker}",
            class_="philo-mark",
            aria_label=texts("answer.citation_mark", marker=marker),
        )
        for marker in markers
    ]


def _open() -> None:
    found = _MARK.fullmatch(str(st.session_state["marks"].opened))
    if found:
        state.open_source(found[1], int(found[2]))
