"""What a question asks for, and what it asks about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.language import detect_language
from assistant.types import Language
from assistant.words import INVERSION, content_stems, fold, names, plain_words


def find_anchors(question: str) -> list[str]:
    """Names, codes and numbers in the question: what an answer must be about."""
    digits = [word for word in plain_words(question) if any(ch.isdigit() for ch in word)]
    return list(dict.fromkeys([*names(question), *digits]))


def missing_names(question: str, text: str) -> list[str]:
    """Names, codes and years of the question that `text` does not hold."""
    told = fold(text)
    return [
        anchor
        for anchor in find_anchors(question)
        if anchor not in told and (_YEAR.fullmatch(anchor) or not anchor[0].isdigit())
    ]


def says_more(sentence: str, question: str, language: Language, said: Sequence[str] = ()) -> bool:
    """Whether a sentence tells something beyond the question's own words and what was `said`
    before, of the kind that was asked for, in the question's language. Small models like to turn
    the question round ("Combien pèse-t-il" becomes "Il pèse-t-il") and call it an answer, to say
    the same again, or to speak about the question in English."""
    written = detect_language(_NAMES.sub(" ", sentence), least=CLEARLY)
    if INVERSION.search(sentence) or written not in {None, language}:
        return False
    known = {stem for text in (question, *said) for stem in content_stems(text, language)}
    if not set(content_stems(sentence, language)) - known:
        return False
    wanted = answer_type(question)
    asked = set(plain_words(question))
    rest = _WORD.sub(
        lambda match: "" if asked.issuperset(plain_words(match.group())) else match.group(),
        sentence,
    )
    return wanted is None or wanted.search(rest) is not None


CLEARLY = 3
"""Function words more than of the question's language, for a sentence to be in the other one."""

_NAMES = re.compile(r"\b[A-ZÀ-Þ][\w'’-]*(?:\s+(?:[\w'’-]+\s+){0,2}[A-ZÀ-Þ][\w'’-]*)+")
"""Names and titles of two words or more, which may be in any language."""

_WORD = re.compile(r"[\w'’-]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_MONTHS = (
    "janvier|fevrier|février|mars|avril|mai|juin|juillet|août|aout|septembre|octobre|novembre|"
    "décembre|decembre|january|february|march|april|may|june|july|august|september|october|"
    "november|december|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|"
    "wednesday|thursday|friday|saturday|sunday"
)
_TYPES: tuple[tuple[str, str], ...] = (
    (
        r"\b(combien|quelle? (montant|somme|prix|taux|pourcentage|nombre|duree|age|seuil|"
        r"plafond|delai|part|limite)|how (many|much|long|often|old|far|big|tall|large|high)|"
        r"what (amount|percentage|rate|price|number|limit|share))\b",
        r"\d|\b(?:deux|trois|quatre|cinq|six|sept|huit|neuf|dix|douze|quinze|vingt|trente|cent|"
        r"mille|two|three|four|five|seven|eight|nine|ten|twelve|twenty|hundred|thousand)\b",
    ),
    (
        r"\b(quand|when|en quelle annee|(quelle|what|which) (date|annee|year|month|day|jour|"
        r"mois|siecle|century|heure|time)|a quelle heure|jusqu'a quand)\b",
        rf"\b(?:1\d{{3}}|20\d\d)\b|\b\d{{1,2}}\s*(?:h|:)|(?i:\b(?:{_MONTHS})\b)",
    ),
    (r"\b(qui|who|whom|whose|par qui)\b", r"\b[A-ZÀ-Þ][\w'’-]+"),
    (r"\b(ou|where|dans quelle? (ville|pays|lieu)|d'ou)\b", r"(?<!^)\b[A-ZÀ-Þ][\w'’-]+"),
)


def answer_type(question: str) -> re.Pattern[str] | None:
    """What the answer must hold (a number, a date, a name), None when the question is open."""
    folded = fold(question).replace("’", "'")
    for asked, wanted in _TYPES:
        if re.search(asked, folded):
            return re.compile(wanted)
    return None
