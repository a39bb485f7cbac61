"""What one browser session remembers, and under which key."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import streamlit as st

from ui.client import ServiceError
from ui.replies import Answer, Summary, Turn

OWNER = "owner"
LANGUAGE = "language"
QUESTION = "question"
SCOPE = "scope"
SEARCH = "search"
LIST_CURSORS = "list_cursors"
FILTER = "filter"
PICKED = "picked"
OUTCOME = "outcome"
OUTCOME_SHOWN = "outcome_shown"
LIBRARY_SECTION = "library"
CONVERSATION = "conversation"
NEXT_QUESTION = "next_question"
UPLOADS = "uploads"
LEFT_OUT = "left_out"
UPLOAD_WAY = "upload_way"
EXAMPLES = "examples"
COLLECTIONS = "collections"
ADMIN_SECTION = "section"
USAGE_DAYS = "usage_days"
JOB_STATE = "job_state"
QUALITY_SET = "quality_set"
QUALITY_FIGURE = "quality_figure"
AUDIT_WHO = "audit_who"
AUDIT_ACTION = "audit_action"
SOURCE = "source"
LEFT_SOURCE = "left_source"
HISTORY_SEARCH = "history_search"
HISTORY_PAGE = "history_page"
WHOLE_PAGE = "whole_page"
SUMMARY = "summary"
SUMMARY_FORM = "summary_form"
SUMMARY_DOCUMENTS = "summary_documents"

LIVE = "40ms"
"""After the last key a search field waits so long before it searches."""

FOLLOWED_EXCHANGES = 5
"""Sent along with a question."""


T = TypeVar("T")


@dataclass(slots=True)
class Exchange:
    """A question and what came of it: neither answer nor error when it was interrupted.
    `rated_good` is what the reader said of the answer, `id` under which it is kept,
    `follow_ups` the questions that go on from it."""

    question: str
    id: str = ""
    answer: Answer | None = None
    error: ServiceError | None = None
    rated_good: bool | None = None
    withheld: bool = False
    forgotten: bool = False
    follow_ups: Future[list[str]] | None = None


@dataclass(slots=True)
class Talk:
    """The conversation that is shown. `id` is "" before its first question; `owner` is who
    shares it, where it is another one's."""

    id: str = ""
    title: str = ""
    mine: bool = True
    owner: str | None = None
    exchanges: list[Exchange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent: the job that brings it in, or why it was refused at once."""

    name: str
    job_id: str = ""
    refusal: str = ""


def keep_to(owner: str) -> None:
    """What one person has asked is not there for the next one in the same browser."""
    if st.session_state.get(OWNER, owner) != owner:
        for key in [key for key in st.session_state if key != LANGUAGE]:
            del st.session_state[key]
    st.session_state[OWNER] = owner


def forget_everything() -> None:
    keep_to("")
    st.session_state.pop(OWNER)


def talk() -> Talk:
    return st.session_state.setdefault(CONVERSATION, Talk())


def show_talk(one: Talk) -> None:
    st.session_state[CONVERSATION] = one
    close_source()


def conversation() -> list[Exchange]:
    return talk().exchanges


def source() -> tuple[str, int] | None:
    """(scope, marker) of the citation that is shown beside what cites it. The scope of an answer
    is the number of its exchange."""
    return st.session_state.get(SOURCE)


def open_source(scope: str, marker: int) -> None:
    st.session_state[SOURCE] = (scope, marker)


def close_source() -> None:
    st.session_state.pop(SOURCE, None)


def leave_source() -> None:
    """Close it, and have `left_source` tell which it was."""
    st.session_state[LEFT_SOURCE] = source()
    close_source()


def left_source() -> tuple[str, int] | None:
    """Once, in the run that follows."""
    return st.session_state.pop(LEFT_SOURCE, None)


def history() -> list[Turn]:
    """The last answered exchanges as turns, oldest first."""
    turns: list[Turn] = []
    answered = [exchange for exchange in conversation() if exchange.answer is not None]
    for exchange in answered[-FOLLOWED_EXCHANGES:]:
        turns.append({"role": "user", "text": exchange.question})
        turns.append({"role": "assistant", "text": exchange.answer["answer"]})
    return turns


def forget_conversation() -> None:
    show_talk(Talk())
    name_in_address("")


def name_in_address(conversation_id: str) -> None:
    """The conversation that is shown; "" for one that has not begun."""
    if conversation_id:
        st.query_params[CONVERSATION] = conversation_id
    else:
        st.query_params.pop(CONVERSATION, None)


def is_asked() -> bool:
    """Whether this run has a question, of a conversation that is shown."""
    asked = st.session_state.get(QUESTION) or NEXT_QUESTION in st.session_state
    return bool(asked) and CONVERSATION in st.session_state


def put_question(question: str) -> None:
    """Have a question asked by the run that follows."""
    st.session_state[NEXT_QUESTION] = question


def take_back_question() -> Exchange:
    """Remove the last question, and have it asked by the run that follows."""
    last = conversation().pop()
    put_question(last.question)
    return last


def take_question() -> str | None:
    return st.session_state.pop(NEXT_QUESTION, None)


def summary() -> Summary | None:
    """The one that was made last."""
    return st.session_state.get(SUMMARY)


def keep_summary(made: Summary) -> None:
    st.session_state[SUMMARY] = made


def forget_summary() -> None:
    st.session_state.pop(SUMMARY, None)
    close_source()


def uploads() -> list[Upload]:
    """The files that were sent last."""
    return st.session_state.setdefault(UPLOADS, [])


def forget_uploads() -> None:
    st.session_state.pop(UPLOADS, None)
    st.session_state.pop(LEFT_OUT, None)


def left_out() -> int:
    """Hidden files of the folder that was sent last."""
    return st.session_state.get(LEFT_OUT, 0)


def note_left_out(files: int) -> None:
    st.session_state[LEFT_OUT] = files


def remember(key: str, *, of: object, make: Callable[[], T]) -> T:
    """What `make` gives, made anew only when `of` has changed."""
    kept_of, kept = st.session_state.get(key, (None, None))
    if kept_of != of:
        kept = make()
        st.session_state[key] = (of, kept)
    return kept


def list_cursors(*, of: object) -> list[str]:
    """Of the pages from the first to the one that is shown, which begins with the last of them;
    only the first page when `of` has changed."""
    cursors: list[str] = remember(LIST_CURSORS, of=of, make=lambda: [""])
    return cursors


def history_page() -> int:
    return st.session_state.get(HISTORY_PAGE, 1)


def back_to_first_history_page() -> None:
    st.session_state[HISTORY_PAGE] = 1


def utc_offset() -> timedelta:
    """How far the reader's clock is ahead of UTC."""
    return -timedelta(minutes=st.context.timezone_offset or 0)
