"""What can be done with a finished answer: copy it, save it, go on from it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import streamlit as st

from ui import state
from ui.client import Service
from ui.components.markup import Markup, element, literal_markdown, show, show_hint
from ui.conversations import export_conversation, suggest_questions
from ui.language import Texts
from ui.replies import Answer, Citation, Scope
from ui.state import Exchange

FORMATS = (("md", "Markdown"), ("docx", "Word"), ("pdf", "PDF"))
POLL_S = 0.25


def show_tools(service: Service, texts: Texts, exchange: Exchange, *, scope: str) -> None:
    """Copy and save."""
    if exchange.answer is None:
        return
    show(copy_button(texts, exchange.question, exchange.answer), width="content")
    if exchange.id:
        with st.popover(texts("export.answer"), icon=":material/download:", type="tertiary"):
            show_exports(service, texts, exchange_id=exchange.id, key=f"answer-{scope}")


def show_exports(service: Service, texts: Texts, *, key: str, exchange_id: str = "") -> None:
    """A button for each format; the file is made when one is pressed."""
    conversation_id = state.talk().id
    name = texts("export.file_name")
    for kind, label in FORMATS:
        st.download_button(
            texts("export.as", format=label),
            data=lambda kind=kind: export_conversation(
                service, conversation_id, kind, exchange_id=exchange_id
            ),
            file_name=f"{name}.{kind}",
            key=f"export-{key}-{kind}",
            on_click="ignore",
            type="tertiary",
        )


def copy_button(texts: Texts, question: str, answer: Answer) -> Markup:
    """Copies question, answer and sources as text; what it does is in `frame.py`."""
    sources = [
        texts("export.source", place=_place(texts, one), quote=one["quote"])
        for one in answer["citations"]
    ]
    told = "\n".join([question, "", answer["answer"], "", *sources, texts("export.generated")])
    return element(
        "button",
        texts("export.copy"),
        class_="philo-copy",
        type="button",
        data_copy=told,
        data_done=texts("export.copied"),
    )


def _place(texts: Texts, citation: Citation) -> str:
    place = f"[{citation['marker']}] {citation['title']}"
    if citation["pages"] > 1:
        place += f", {texts('citation.page', page=citation['page'])}"
    return place


def show_follow_ups(
    place: st.delta_generator.DeltaGenerator,
    service: Service,
    texts: Texts,
    exchange: Exchange,
    scope: Scope,
) -> None:
    """Questions that go on from the last answer, in `place`; each asks itself. Comes last in a
    run: they may take seconds, and are asked for once however often the page runs meanwhile."""
    if exchange.answer is None or exchange.answer["refused"]:
        return
    if exchange.follow_ups is None:
        exchange.follow_ups = _open_threads().submit(
            suggest_questions,
            service,
            exchange.answer["citations"],
            asked=[one.question for one in state.conversation()],
            language=texts.language,
            scope=scope,
        )
    while not exchange.follow_ups.done():
        place.empty()  # lets the reader do something else meanwhile
        wait([exchange.follow_ups], timeout=POLL_S)
    if exchange.follow_ups.exception() is not None:  # nobody has asked for them
        return
    if questions := exchange.follow_ups.result():
        with place.container():
            show_hint(texts("ask.follow_ups"))
            for number, question in enumerate(questions):
                st.button(
                    literal_markdown(question),
                    key=f"example-follow-{number}",
                    on_click=state.put_question,
                    args=(question,),
                    icon=":material/subdirectory_arrow_right:",
                )


@st.cache_resource
def _open_threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, thread_name_prefix="philo-follow-ups")
