"""A click on a citation mark reaches the page's code. No text from elsewhere comes in here."""

from __future__ import annotations

import re

import streamlit as st

from ui import state

_SCRIPT = """
export default function ({ setTriggerValue }) {
  const open = (event) => {
    const mark = event.target.closest?.("a[data-mark]");
    // While an answer is written, a run of the page would break it off.
    if (!mark || document.querySelector(".philo-writing")) return;
    event.preventDefault();
    setTriggerValue("opened", mark.dataset.mark);
  };
  document.addEventListener("click", open);
  return () => document.removeEventListener("click", open);
}
"""
_MARK = re.compile(r"(\d{1,4})/(\d{1,4})")
_listen = st.components.v2.component("philo_marks", js=_SCRIPT)


def follow_marks() -> None:
    """From now on a click on a mark with `data-mark="<exchange>/<marker>"` opens its source."""
    with st.container(key="frame-marks"):  # takes no room
        _listen(key="marks", on_opened_change=_open)


def mark_address(exchange: str, marker: int) -> str:
    """The value of `data-mark`."""
    return f"{exchange}/{marker}"


def _open() -> None:
    found = _MARK.fullmatch(str(st.session_state["marks"].opened))
    if found:
        state.open_source(int(found[1]), int(found[2]))
