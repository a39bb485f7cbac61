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

PICTURE = "So"
"""The category of emoji (Unicode, other symbols)."""
FOLLOWED_TURNS = 2
"""User turns put before a follow-up: the last, and the one that it follows up in its turn."""


LEAST_WORDS = 3
"""A question with fewer words that carry meaning cannot stand alone."""

_BACKWARD = re.compile(
    r"^(?:et|and|mais|but|ou|or|donc|so|alors|then|sinon|otherwise|what about|how about)\b"
    r"|\b(?:ils?|elles?|lui|celui|celle|ceux|celles|cela|ca|ceci|le meme|la meme|ce dernier"
    r"|cette derniere|it|they|them|he|she|him|those|these|this one|the same)\b"
)
"""Possessives are left out: they mostly look back within their own sentence."""

_CLAUSE = re.compile(
    r"[,;:]|\b(?:and|or|but|when|while|if|because|since|that|which|et|ou|mais|quand|lorsque"
    r"|si|car|puisque|parce que|pendant que|que|qui)\b"
)
"""Where a clause may begin whose pronouns mean what the clause before it has named."""


@dataclass(frozen=True, slots=True)
class Query:
    """`asked` is the question itself, `text` stands alone (earlier turns included)."""

    asked: str
    text: str
    language: Language


def read_question(question: str, *, history: Sequence[Turn] = (), max_chars: int) -> Query:
    """Clean a question and make it stand alone.

    Raises:
        QuestionError: it holds no letter, digit or emoji, or more than `max_chars` characters.
    """
    asked = " ".join(_printable(question).split())
    if not any(ch.isalnum() or unicodedata.category(ch) == PICTURE for ch in asked):
        raise QuestionError("The question is empty; type a question with at least one word.")
    if len(asked) > max_chars:
        raise QuestionError(
            f"The question has {len(asked):,} characters; at most {max_chars:,} are taken. "
            "Shorten it, or add the text as a document and ask about that."
        )
    text = asked
    if _looks_back(asked):
        text = " ".join([*_followed(history, max_chars), asked])
    return Query(
        asked=asked, text=text, language=detect_language(asked) or detect_language(text) or "en"
    )


def _looks_back(question: str) -> bool:
    """Whether a question points to what was said before: it opens with 'and', holds a pronoun,
    or says too little."""
    language = detect_language(question) or "en"
    bare = fold(INVERSION.sub(" ", question))  # in 'le compteur pèse-t-il' the noun is there
    if len(set(content_stems(question, language))) < LEAST_WORDS:
        return True
    return any(
        not _has_named(bare[: found.start()], language) for found in _BACKWARD.finditer(bare)
    )


def _has_named(before: str, language: Language) -> bool:
    """Whether the clauses before a pronoun's own say enough for it to mean something there."""
    *_, last = [0, *(clause.start() for clause in _CLAUSE.finditer(before))]
    return len(set(content_stems(before[:last], language))) >= LEAST_WORDS


def _followed(history: Sequence[Turn], max_chars: int) -> list[str]:
    """The user turns that a follow-up needs, oldest first: back to the one that stood alone."""
    asked = [" ".join(_printable(turn.text).split()) for turn in history if turn.role == "user"]
    turns = asked[-1:]
    for turn in reversed(asked[:-1]):
        if not _looks_back(turns[0]):
            break
        turns.insert(0, turn)
    kept = turns if len(turns) <= FOLLOWED_TURNS else [turns[0], *turns[1 - FOLLOWED_TURNS :]]
    return [turn[:max_chars] for turn in kept]


def _printable(text: str) -> str:
    """Without control characters and lone surrogates, which no index can take."""
    normal = unicodedata.normalize("NFC", text)
    return "".join(
        " " if unicodedata.category(ch) in {"Cc", "Cs", "Co", "Cn"} else ch for ch in normal
    )
