"""Ask: a conversation with the documents."""

from __future__ import annotations

from contextlib import closing

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.answer import finished_answer, growing_answer, question_text
from ui.components.examples import show_examples
from ui.components.frame import bring_last_message_into_view
from ui.components.markup import show, show_hint
from ui.components.notice import notice, show_problem
from ui.components.rating import show_rating
from ui.components.scope import choose_scope
from ui.language import Texts
from ui.read_ahead import read_ahead
from ui.replies import Health, Scope, Sentence, Turn
from ui.state import Exchange

QUESTION_ICON = ":material/person:"
ANSWER_ICON = ":material/auto_stories:"
POLL_S = 0.25


def show_ask(service: Service, texts: Texts, documents_page: st.Page) -> None:
    state.forget_uploads()
    try:
        health = service.health()
        if health["documents"] or state.conversation():
            _show_conversation(service, texts, health)
        else:
            _show_first_step(texts, documents_page)
    except ServiceError as error:
        show_problem(texts, error)
        st.button(texts("error.try_again"))


def _show_first_step(texts: Texts, documents_page: st.Page) -> None:
    st.title(texts("ask.title"), anchor=False)
    show(notice("info", texts("ask.no_documents"), texts("ask.no_documents_hint")))
    if st.button(texts("ask.add_documents"), type="primary", icon=":material/upload_file:"):
        st.switch_page(documents_page)


def _show_conversation(service: Service, texts: Texts, health: Health) -> None:
    typed = st.bottom.chat_input(
        texts("ask.placeholder"), key=state.QUESTION, submit_mode="disable"
    )
    question = (state.take_question() or typed or "").strip()
    history = state.history()
    if question:
        state.conversation().append(Exchange(question))
    exchanges = state.conversation()
    _show_head(texts, started=bool(exchanges))
    scope = choose_scope(service, texts, health)
    examples = st.empty()
    if not exchanges:
        with examples.container():
            show_examples(service, texts, health)
    for number, exchange in enumerate(exchanges):
        with st.chat_message("user", avatar=QUESTION_ICON):
            show(question_text(exchange.question))
        with st.chat_message("assistant", avatar=ANSWER_ICON):
            is_last = number == len(exchanges) - 1
            if question and is_last:
                _write_answer(service, texts, exchange, number, history, scope)
            if exchange.answer is None:
                _show_failure(texts, health, exchange, may_ask_again=is_last)
            elif not (question and is_last):
                show(finished_answer(texts, exchange.answer, scope=str(number)))
            if exchange.answer is not None:
                show_rating(service, texts, exchange, scope=str(number))


def _show_head(texts: Texts, *, started: bool) -> None:
    st.title(texts("ask.title"), anchor=False)
    show_hint(texts("ask.notice"))
    with st.container(key="ask-head", horizontal=True):  # always, so that nothing below moves
        if started:
            st.button(
                texts("ask.new_conversation"),
                on_click=state.forget_conversation,
                icon=":material/add_comment:",
            )


def _write_answer(
    service: Service,
    texts: Texts,
    exchange: Exchange,
    number: int,
    history: list[Turn],
    scope: Scope,
) -> None:
    """Show sentence after sentence and keep what came of it in the exchange."""
    place, stop = st.empty(), st.empty()
    stop.button(texts("ask.stop"), key=f"stop-{number}", icon=":material/stop_circle:")
    bring_last_message_into_view()
    sentences: list[Sentence] = []
    events = service.ask(exchange.question, history=history, scope=scope)
    try:
        with closing(read_ahead(events, wait_s=POLL_S)) as coming:
            place.html(growing_answer(texts, sentences, scope=str(number)))
            for event in coming:
                match event:
                    case ("sentence", data):
                        sentences.append(data["sentence"])
                    case ("answer", data):
                        exchange.answer = data
                place.html(growing_answer(texts, sentences, scope=str(number)))
    except ServiceError as error:
        exchange.error = error
    stop.empty()
    if exchange.answer is None:
        place.empty()
    else:  # where the next run shows it too: cards that the reader has opened stay open
        place.html(finished_answer(texts, exchange.answer, scope=str(number)))


def _show_failure(texts: Texts, health: Health, exchange: Exchange, *, may_ask_again: bool) -> None:
    if exchange.error is None:
        show(notice("warning", texts("ask.interrupted")))
    else:
        show_problem(texts, exchange.error, max_question_chars=health["max_question_chars"])
    if may_ask_again:
        st.button(texts("ask.ask_again"), on_click=state.ask_again, icon=":material/refresh:")
