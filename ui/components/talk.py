"""Which conversation is shown: the one that the address names."""

from __future__ import annotations

import re

import streamlit as st

from ui import state
from ui.client import Service, ServiceError
from ui.components.markup import show
from ui.components.notice import notice
from ui.conversations import Conversation, read_conversation, start_conversation
from ui.language import Texts
from ui.state import Exchange, Talk

_ID = re.compile(r"[0-9a-f]{32}")


def resume_talk(service: Service, texts: Texts) -> None:
    """Show what the address names, also after the page or its service was started anew. A
    question goes to the conversation that is shown: the browser may have sent it before it heard
    of a new address.

    Raises:
        ServiceError: the service failed.
    """
    named = st.query_params.get(state.CONVERSATION, "")
    shown = state.talk().id
    if named == shown:
        return
    if not named or state.is_asked():
        state.name_in_address(shown)
        return
    try:
        if not _ID.fullmatch(named):
            raise ServiceError("ConversationNotFoundError", named)
        state.show_talk(_talk_of(read_conversation(service, named)))
    except ServiceError as error:
        if error.kind != "ConversationNotFoundError":
            raise
        state.forget_conversation()
        show(notice("warning", texts("ask.conversation_gone")))


def begin_talk(service: Service, question: str) -> None:
    """Have a conversation to keep the question in.

    Raises:
        ServiceError: the service failed.
    """
    if not state.talk().id:
        started = start_conversation(service, question)
        state.talk().id, state.talk().title = started["id"], started["title"]
        state.name_in_address(started["id"])


def _talk_of(kept: Conversation) -> Talk:
    return Talk(
        id=kept["id"],
        title=kept["title"],
        mine=kept["mine"],
        owner=kept["owner"],
        exchanges=[
            Exchange(
                question=one["question"],
                id=one["id"],
                answer=one["answer"],
                withheld=one["withheld"],
                forgotten=one["forgotten"],
            )
            for one in kept["conversation"]
        ],
    )
