"""French and English text -> the terms that a full-text index holds.

Both sides, chunks and questions, go through the same steps: Unicode compatibility forms,
lower case, words, French elisions off, stems, accents off. A code such as `ISO-27001`,
`2024/118` or `3,5` is one term and its parts are terms as well.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import tantivy

from assistant.types import Language

REVISION = 1
"""To be raised with every change of the terms: an index of another revision is rebuilt."""

MAX_TERM_CHARS = 64
MAX_QUERY_WORDS = 256

ELISIONS = frozenset(
    "c d j l m n s t qu jusqu lorsqu puisqu quoiqu presqu".split()  # before an apostrophe
)
STOP_WORDS: dict[Language, frozenset[str]] = {
    "fr": frozenset(
        """a ai as au aucun aucune aussi aux avait avec avez avoir avons c ce cela celle celles
        celui ces cet cette ceux chez ci combien comme comment d dans de des doit dois donc dont du
        elle elles en est estce et etait ete etes etre eux fait faut il ils j je l la le les leur
        leurs lors lui m ma mais me meme mes moi mon n ne ni nos notre nous on ont ou par pas peut
        peux plus pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se sera
        ses si soit son sont sous sur t ta te tes toi ton tous tout toute toutes tres tu un une va
        vers vos votre vous y""".split()
    ),
    "en": frozenset(
        """a about all also am an and any are as at be been being but by can could did do does doing
        for from had has have having he her here him his how i if in into is it its just may me
        might more most must my no nor not of on or our ours out over s shall she should so some
        such than that the their them then there these they this those to too up us was we were
        what when where which while who whom whose why will with would you your yours""".split()
    ),
}

_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u2032\uff07"), "'")
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2212"), "-")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_SAME_CHARACTER = _APOSTROPHES | _HYPHENS | _INVISIBLE
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"})

_COMPOUND = re.compile(r"[^\W_]+(?:(?:[-_/.@&']|(?<=\d)[,:](?=\d))[^\W_]+)*")
_JOINT = re.compile(r"[-_/.@&,:]")
_FRENCH_ENDING = re.compile(r"(?<=...)(?:ee?s?|s|x)$")


def fold(text: str) -> str:
    """Lower case without accents and ligatures: `Œuvre achevée` -> `oeuvre achevee`."""
    whole = text.encode("utf-8", "ignore").decode("utf-8")  # without halves of surrogate pairs
    decomposed = unicodedata.normalize("NFD", whole.lower().translate(_LIGATURES))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def split_words(text: str) -> list[str]:
    """Lower-case words in order, accents kept; a compound is followed by its parts."""
    text = unicodedata.normalize("NFKC", text).translate(_SAME_CHARACTER).lower()
    words: list[str] = []
    for compound in _COMPOUND.findall(text):
        compound = _strip_apostrophes(compound)
        parts = _JOINT.split(compound)
        if len(parts) > 1:
            words.append(compound.replace("-", "").replace("_", "").replace(",", "."))
        words.extend(parts)
    return [word[:MAX_TERM_CHARS] for word in words]


def index_terms(text: str, language: Language) -> list[str]:
    """All terms of a text, in every form of theirs that a question may come with."""
    return [form for word in split_words(text) for form in _forms(word, language)]


def query_terms(text: str, language: Language) -> list[tuple[str, ...]]:
    """The distinct words of a question, each as the terms that stand for it.

    Stop words are left out unless there is nothing else. At most 256 words.
    """
    words = list(dict.fromkeys(split_words(text)))
    telling = [word for word in words if fold(word) not in STOP_WORDS[language]]
    forms = dict.fromkeys(_forms(word, language) for word in telling or words)
    return list(forms)[:MAX_QUERY_WORDS]


def _strip_apostrophes(word: str) -> str:
    head, apostrophe, tail = word.partition("'")
    while apostrophe and head in ELISIONS:
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
        return (_stem(folded, language),)
    bare = _stem(_FRENCH_ENDING.sub("", folded), language)
    return tuple(dict.fromkeys((fold(_stem(word, language)), bare)))


def _build_stemmer(language: str) -> tantivy.TextAnalyzer:
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return words.filter(tantivy.Filter.stemmer(language)).build()


_STEMMERS = {"fr": _build_stemmer("french"), "en": _build_stemmer("english")}


def _stem(word: str, language: Language) -> str:
    stems = _STEMMERS[language].analyze(word)
    return stems[0] if stems else word
