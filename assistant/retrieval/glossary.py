"""A small French and English word list, for full text across the two languages."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from importlib.resources import files

from assistant.types import Language
from assistant.words import STOP_WORDS, plain_words, stem

_VERB_ENDING = re.compile(r"(?<=...)(?:aient|ait|ent|ons|ez)$")
"""Of French verbs, where the stemmer leaves it: 'travaillent'."""

OTHER: dict[Language, Language] = {"fr": "en", "en": "fr"}


def translate_words(text: str, language: Language) -> str:
    """The words of a question in the other language, as far as they are known; others stay, as
    names, numbers, codes and words that both languages share do. No sentence, but words to
    search for."""
    found: dict[str, None] = {}
    for word in plain_words(text):
        if word not in STOP_WORDS[language]:
            found |= dict.fromkeys(translate_word(word, language))
    return " ".join(found)


def translate_word(word: str, language: Language) -> tuple[str, ...]:
    """The words of the other language that a folded word may be; itself where none is known."""
    known = _glossary()[language]
    roots = (stem(word, language), stem(_VERB_ENDING.sub("er", word), language))
    return next((known[root] for root in roots if root in known), (word,))


@cache
def _glossary() -> dict[Language, dict[str, tuple[str, ...]]]:
    """Language -> stem -> words of the other language."""
    both: dict[Language, dict[str, dict[str, None]]] = {
        "fr": defaultdict(dict),
        "en": defaultdict(dict),
    }
    source = files("assistant.retrieval").joinpath("glossary.txt").read_text(encoding="utf-8")
    for line in source.splitlines():
        if line.startswith("#"):
            continue
        for entry in line.split(";"):
            french, _, english = entry.partition("=")
            for translation in english.split(","):
                _add(both["fr"], french, translation, "fr")
                _add(both["en"], translation, french, "en")
    return {
        language: {root: tuple(words) for root, words in entries.items()}
        for language, entries in both.items()
    }


def _add(entries: dict[str, dict[str, None]], source: str, target: str, language: Language) -> None:
    """Entries of several words translate into one, but are not found by one of theirs."""
    words = [word for word in plain_words(source) if word not in STOP_WORDS[language]]
    if len(words) == 1:
        entries[stem(words[0], language)].update(
            dict.fromkeys(
                word for word in plain_words(target) if word not in STOP_WORDS[OTHER[language]]
            )
        )
