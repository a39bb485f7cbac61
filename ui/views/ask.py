"""Ask: a conversation with the documents."""

from __future__ import annotations

from contextlib import closing, suppress

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui import state
from ui.client import Service, ServiceError
from ui.components.answer import finished_answer, growing_answer, question_text
from ui.components.examples import show_examples
from ui.components.exchange_tools import show_exports, show_follow_ups, show_tools
from ui.components.frame import bring_last_message_into_view, enable_copying
from ui.components.marks import follow_marks
from ui.components.markup import element, show, show_hint
from ui.components.notice import notice, show_problem
from ui.components.rating import show_rating
from ui.components.scope import choose_scope
from ui.components.source import beside_source
from ui.components.talk import begin_talk, resume_talk
from ui.conversations import delete_exchange
from ui.language import LANGUAGES, Texts, load_texts
from ui.read_ahead import read_ahead
from ui.replies import Health, Scope, Sentence, Turn
from ui.state import Exchange, Talk

QUESTION_ICON = ":material/person:"
ANSWER_ICON = ":material/auto_stories:"
POLL_S = 0.25


def show_ask(service: Service, texts: Texts, library_page: st.Page) -> None:
    state.forget_uploads()
    try:
        health = service.health()
        if health["documents"] or state.conversation() or state.CONVERSATION in st.query_params:
            _show_conversation(service, texts, health)
        else:
            _show_first_step(texts, library_page)
    except ServiceError as error:
        show_problem(texts, error)
        st.button(texts("error.try_again"))


def _show_first_step(texts: Texts, library_page: st.Page) -> None:
    st.title(texts("ask.title"), anchor=False)
    show(notice("info", texts("ask.no_documents"), texts("ask.no_documents_hint")))
    if st.button(texts("ask.add_documents"), type="primary", icon=":material/upload_file:"):
        st.switch_page(library_page)


def _show_conversation(service: Service, texts: Texts, health: Health) -> None:
    resume_talk(service, texts)
    talk = state.talk()
    typed = st.bottom.chat_input(
        texts("ask.placeholder"), key=state.QUESTION, submit_mode="disable", disabled=not talk.mine
    )
    question = (state.take_question() or typed or "").strip()
    history = state.history()
    if question:
        state.close_source()  # the new answer takes its place
        talk.exchanges.append(Exchange(question))
        talk.title = talk.title or question.splitlines()[0]  # until the service has named it
    saving = _show_head(texts, talk)
    if kept := bool(talk.id):
        _show_saving(saving, service, texts)
    if health["generation"]["state"] == "stopped":
        show(notice("warning", texts("ask.stopped"), health["generation"]["reason"]))
    follow_marks()
    enable_copying()
    cited = {
        str(number): one.answer["citations"]
        for number, one in enumerate(talk.exchanges)
        if one.answer is not None
    }
    with beside_source(service, texts, cited):
        scope, below = _show_talk(service, texts, health, history, question)
    if talk.id and not kept:
        _show_saving(saving, service, texts)
    if talk.exchanges and talk.mine:
        show_follow_ups(below, service, texts, talk.exchanges[-1], scope)


def _show_talk(
    service: Service, texts: Texts, health: Health, history: list[Turn], question: str
) -> tuple[Scope, DeltaGenerator]:
    """The scope that was chosen, and the place below the last answer."""
    exchanges = state.conversation()
    scope: Scope = choose_scope(service, texts, health) if state.talk().mine else {}
    examples = below = st.empty()
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
                _show_failure(service, texts, health, exchange, is_last=is_last)
            elif not (question and is_last):
                show(finished_answer(texts, exchange.answer, scope=str(number)))
            if exchange.answer is not None:
                _show_tools(service, texts, exchange, number)
            below = st.empty()
    return scope, below


def _show_tools(service: Service, texts: Texts, exchange: Exchange, number: int) -> None:
    with st.container(key=f"tools-{number}", horizontal=True, vertical_alignment="center"):
        show_tools(service, texts, exchange, scope=str(number))
    if state.talk().mine:
        show_rating(service, texts, exchange, scope=str(number))


def _show_head(texts: Texts, talk: Talk) -> DeltaGenerator:
    """Title and notices, and the place of what saves the conversation."""
    if not talk.exchanges:
        st.title(texts("ask.title"), anchor=False)
        # Who reads the other language is told as well: nobody asks before having seen this.
        show(
            notice(
                "info",
                texts("ask.notice"),
                *(
                    element("span", load_texts(one)("ask.notice"), lang=one)
                    for one in LANGUAGES
                    if one != texts.language
                ),
            )
        )
    else:
        show(element("h1", talk.title or texts("ask.title"), class_="philo-talk", dir="auto"))
        show_hint(texts("ask.notice"))
    if not talk.mine:
        owner = talk.owner or texts("history.operator")
        show(notice("info", texts("ask.shared", owner=owner), texts("ask.shared_hint")))
    with st.container(key="ask-head", horizontal=True):  # always, so that nothing below moves
        saving = st.empty()
        if talk.exchanges:
            st.button(
                texts("ask.new_conversation"),
                on_click=state.forget_conversation,
                icon=":material/add_comment:",
            )
    return saving


def _show_saving(place: DeltaGenerator, service: Service, texts: Texts) -> None:
    with place.popover(texts("export.conversation"), icon=":material/download:", type="tertiary"):
        show_exports(service, texts, key="talk")


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
    try:
        begin_talk(service, exchange.question)
        events = service.ask(
            exchange.question, history=history, scope=scope, conversation=state.talk().id
        )
        with closing(read_ahead(events, wait_s=POLL_S)) as coming:
            place.html(growing_answer(texts, sentences, scope=str(number)))
            for event in coming:
                match event:
                    case ("exchange", data):
                        exchange.id = data["id"]
                    case ("sentence", data):
                        sentences.append(data["sentence"])
                    case ("answer", data):
                        exchange.answer = data
                place.html(growing_answer(texts, sentences, scope=str(number)))
    except ServiceError as error:
        exchange.error = error
        if error.kind == "ConversationNotFoundError":  # deleted meanwhile: the next one is new
            state.talk().id = ""
    stop.empty()
    if exchange.answer is None:
        place.empty()
    else:  # where the next run shows it too: cards that the reader has opened stay open
        place.html(finished_answer(texts, exchange.answer, scope=str(number)))


def _show_failure(
    service: Service, texts: Texts, health: Health, exchange: Exchange, *, is_last: bool
) -> None:
    if exchange.withheld:
        show(notice("warning", texts("ask.withheld"), texts("ask.withheld_hint")))
        return
    if exchange.forgotten:
        show(notice("warning", texts("ask.forgotten")))
        return
    if exchange.error is None:
        show(notice("warning", texts("ask.interrupted")))
    else:
        show_problem(texts, exchange.error, max_question_chars=health["max_question_chars"])
    if is_last and state.talk().mine:
        st.button(
            texts("ask.ask_again"),
            on_click=_ask_again,
            args=(service,),
            icon=":material/refresh:",
        )


def _ask_again(service: Service) -> None:
    last = state.take_back_question()
    if last.id:
        with suppress(ServiceError):  # then both are kept, which is no harm
            delete_exchange(service, state.talk().id, last.id)
