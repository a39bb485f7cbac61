"""Questions to start with, made of what the documents are about."""

from __future__ import annotations

import re

import streamlit as st

from ui import state
from ui.client import Service
from ui.components.markup import literal_markdown, show_hint
from ui.language import Texts
from ui.replies import Health

SHOWN = 3
CONSIDERED = 100
_NUMBER = re.compile(r"^(?:\d+(?:\.\d+)*|[IVX]+)[.)]?\s+")


def show_examples(service: Service, texts: Texts, health: Health) -> None:
    """Up to three questions as buttons; each asks itself.

    Raises:
        ServiceError: the service failed.
    """
    questions = state.remember(
        state.EXAMPLES,
        of=(texts.language, health["documents"], health["chunks"]),
        make=lambda: _choose(service, texts),
    )
    if not questions:
        return
    show_hint(texts("ask.examples"))
    for number, question in enumerate(questions):
        st.button(
            literal_markdown(question),
            key=f"example-{number}",
            on_click=state.put_question,
            args=(question,),
            icon=":material/chat_bubble:",
        )


def _choose(service: Service, texts: Texts) -> list[str]:
    """One question for each of the shortest documents, those in the reader's language first."""
    listed = service.documents(query="", offset=0, limit=CONSIDERED)["documents"]
    listed.sort(key=lambda one: (one["language"] != texts.language, one["pages"], one["title"]))
    questions: list[str] = []
    for document in listed[: 2 * SHOWN]:
        for chunk in service.chunks(document["id"]):
            headings = [part for part in chunk["heading"] if part != document["title"]]
            if headings:
                heading = _NUMBER.sub("", headings[-1])
                questions.append(texts("ask.example", title=document["title"], heading=heading))
                break
        if len(questions) == SHOWN:
            break
    return questions
