"""French and English text -> the terms that a full-text index holds.

Both sides, chunks and questions, go through the same steps: Unicode compatibility forms,
lower case, words, French elisions off, stems, accents off. A code such as `ISO-27001`,
`2024/118` or `3,5` is one term and its parts are terms as well; `3 500` is `3500` too, and a
date with its year is the same term however it is written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from assistant.knowledge.lexicon.dates import date_terms
from assistant.types import Language
from assistant.words import ELIDED, STOP_WORDS, fold, stem

REVISION = 4
"""To be raised with every change of the terms: an index of another revision is rebuilt."""

MAX_TERM_CHARS = 64
MAX_QUERY_WORDS = 256

_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u2032\uff07"), "'")
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2212"), "-")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_SAME_CHARACTER = _APOSTROPHES | _HYPHENS | _INVISIBLE
_COMPOUND = re.compile(r"[^\W_]+(?:(?:[-_/.@&']|(?<=\d)[,:](?=\d))[^\W_]+)*")
_THOUSANDS = re.compile(r"(?<![\w.,])(\d{1,3}(?: \d{3})+)(?![\w])")
"""`3 500`, also with the spaces that do not break, which are plain ones by then."""
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_JOINT = re.compile(r"[-_/.@&,:]")
_FRENCH_ENDING = re.compile(r"(?<=...)(?:ee?s?|s|x)$")


def split_words(text: str) -> list[str]:
    """Lower-case words in order, accents kept; a compound is followed by its parts."""
    text = unicodedata.normalize("NFKC", text).translate(_SAME_CHARACTER).lower()
    text = _THOUSANDS.sub(lambda match: match.group().replace(" ", "_"), text)
    words: list[str] = []
    for compound in _COMPOUND.findall(text):
        compound = _strip_apostrophes(compound)
        parts = _JOINT.split(compound)
        if len(parts) > 1:
            words.append(compound.replace("-", "").replace("_", "").replace(",", "."))
        if _GROUPED.fullmatch(compound):  # 3,500 may be 3500 and may be 3.5
            words.append(re.sub(r"\D", "", compound))
        words.extend(parts)
    return [word[:MAX_TERM_CHARS] for word in words]


def index_terms(text: str, language: Language) -> list[str]:
    """All terms of a text, in every form of theirs that a question may come with."""
    terms = [form for word in split_words(text) for form in _forms(word, language)]
    return terms + date_terms(text, language)


def query_terms(text: str, language: Language) -> list[tuple[str, ...]]:
    """The distinct words of a question, each as the terms that stand for it.

    Stop words are left out unless there is nothing else. At most 256 words.
    """
    words = list(dict.fromkeys(split_words(text)))
    telling = [word for word in words if fold(word) not in STOP_WORDS[language]]
    forms = dict.fromkeys(_forms(word, language) for word in telling or words)
    forms |= dict.fromkeys((term,) for term in date_terms(text, language))
    return list(forms)[:MAX_QUERY_WORDS]


def _strip_apostrophes(word: str) -> str:
    head, apostrophe, tail = word.partition("'")
    while apostrophe and head in ELIDED:
        word = tail
        head, apostrophe, tail = word.partition("'")
    return word.removesuffix("'s").replace("'", "")


@lru_cache(maxsize=200_000)
def _forms(word: str, language: Language) -> tuple[str, ...]:
    """The stem; in French also that of the word as typed without accents.

    The French stemmer needs accents: it makes `emploi` of `employés` but `employ` of
    `employes`. The second form comes out the same for both.
    """
    folded = fold(word)
    if not folded.isalpha():
        return (folded,)
    if language == "en":
        return (stem(folded, language),)
    bare = stem(_FRENCH_ENDING.sub("", folded), language)
    return tuple(dict.fromkeys((fold(stem(word, language)), bare)))
