"""Who is signed in, and the way out."""

from __future__ import annotations

import streamlit as st

from ui import state
from ui.client import Service
from ui.components.frame import go_to
from ui.components.markup import show, show_hint
from ui.components.notice import notice
from ui.language import Texts
from ui.replies import Me

ACCOUNT = "/account/"
SIGN_IN = "/account/sign-in"


def show_account(service: Service, texts: Texts, me: Me) -> None:
    """A menu with the person's name; nothing where nobody has to sign in."""
    if me["name"] is None:
        return
    with st.popover(me["name"], icon=":material/account_circle:"):
        roles = {
            "reader": texts("account.reader"),
            "editor": texts("account.editor"),
            "admin": texts("account.admin"),
        }
        show_hint(roles.get(me["role"] or "", ""))
        if st.button(
            texts("account.open"), key="account", icon=":material/settings:", width="stretch"
        ):
            go_to(ACCOUNT)
        if st.button(
            texts("account.sign_out"), key="sign-out", icon=":material/logout:", width="stretch"
        ):
            service.sign_out()
            state.forget_everything()
            go_to(f"{SIGN_IN}?signed_out=1&language={texts.language}")


def show_signed_out(texts: Texts) -> None:
    """The session has ended: nothing that was on the page stays."""
    state.forget_everything()
    show(notice("warning", texts("account.signed_out"), texts("account.signed_out_hint")))
    if st.button(texts("account.sign_in"), type="primary", icon=":material/login:"):
        go_to(f"{SIGN_IN}?language={texts.language}")
