"""Words of French and English text: what carries meaning in them, compared loosely.

Used wherever two texts are held against each other (question and sentence, sentence and
source). Accents and case are folded, elisions split off, and words cut to their stems by
Snowball (Porter 2001, https://snowballstem.org).
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import Stemmer

from assistant.types import Language

WORD = re.compile(r"[^\W_]+(?:[-./][^\W_]+)*", re.UNICODE)
ELIDED = tuple("c d j l m n s t qu jusqu lorsqu puisqu quoiqu presqu".split())
"""French words that lose their vowel and are written with an apostrophe."""

ELISION = re.compile(rf"\b(?:{'|'.join(ELIDED)})['’ʼ](?=\w)", re.IGNORECASE)
INVERSION = re.compile(
    r"-(?:t-)?(?:ils?|elles?|on|vous|nous|je|tu|ce|y|en|les?|la|moi|lui|leur)\b", re.IGNORECASE
)
POSSESSIVE = re.compile(r"['’ʼ]s\b", re.IGNORECASE)

STOP_WORDS: dict[Language, frozenset[str]] = {
    "en": frozenset(
        """a about above after again all also am an and any are as at be because been before
        being below between both but by can could did do does doing down during each few for
        from further had has have having he her here hers him his how i if in into is it its
        itself just may me might more most must my no nor not of off on once only or other
        our ours out over own per s same shall she should so some such than that the their
        them then there these they this those through to too under until up upon us very was
        we were what when where which while who whom whose why will with within would you
        your yours""".split()
    ),
    "fr": frozenset(
        """a afin ai aie ainsi alors apres as au aucun aucune aussi autre autres aux avait
        avant avec avez avoir avons c ce ceci cela celle celles celui ces cet cette ceux
        chaque chez ci combien comme comment d dans de depuis des dois doit donc dont du
        elle elles en encore entre es est estce et etaient etait etant etc ete etes etre eu
        eux faire fait faut font furent fut ici il ils j je jusqu l la le les leur leurs
        lors lorsque lui m ma mais me meme memes mes moi moins mon n ne ni non nos notre
        nous on ont ou par parce pas pendant peu peut peuvent peux plus pour pourquoi puis
        puisque qu quand que quel quelle quelles quels qui quoi s sa sans se selon sera
        seront ses si soit son sont sous suis sur t ta te tel tes toi ton tous tout toute
        toutes tres tu un une va vers via voici voila vos votre vous y""".split()
    ),
}
NEGATIONS = frozenset(
    """no not never none nor neither cannot without unless ne pas jamais aucun aucune rien ni
    sans sauf non""".split()
)
NUMBER_WORDS = {
    word: str(value)
    for words in (
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
        fifteen sixteen seventeen eighteen nineteen twenty""",
        """zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze
        quinze seize dix-sept dix-huit dix-neuf vingt""",
    )
    for value, word in enumerate(words.split())
    if word not in {"un", "one"}  # far more often an article or a pronoun
}
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
_LANGUAGES: dict[Language, str] = {"fr": "french", "en": "english"}
_local = threading.local()


_EXPONENT = re.compile("(?<=\\w)[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")


def fold(text: str) -> str:
    """Lower case without accents and ligatures: `Œuvre achevée` -> `oeuvre achevee`.
    An exponent stays apart from its base: `10²⁰` -> `10^20`."""
    # Without halves of surrogate pairs and NULs, which a database cannot look up.
    whole = text.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")
    whole = _EXPONENT.sub(lambda match: "^" + match.group(), whole)
    decomposed = unicodedata.normalize("NFKD", whole.casefold().translate(_LIGATURES))
    return "".join(ch for ch in decomposed if not unicodedata.combining(ch))


def plain_words(text: str) -> Iterator[str]:
    """Folded words in order; elided articles, possessives and inverted pronouns taken off."""
    bare = INVERSION.sub(" ", POSSESSIVE.sub(" ", ELISION.sub(" ", text)))
    for match in WORD.finditer(fold(bare)):
        yield match.group()


def content_words(text: str, language: Language) -> Iterator[str]:
    """The words that carry meaning, folded, in order, repeats kept.

    Words that join parts ('co-worker', 'LM-240', '2024/118') give the parts too.
    """
    stop = STOP_WORDS[language]
    for word in plain_words(text):
        parts = [word] if word.isalnum() else [word, *re.split(r"[-./]", word)]
        yield from (part for part in parts if part not in stop)


def content_stems(text: str, language: Language) -> list[str]:
    """Their stems."""
    return [stem(word, language) for word in content_words(text, language)]


def question_words(question: str, language: Language) -> list[str]:
    """The content words of a question; all its words when every one is a stop word."""
    return [*content_words(question, language)] or [*plain_words(question)]


@lru_cache(maxsize=200_000)
def stem(word: str, language: Language) -> str:
    """The stem of a lower-case word; what holds a digit and very short words stay as they are."""
    if any(ch.isdigit() for ch in word) or len(word) < 3:
        return word
    stemmers = _local.__dict__.setdefault("stemmers", {})
    if language not in stemmers:  # a Stemmer object must not be shared between threads
        stemmers[language] = Stemmer.Stemmer(_LANGUAGES[language])
    found: str = stemmers[language].stemWord(word)
    return found


NUMBER = re.compile(r"(?<![\w.])\d+(?:[ \u00a0\u202f]\d{3}(?!\d))*(?:[.,]\d+)*")


def numbers(text: str) -> list[frozenset[str]]:
    """Each number of the text as the set of values it may stand for.

    '1 234,5' is 1234.5; '1,234' may be 1234 (English) or 1.234 (French), so both. Small
    numbers in words count as well ('trois', 'three').
    """
    found = [_readings(match.group()) for match in NUMBER.finditer(text)]
    found += [frozenset({NUMBER_WORDS[word]}) for word in plain_words(text) if word in NUMBER_WORDS]
    return found


def _readings(raw: str) -> frozenset[str]:
    digits = re.sub(r"[ \u00a0\u202f]", "", raw)
    readings = set()
    for group, decimal in ((",", "."), (".", ",")):
        pattern = rf"(?:\d{{1,3}}(?:\{group}\d{{3}})+|\d+)(?:\{decimal}\d+)?"
        if re.fullmatch(pattern, digits):
            readings.add(_canonical(digits.replace(group, "").replace(decimal, ".")))
    return frozenset(readings or {digits})  # 192.168.0.1 and 12.03.2024 are no quantities


def _canonical(value: str) -> str:
    whole, _, fraction = value.partition(".")
    fraction = fraction.rstrip("0")
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{fraction}" if fraction else whole


NAME = re.compile(r"(?<![\w])(?:[A-ZÀ-ÖØ-Þ][\w'’-]*\w|\w*\d\w*[A-Za-z]\w*)", re.UNICODE)


def names(sentence: str) -> list[str]:
    """Folded proper names and codes: capitalised words but the first, acronyms, 'LM-240'."""
    found = []
    for match in NAME.finditer(sentence):
        word = POSSESSIVE.sub("", ELISION.sub("", match.group()))
        first = not sentence[: match.start()].strip(" \t\n\"'«“([*-•|")
        shouting = sum(ch.isupper() for ch in word) >= 2 or any(ch.isdigit() for ch in word)
        if (not first or shouting) and len(word) > 1:
            found.append(fold(word))
    return found


def negated(sentence: str) -> bool:
    return any(word in NEGATIONS for word in plain_words(sentence)) or "n't" in sentence.replace(
        "’", "'"
    )
