"""HTML that is escaped by construction, and Markdown that says what it says.

Answers, documents and error messages come from elsewhere: nothing in them may run, load or
format anything. They reach the page through `element`, which escapes every child that it did
not make itself, or through `literal_markdown` where Streamlit takes nothing but Markdown.
"""

from __future__ import annotations

import html
import re
from typing import Literal

import streamlit as st


class Markup(str):
    """HTML made by `element`."""

    __slots__ = ()


def element(name: str, *children: str, **attributes: str | None) -> Markup:
    """One HTML element. Children that are not Markup are text.

    `class_` loses its underscore, `aria_label` becomes aria-label; what is None is left out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: str) -> Markup:
    """Several pieces, one after the other."""
    return Markup(
        "".join(
            child if isinstance(child, Markup) else html.escape(_printable(child))
            for child in children
        )
    )


def unbroken(text: str) -> str:
    """Without ends of lines within numbers, and before signs and units: 2 140 €, « ainsi » !"""
    text = _NUMBER.sub(lambda found: found[0].replace(" ", "\u00a0"), text)
    return _TOGETHER.sub("\u00a0", text)


def show(markup: Markup, *, width: Literal["stretch", "content"] = "stretch") -> None:
    st.html(markup, width=width)


def show_hint(text: str) -> None:
    show(element("p", text, class_="philo-hint"))


WORD_JOINER = "\u2060"
_NUMBER = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?!\d)")
_TOGETHER = re.compile(
    r"(?<=\d) (?=[%€$£°]|(?:k€|M€|euros?|ans?|jours?|h|min|[km]?g|[kcm]?m²?|[kMG]Wh?|[kMGT]o)\b)"
    r"|(?<=\S) (?=»|[:;?!](?![^\s).,»]))|(?<=«) "
)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_SPACE = re.compile(r"[^\S\u00a0\u202f]+")
"""Where a line may end."""
_RECOGNISED = re.compile(r"(\\:|\\@|www(?=\\\.))")
_CONTROLS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def literal_markdown(text: str) -> str:
    """Markdown that shows `text` letter by letter.

    A backslash takes the meaning from every sign. Streamlit replaces `:emoji:` and links only
    after that, so an invisible word joiner parts what they are recognised by.
    """
    one_line = _SPACE.sub(" ", _printable(text)).strip()
    return _RECOGNISED.sub(rf"\1{WORD_JOINER}", _PUNCTUATION.sub(r"\\\1", one_line))


def _printable(text: str) -> str:
    """Without control signs; those of direction could make a text read as another one."""
    return _CONTROLS.sub("", text)
