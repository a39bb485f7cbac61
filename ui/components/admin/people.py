"""Who may come in, with which groups; and the tokens of programs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui import state
from ui.administration import (
    Token,
    User,
    add_user,
    change_user,
    create_token,
    list_groups,
    list_tokens,
    list_users,
    remove_user,
    revoke_token,
    set_password,
)
from ui.client import Service, ServiceError
from ui.components.markup import Markup, show, show_hint
from ui.components.notice import notice, show_problem
from ui.components.row import row_text
from ui.language import Texts

ROLES = ("reader", "editor", "admin")
SCOPES = ("read", "write", "admin")
EVERYONE = "everyone"


def show_people(service: Service, texts: Texts) -> None:
    users = list_users(service)
    groups = [one["name"] for one in list_groups(service) if one["name"] != EVERYONE]
    show_hint(texts.count("people.total", len(users)))
    for user in users:
        _show_user(service, texts, user, groups)
    if st.button(texts("people.add"), icon=":material/person_add:", key="add-user"):
        st.dialog(texts("people.add"), on_dismiss="rerun")(_add)(service, texts, groups)
    st.subheader(texts("tokens.title"), anchor=False)
    show_hint(texts("tokens.hint"))
    for token in list_tokens(service):
        _show_token(service, texts, token)
    if users and st.button(texts("tokens.add"), icon=":material/key:", key="add-token"):
        names = [one["name"] for one in users if not one["disabled"]]
        st.dialog(texts("tokens.add"), on_dismiss="rerun")(_add_token)(service, texts, names)


def role_name(texts: Texts, role: str) -> str:
    names = {
        "reader": texts("account.reader"),
        "editor": texts("account.editor"),
        "admin": texts("account.admin"),
    }
    return names.get(role, role)


def _show_user(service: Service, texts: Texts, user: User, groups: Sequence[str]) -> None:
    key = user["name"]
    with st.container(key=f"row-user-{key}", horizontal=True, vertical_alignment="center"):
        show(_about_user(texts, user))
        if st.button(texts("people.change"), key=f"change-{key}", type="tertiary"):
            st.dialog(user["name"], on_dismiss="rerun")(_change)(service, texts, user, groups)


def _about_user(texts: Texts, user: User) -> Markup:
    told = [role_name(texts, user["role"]), ", ".join(user["groups"]) or texts("people.no_groups")]
    if user["disabled"]:
        told.append(texts("people.disabled"))
    return row_text(user["name"], " · ".join(told))


def _add(service: Service, texts: Texts, groups: Sequence[str]) -> None:
    with st.form("add-user-form", border=False):
        name = st.text_input(texts("people.name"), max_chars=100)
        role = st.selectbox(
            texts("people.role"), ROLES, format_func=lambda one: role_name(texts, one)
        )
        joined = st.multiselect(
            texts("people.groups"), groups, accept_new_options=True, placeholder=""
        )
        password = st.text_input(
            texts("people.password"), type="password", help=texts("people.password_hint")
        )
        if not st.form_submit_button(texts("people.add"), type="primary"):
            return
    try:
        add_user(service, name, role=role, groups=joined, password=password)
    except ServiceError as error:
        show_problem(texts, error)
    else:
        st.rerun()


def _change(service: Service, texts: Texts, user: User, groups: Sequence[str]) -> None:
    name = user["name"]
    with st.form("change-user-form", border=False):
        role = st.selectbox(
            texts("people.role"),
            ROLES,
            index=ROLES.index(user["role"]),
            format_func=lambda one: role_name(texts, one),
        )
        known = sorted({*groups, *user["groups"]})
        wanted = st.multiselect(
            texts("people.groups"),
            known,
            default=user["groups"],
            accept_new_options=True,
            placeholder="",
        )
        disabled = st.toggle(texts("people.disable"), value=user["disabled"])
        password = st.text_input(texts("people.new_password"), type="password")
        kept = st.form_submit_button(texts("people.keep"), type="primary")
    show_hint(texts("people.signed_out"))
    sure = st.checkbox(texts("people.remove_sure", name=name), key=f"sure-{name}")
    removed = st.button(texts("people.remove"), disabled=not sure, key=f"remove-{name}")
    try:
        if kept:
            change_user(
                service,
                name,
                role=role,
                join=[one for one in wanted if one not in user["groups"]],
                leave=[one for one in user["groups"] if one not in wanted],
                disabled=disabled,
            )
            if password:
                set_password(service, name, password)
        if removed:
            remove_user(service, name)
    except ServiceError as error:
        show_problem(texts, error)
    else:
        if kept or removed:
            st.rerun()


def _show_token(service: Service, texts: Texts, token: Token) -> None:
    key = token["id"]
    ends = texts.date(token["expires_at"], utc_offset=state.utc_offset())
    told = [token["user"], _scope(texts, token["scope"]), texts("tokens.until", day=ends)]
    if token["revoked"]:
        told.append(texts("tokens.revoked"))
    with st.container(key=f"row-token-{key}", horizontal=True, vertical_alignment="center"):
        show(row_text(f"{token['name']} …{token['hint']}", " · ".join(told)))
        revoked = not token["revoked"] and st.button(
            texts("tokens.revoke"), key=f"revoke-{key}", type="tertiary"
        )
        if revoked:
            revoke_token(service, key)
            st.rerun()


def _scope(texts: Texts, scope: str) -> str:
    return {
        "read": texts("tokens.read"),
        "write": texts("tokens.write"),
        "admin": texts("tokens.admin"),
    }.get(scope, scope)


def _add_token(service: Service, texts: Texts, names: Sequence[str]) -> None:
    with st.form("add-token-form", border=False):
        user = st.selectbox(texts("tokens.user"), names)
        name = st.text_input(texts("tokens.name"), max_chars=100)
        scope = st.selectbox(
            texts("tokens.scope"), SCOPES, format_func=lambda one: _scope(texts, one)
        )
        days = st.number_input(texts("tokens.days"), min_value=1, max_value=3650, value=90)
        if not st.form_submit_button(texts("tokens.add"), type="primary"):
            return
    try:
        made = create_token(service, user, name=name, scope=scope, days=int(days))
    except ServiceError as error:
        show_problem(texts, error)
        return
    show(notice("success", texts("tokens.made"), texts("tokens.once")))
    st.code(made["secret"], language=None)
