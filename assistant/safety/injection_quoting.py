"""Retrieved text, made fit to stand between the marks of a prompt.

A document must not be able to end the passages, open a turn, or pass off words as another passage.
What looks like it is shown in signs that mean nothing to a template; all other words stay, so that
sentences written from them can still be held against their source.
"""

from __future__ import annotations

import re

_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_CONTROL = re.compile(r"<\|([^|<>\n]{0,60})\|>|<\|")
_OUR_MARK = re.compile(
    r"<\s*(/?)\s*(passages?|part|documents?|context|contexte|system|assistant|user|human"
    r"|start_of_turn|end_of_turn|s)\s*/?\s*>",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\[\s*(/?)\s*(INST|SYS)\s*\]|<<\s*(/?)\s*(SYS)\s*>>", re.IGNORECASE)
_NUMBER = re.compile(r"^(\s*(?:passages?\s*)?)\[\s*(\d{1,4})\s*\]", re.IGNORECASE | re.MULTILINE)
_LABEL = re.compile(
    r"^[ \t]*(?:#{2,}[ \t]*)?((?:system|système|assistant|user|utilisateur|human|passages?"
    r"|question|instructions?|response|réponse|answer|output|input)[ \t]*:)",
    re.IGNORECASE | re.MULTILINE,
)
_RULE = re.compile(r"^[ \t]*[-=*_#]{3,}[ \t]*(?=\w)", re.MULTILINE)


def quote_text(text: str) -> str:
    """`text` without signs that nobody sees, its forged marks broken, its lines that begin like a
    turn or a passage shown as items of a list."""
    text = _INVISIBLE.sub("", text)
    text = _CONTROL.sub(lambda found: f"‹{found.group(1) or ''}›", text)
    text = _OUR_MARK.sub(r"‹\1\2›", text)
    text = _BRACKETS.sub(lambda found: f"({found.group(2) or found.group(4)})", text)
    text = _NUMBER.sub(r"\1(\2)", text)
    text = _LABEL.sub(r"- \1", text)
    return _RULE.sub("", text)


def quote_line(text: str) -> str:
    """The same for a title or a heading, which is one line."""
    return quote_text(" ".join(text.split()))
