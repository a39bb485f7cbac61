"""Holding a text against the expected answers, as SQuAD does, in French too."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from assistant.language import detect_language
from assistant.types import Language
from assistant.words import content_stems

SHORT_TOKENS = 10
"""An expected answer of more tokens is prose: several sentences can each hold a part of it."""

LEAST_SHARE = 0.5
"""Share of words in common with an expected answer of prose, to hold it or a part of it."""

_APOSTROPHES = re.compile("[’ʼ`´]")
_ELIDED_ARTICLES = re.compile(r"\b[ld]'(?=\w)")
_ARTICLES: dict[Language, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:a|an|the)\b"),
    "fr": re.compile(r"\b(?:le|la|les|un|une|des|du|de la|au|aux)\b"),
}


def language_of(question: str, answers: Sequence[str]) -> Language:
    return detect_language(question) or detect_language(" ".join(answers)) or "en"


def normalise(text: str, language: Language) -> str:
    """Lower case without punctuation, articles and repeated blanks (Rajpurkar et al., EMNLP
    2016, doi:10.18653/v1/D16-1264). French articles go too, elided ones (l', d') included."""
    plain = _APOSTROPHES.sub("'", unicodedata.normalize("NFKC", text)).casefold()
    if language == "fr":
        plain = _ELIDED_ARTICLES.sub(" ", plain)
    letters = "".join(
        "" if unicodedata.category(sign)[0] == "P" and sign not in "-–/'" else sign
        for sign in plain
    )
    spaced = re.sub(r"[-–/']", " ", letters)
    return " ".join(_ARTICLES[language].sub(" ", spaced).split())


def is_exact(text: str, answers: Sequence[str], language: Language) -> bool:
    told = normalise(text, language)
    return any(told == normalise(answer, language) for answer in answers)


def token_f1(text: str, answers: Sequence[str], language: Language) -> float:
    """The best over the expected answers, in [0, 1]."""
    told = Counter(normalise(text, language).split())
    return max((_f1(told, Counter(normalise(one, language).split())) for one in answers), default=0)


def _f1(told: Counter[str], wanted: Counter[str]) -> float:
    common = sum((told & wanted).values())
    if not common:
        return float(not told and not wanted)
    precision, recall = common / told.total(), common / wanted.total()
    return 2 * precision * recall / (precision + recall)


def holds(span: str, answers: Sequence[str], language: Language) -> bool:
    """Whether a sentence or so of a document holds an expected answer: all of a short one, or a
    part of one that is prose, which then has half of the span's words."""
    words = set(content_stems(span, language))
    return any(
        _stands_in(answer, span, language)
        or (_is_prose(answer, language) and _shares(words, answer, language, len(words)))
        for answer in answers
    )


def passage_holds(passage: str, answers: Sequence[str], language: Language) -> bool:
    """The same for a passage, which may be much longer than the answer: it must have half of
    the words of one that is prose."""
    words = set(content_stems(passage, language))
    return any(
        _stands_in(answer, passage, language)
        or (
            _is_prose(answer, language)
            and _shares(words, answer, language, len(set(content_stems(answer, language))))
        )
        for answer in answers
    )


def _stands_in(answer: str, text: str, language: Language) -> bool:
    wanted = normalise(answer, language)
    return bool(wanted) and f" {wanted} " in f" {normalise(text, language)} "


def _is_prose(answer: str, language: Language) -> bool:
    return len(normalise(answer, language).split()) > SHORT_TOKENS


def _shares(words: set[str], answer: str, language: Language, of: int) -> bool:
    return of > 0 and len(words & set(content_stems(answer, language))) >= LEAST_SHARE * of
