"""A follow-up as a question that stands alone, written by the generator and checked."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.errors import ModelError
from assistant.retrieval.query import Query
from assistant.types import Language, Turn
from assistant.words import content_stems, numbers

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from assistant.models.generators.base import Generator


logger = logging.getLogger(__name__)

MOST_TURNS = 4
MOST_TURN_CHARS = 600
MOST_NEW_TOKENS = 80

_ORDERS: dict[Language, str] = {
    "fr": (
        "Voici une conversation et une dernière question. Réécrivez la dernière question pour "
        "qu'elle se comprenne sans la conversation, avec les mots de celle-ci. N'y répondez pas. "
        "Écrivez seulement la question."
    ),
    "en": (
        "Here is a conversation and a last question. Rewrite the last question so that it can be "
        "understood without the conversation, with the words of the conversation. Do not answer "
        "it. Write only the question."
    ),
}
_LABELS: dict[Language, tuple[str, str, str, str]] = {
    "fr": ("Conversation :", "Dernière question :", "Utilisateur", "Assistant"),
    "en": ("Conversation:", "Last question:", "User", "Assistant"),
}


def rewrite(query: Query, history: Sequence[Turn], generator: Generator) -> Query:
    """The same question, searched for by what the generator makes of it.

    What the generator writes is taken only where it is one question of the conversation's own
    words and numbers that keeps those of the last question; else the query stays as the rules
    made it, as it does when no model can be had.
    """
    if query.text == query.asked:  # it points back to nothing
        return query
    try:
        pieces = generator.stream_text(
            build_prompt(query, history), max_new_tokens=MOST_NEW_TOKENS, stop=("\n",)
        )
        with closing(pieces):  # type: ignore[type-var]  # all of ours are generators
            written = " ".join("".join(pieces).split()).strip(" \"'«»“”")
    except ModelError as exc:
        logger.warning("a follow-up was not rewritten: %s", type(exc).__name__)
        return query
    if not holds(written, query, history):
        return query
    return replace(query, text=written)


def build_prompt(query: Query, history: Sequence[Turn]) -> list[BaseMessage]:
    from langchain_core.messages import HumanMessage  # here: slow to import

    talk, last, user, assistant = _LABELS[query.language]
    names = {"user": user, "assistant": assistant}
    turns = [
        f"{names[turn.role]}: {' '.join(turn.text.split())[:MOST_TURN_CHARS]}"
        for turn in history[-MOST_TURNS:]
    ]
    parts = [_ORDERS[query.language], "\n".join([talk, *turns]), f"{last} {query.asked}"]
    return [HumanMessage("\n\n".join(parts))]


def holds(written: str, query: Query, history: Sequence[Turn]) -> bool:
    """Whether a rewritten question says nothing that the conversation has not said, and all
    that its last question has."""
    if not written.endswith("?") or len(written) > len(query.text) + MOST_TURN_CHARS:
        return False
    said = " ".join([*(turn.text for turn in history[-MOST_TURNS:]), query.asked])
    language = query.language
    stems = set(content_stems(written, language))
    asked = set(content_stems(query.asked, language))
    known = {value for readings in numbers(said) for value in readings}
    return (
        stems <= set(content_stems(said, language))
        and asked <= stems
        and len(stems) > len(asked)
        and all(readings & known for readings in numbers(written))
    )
