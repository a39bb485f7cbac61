"""What only a script can do to Streamlit's frame. No text from elsewhere comes in here."""

from __future__ import annotations

import json

import streamlit as st

from ui.language import Language


def declare_language(language: Language) -> None:
    """Tell screen readers how to pronounce the page: Streamlit's frame says English."""
    _run(f"document.documentElement.lang = '{language}'", key="frame-language")


def bring_last_message_into_view() -> None:
    """Streamlit's own way keeps to the very bottom, even when a reader opens a citation."""
    messages = "document.querySelectorAll('[data-testid=stChatMessage]')"
    _run(f"[...{messages}].at(-1)?.scrollIntoView({{block: 'nearest'}})", key="frame-scroll")


def go_to(path: str) -> None:
    """Leave for another page of this service; `path` is written in the code."""
    _run(f"location.assign({json.dumps(path)})", key="frame-go")


def _run(script: str, *, key: str) -> None:
    with st.container(key=key):
        st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)
