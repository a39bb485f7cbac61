"""Thumbs on an answer; with thumb down, what was wrong and what would be right."""

from __future__ import annotations

import streamlit as st

from ui.client import Service, ServiceError
from ui.components.markup import show, show_hint
from ui.components.notice import notice, show_problem
from ui.language import Texts
from ui.replies import Answer
from ui.state import Exchange

MOST_REASON_CHARS = 2_000
MOST_CORRECTION_CHARS = 10_000


def show_rating(service: Service, texts: Texts, exchange: Exchange, *, scope: str) -> None:
    """Kept by the service as soon as the thumb is up, or what is missing was said."""
    with st.container(key=f"rating-{scope}", horizontal=True, vertical_alignment="center"):
        show_hint(texts("rating.ask"))
        thumb = st.feedback("thumbs", key=f"thumb-{scope}")
    if thumb is None or exchange.answer is None:
        return
    good = thumb == 1
    reason = correction = ""
    if exchange.rated_good == good:
        show(notice("success", texts("rating.thanks")))
        return
    if not good:
        with st.form(key=f"rating-form-{scope}"):
            reason = st.text_input(texts("rating.reason"), max_chars=MOST_REASON_CHARS)
            correction = st.text_area(texts("rating.correction"), max_chars=MOST_CORRECTION_CHARS)
            if not st.form_submit_button(texts("rating.send")):
                return
    try:
        service.rate(
            exchange.question,
            good=good,
            reason=reason,
            correction=correction,
            refused=exchange.answer["refused"],
            sentences=_rated_sentences(exchange.answer),
        )
    except ServiceError as error:
        show_problem(texts, error)
        return
    exchange.rated_good = good
    st.rerun()  # the form goes, the thanks come


def _rated_sentences(answer: Answer) -> list[dict[str, object]]:
    cited = {one["marker"]: one["document_id"] for one in answer["citations"]}
    return [
        {"text": one["text"], "document_ids": [cited[marker] for marker in one["citations"]]}
        for one in answer["sentences"]
    ]
