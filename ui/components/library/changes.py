"""Something done to all that is picked: asked about first, with progress, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from ui import state
from ui.client import ServiceError
from ui.components.library.picks import forget_picked
from ui.components.markup import Markup, element, show
from ui.components.notice import notice, show_problem
from ui.language import Texts
from ui.library import Refusal, SelectionReport
from ui.reasons import tell_reason

AT_ONCE = 20
NAMED = 5

Change = Callable[[Sequence[str]], SelectionReport]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a change. `refused`: title and reason of those that are as they were."""

    said: str
    refused: tuple[tuple[str, Refusal], ...]


def name_some(texts: Texts, titles: Sequence[str]) -> Markup:
    """The first titles, and how many more."""
    items = [element("li", title) for title in titles[:NAMED]]
    if len(titles) > NAMED:
        items.append(element("li", texts.count("pending.rest", len(titles) - NAMED)))
    return element("ul", *items, class_="philo-named")


def make_change(
    texts: Texts,
    kind: str,
    some: Mapping[str, str],
    change: Change,
    said: Callable[[int], str],
) -> None:
    """Do it, a few at a time, and run the page again with what came of it.

    Args:
        some: id -> title.
        said: what to say of so many that it was done to.
    """
    ids = [*some]
    done: list[str] = []
    refused: list[tuple[str, Refusal]] = []
    bar = st.progress(0.0)
    try:
        for first in range(0, len(ids), AT_ONCE):
            report = change(ids[first : first + AT_ONCE])
            done += report["done"]
            refused += [(some[one["id"]], one) for one in report["refused"]]
            share = min(1.0, (first + AT_ONCE) / len(ids))
            bar.progress(share, text=texts("changes.progress", done=len(done), total=len(ids)))
    except ServiceError as error:
        show_problem(texts, error)
        return
    st.session_state[state.OUTCOME] = Outcome(said(len(done)) if done else "", tuple(refused))
    forget_picked(kind)
    st.rerun()


def run_again() -> None:
    """The page, of itself: what was said of the last change stays."""
    st.session_state[state.OUTCOME] = st.session_state.get(state.OUTCOME_SHOWN)
    st.rerun()


def show_outcome(texts: Texts) -> None:
    """Of the last change, until the next run that somebody asks for."""
    outcome: Outcome | None = st.session_state.pop(state.OUTCOME, None)
    st.session_state[state.OUTCOME_SHOWN] = outcome
    if outcome is None:
        return
    if outcome.said:
        show(notice("success", outcome.said))
    if outcome.refused:
        told = [
            texts("changes.why", title=title, reason=_reason(texts, refusal))
            for title, refusal in outcome.refused[:NAMED]
        ]
        if (more := len(outcome.refused) - NAMED) > 0:
            told.append(texts.count("pending.rest", more))
        show(notice("warning", texts.count("changes.refused", len(outcome.refused)), *told))


def _reason(texts: Texts, refusal: Refusal) -> str:
    match refusal["type"]:
        case "DocumentNotFoundError" | "JobNotFoundError":
            return texts("changes.gone")
        case "LegalHoldError":
            return texts("changes.held")
        case "AccessDeniedError":
            return texts("changes.not_yours")
        case "UnknownUserError":
            return texts("changes.unknown_user")
        case _:
            return tell_reason(refusal["message"], texts.language)
