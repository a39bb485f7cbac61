"""Which language a text is written in: French or English."""

from __future__ import annotations

import re

from assistant.types import Language

SAMPLE_CHARS = 20_000
LEAST_SHARES = {"fr": 0.2, "en": 0.12}
"""Least share of function words, in a text of some length, to believe that it is in the
language. French and English prose have 0.3 to 0.5; Spanish has 0.1 of the French ones."""


def detect_language(text: str, *, least: float = 0.1) -> Language | None:
    """Tell French from English by function words and, in short texts, by spelling.

    Made for whole documents and for short questions ("Combien d'employeurs ?").

    Args:
        least: function words that the language has more of than the other one.
    Returns:
        None where there is no sign of either, the signs balance, or a longer text holds
        too few function words of both (another language, a table of numbers).
    """
    words = _WORD.findall(text[:SAMPLE_CHARS].lower().replace("’", "'"))
    french = sum(word in _FRENCH for word in words)
    english = sum(word in _ENGLISH for word in words)
    balance = float(french - english)
    if abs(balance) <= 1:
        # Few words: spelling decides, and weighs less than a function word.
        french_spelling = sum(_FRENCH_SPELLING.search(word) is not None for word in words)
        english_spelling = sum(_ENGLISH_SPELLING.search(word) is not None for word in words)
        balance += 0.6 * (french_spelling - english_spelling)
    if abs(balance) < least:
        return None
    language: Language = "fr" if balance > 0 else "en"
    if len(words) >= 40 and max(french, english) < LEAST_SHARES[language] * len(words):
        return None
    return language


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD = re.compile(
    r"(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)'(?=\w)|[^\W\d_]+(?:'(?:s|t|re|ve|ll|d|m)\b)?"
)
_FRENCH = _words(
    "le la les l' un une des du de d' au aux et ou où est sont était étaient sera seront être "
    "avoir ont fut furent ce c' cet cette ces il elle ils elles nous vous je j' tu qui que qu' "
    "quel quelle quels quelles quoi dont comment combien pourquoi quand dans par pour sur sous "
    "avec sans chez entre vers depuis pendant ne n' pas plus moins s' sa son ses leur leurs "
    "mon ma mes notre nos votre vos en si mais donc car lorsque ainsi aussi très peut peuvent "
    "doit doivent fait faire lequel laquelle lesquels auquel duquel jusqu' cela ça "
    "ceux celle celui tout tous toute toutes"
)
_ENGLISH = _words(
    "the a an of to in is are was were be been being and or nor that this these those it its he "
    "she they we you i his her their our my your who whom whose what which when where why how "
    "do does did done has have had having can could will would shall should may might must with "
    "without from by at for as into onto about than then there here if but because while during "
    "between through after before under over not no any some many much more most each every "
    "other such only also out up off get there's it's don't doesn't what's who's isn't didn't "
    "can't all"
)
_FRENCH_SPELLING = re.compile(
    r"[àâçèéêëîïôùûœ]|^qu|(?:eaux?|eux|euse|ique|iste|oire|elle|ette|aire|ances|ment|eurs?|"
    r"ois|ais|ait|aient|iers?|sse)$"
)
_ENGLISH_SPELLING = re.compile(
    r"[kw]|ee|oo|gh|sh|^th|(?:[^aeiou]y|ing|'s|ness|ful|less|ous|ed|ck|th|ll)$"
)
