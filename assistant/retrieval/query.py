"""From what was typed to what is searched for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.errors import QuestionError
from assistant.language import detect_language
from assistant.types import Language, Turn
from assistant.words import INVERSION, content_stems, fold

FOLLOWED_TURNS = 2
"""User turns put before a follow-up; two lift recall@10 from .826 to .876 without a model."""


LEAST_WORDS = 3
"""A question with fewer words that carry meaning cannot stand alone."""

_BACKWARD = re.compile(
    r"^(?:et|and|mais|but|ou|or|donc|so|alors|then|sinon|otherwise|what about|how about)\b"
    r"|\b(?:ils?|elles?|lui|celui|celle|ceux|celles|cela|ca|ceci|le meme|la meme|ce dernier"
    r"|cette derniere|it|they|them|he|she|him|those|these|this one|the same)\b"
)
"""Possessives are left out: they mostly look back within their own sentence."""


@dataclass(frozen=True, slots=True)
class Query:
    """`asked` is the question itself, `text` stands alone (earlier turns included)."""

    asked: str
    text: str
    language: Language


def read_question(question: str, *, history: Sequence[Turn] = (), max_chars: int) -> Query:
    """Clean a question and make it stand alone.

    Raises:
        QuestionError: it holds no letter or digit, or more than `max_chars` characters.
    """
    asked = " ".join(_printable(question).split())
    if not any(ch.isalnum() for ch in asked):
        raise QuestionError("The question is empty; type a question with at least one word.")
    if len(asked) > max_chars:
        raise QuestionError(
            f"The question has {len(asked):,} characters; at most {max_chars:,} are taken. "
            "Shorten it, or add the text as a document and ask about that."
        )
    earlier = [_printable(turn.text) for turn in history if turn.role == "user"]
    text = asked
    if earlier and _looks_back(asked):
        turns = [" ".join(turn.split())[:max_chars] for turn in earlier[-FOLLOWED_TURNS:]]
        text = " ".join([*turns, asked])
    return Query(
        asked=asked, text=text, language=detect_language(asked) or detect_language(text) or "en"
    )


def _looks_back(question: str) -> bool:
    """Whether a question points to what was said before: it opens with 'and', holds a pronoun,
    or says too little."""
    words = content_stems(question, detect_language(question) or "en")
    bare = fold(INVERSION.sub(" ", question))  # in 'le compteur pèse-t-il' the noun is there
    return len(set(words)) < LEAST_WORDS or _BACKWARD.search(bare) is not None


def _printable(text: str) -> str:
    """Without control characters and lone surrogates, which no index can take."""
    normal = unicodedata.normalize("NFC", text)
    return "".join(
        " " if unicodedata.category(ch) in {"Cc", "Cs", "Co", "Cn"} else ch for ch in normal
    )
