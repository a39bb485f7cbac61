"""Entries for full-text indexes, and what is found of them."""

from __future__ import annotations

from assistant.knowledge.lexicon.base import Lexicon, LexiconEntry
from assistant.types import OPERATOR, Language, Readable


def entry(
    chunk_id: str,
    text: str,
    *,
    groups: tuple[str, ...] = ("everyone",),
    title: str = "",
    heading: str = "",
    collection: str = "default",
) -> LexiconEntry:
    return LexiconEntry(
        chunk_id=chunk_id,
        title=title,
        heading=heading,
        text=text,
        document_id=chunk_id.partition(":")[0],
        collection=collection,
        groups=frozenset(groups),
    )


def found(
    lexicon: Lexicon,
    query: str,
    language: Language = "fr",
    *,
    readable: Readable = OPERATOR,
    k: int = 10,
) -> list[str]:
    hits = lexicon.search(query, k=k, readable=readable, language=language)
    return [hit.id for hit in hits]
