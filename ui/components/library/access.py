"""Who may read documents: said in a few words, and changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from ui.administration import list_groups, list_users
from ui.client import Service, ServiceError
from ui.language import Texts
from ui.library import Access
from ui.replies import Document, Me

EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Names:
    """With whom somebody can share; others may be typed in."""

    groups: tuple[str, ...]
    users: tuple[str, ...]


def say_readers(texts: Texts, document: Document) -> str:
    """As much of who may read it as the reader may know."""
    if EVERYONE in document["groups"]:
        return texts("access.everyone")
    names = [*document["groups"], *document["users"]]
    return ", ".join(names) if names else texts("access.nobody_else")


def known_names(service: Service, me: Me) -> Names:
    """All, for administrators; else one's own groups."""
    groups, users = [EVERYONE, *me["groups"]], [me["name"]] if me["name"] else []
    if me["role"] == "admin":
        try:
            groups += [one["name"] for one in list_groups(service)]
            users += [one["name"] for one in list_users(service)]
        except ServiceError:  # a token that is not made for it; names can be typed in
            pass
    return Names(tuple(dict.fromkeys(groups)), tuple(dict.fromkeys(users)))


def choose_access(
    texts: Texts, names: Names, *, key: str, present: Access, inherits: bool
) -> Access | None:
    """Two ways; None: as the source or the collection says.

    Args:
        present: what is chosen at first.
    """
    ways = {"inherit": texts("access.inherit"), "own": texts("access.own")}
    way = st.radio(
        texts("access.way"),
        [*ways],
        index=0 if inherits else 1,
        format_func=ways.__getitem__,
        key=f"{key}-way",
    )
    if way == "inherit":
        return None
    groups = choose_groups(texts, names, present["groups"], key=f"{key}-groups")
    users = st.multiselect(
        texts("access.users"),
        [*dict.fromkeys([*names.users, *present["users"]])],
        default=present["users"],
        accept_new_options=True,
        placeholder="",
        key=f"{key}-users",
    )
    return {"groups": groups, "users": users}


def choose_groups(texts: Texts, names: Names, chosen: Sequence[str], *, key: str) -> list[str]:
    """
    Args:
        chosen: at first.
    """
    return st.multiselect(
        texts("access.groups"),
        [*dict.fromkeys([*names.groups, *chosen])],
        default=[*chosen],
        format_func=lambda name: say_group(texts, name),
        accept_new_options=True,
        placeholder="",
        key=key,
    )


def say_group(texts: Texts, name: str) -> str:
    return texts("access.everyone") if name == EVERYONE else name
