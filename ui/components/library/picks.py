"""What is picked from a list for something to be done to all of it, over all its pages."""

from __future__ import annotations

import re
from collections.abc import Mapping

import streamlit as st

from ui import state
from ui.language import Texts


def picked(kind: str) -> dict[str, str]:
    """Id -> title. `kind` tells lists apart."""
    return st.session_state.setdefault(f"{state.PICKED}-{kind}", {})


def forget_picked(kind: str) -> None:
    st.session_state.pop(f"{state.PICKED}-{kind}", None)
    _renew(kind, ROWS)
    _renew(kind, PAGE)


def show_pick(texts: Texts, kind: str, one: str, title: str) -> None:
    """A box to pick one."""
    age = _age(kind, ROWS)
    key = f"pick-{kind}-{age}-{one}"
    st.session_state[key] = one in picked(kind)

    def pick() -> None:
        if _age(kind, ROWS) == age:
            _put(kind, {one: title}, wanted=st.session_state[key])
            _renew(kind, PAGE)

    st.checkbox(
        texts("picks.one", title=_spoken(title)),
        key=key,
        label_visibility="collapsed",
        on_change=pick,
        width="content",
    )


def _spoken(title: str) -> str:
    """Its words alone: the label is only read out, but Streamlit makes Markdown of it even so."""
    return " ".join(re.sub(r"[\W_]+", " ", title).split())


def show_pick_all(texts: Texts, kind: str, listed: Mapping[str, str]) -> None:
    """A box to pick all that are on the page.

    Args:
        listed: id -> title.
    """
    age = _age(kind, PAGE)
    key = f"pick-{kind}-page-{age}-{hash(tuple(listed))}"
    shown = bool(listed) and all(one in picked(kind) for one in listed)
    st.session_state[key] = shown

    def pick() -> None:
        wanted = st.session_state[key]
        if _age(kind, PAGE) == age and wanted != shown:
            _put(kind, listed, wanted=wanted)
            _renew(kind, ROWS)

    st.checkbox(texts("picks.page"), key=key, on_change=pick)


def _put(kind: str, some: Mapping[str, str], *, wanted: bool) -> None:
    if wanted:
        picked(kind).update(some)
    else:
        for one in some:
            picked(kind).pop(one, None)


ROWS, PAGE = "rows", "page"


def _age(kind: str, boxes: str) -> int:
    return st.session_state.setdefault(f"{state.PICKED}-{kind}-{boxes}", 0)


def _renew(kind: str, boxes: str) -> None:
    """Boxes that change without having been clicked become other ones, and the former are not
    listened to: a click that breaks off a run brings the former values of all that the run had
    not come to, and each passes for a choice."""
    st.session_state[f"{state.PICKED}-{kind}-{boxes}"] = _age(kind, boxes) + 1
