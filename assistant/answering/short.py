"""The few words that answer a question for a fact, out of the sentence that holds them."""

from __future__ import annotations

import re

from assistant.answering.candidates import Candidate
from assistant.answering.evidence import Evidence
from assistant.answering.evidence_features import place_in_chunk
from assistant.answering.question import answer_type
from assistant.models.readers.spans import best_span
from assistant.types import Language
from assistant.words import content_stems, fold, numbers, plain_words

LONGEST_WORDS = 20
"""A longer span is hardly shorter than its sentence, which then reads better."""

LEAST_LOG = -2.5
"""Log probability of a span below which the whole sentence is the better answer."""

AGREEMENT = 0.5
"""Share of the reader's words that a written sentence must hold to say the same."""

_EXPLAIN = re.compile(
    r"\b(?:why|how (?!many|much|long|often|old|far|big|tall|large|high|deep|wide|fast|heavy)|"
    r"explain|describe|summari[sz]e|tell me about|what happens|steps?|procedure|"
    r"pourquoi|comment (?!s'appelle|se nomme)|explique[rz]?|decri(?:s|re|vez)|resume[rz]?|"
    r"que se passe|que faire|que dois|etapes?|marche a suivre)"
)
_INNER = re.compile(r"\w\w|\d[.,]|[.,]\d")
_CURRENCY = re.compile(r"[$£€]\s?$")
_COUNTED = re.compile(r"[ \u00a0\u202f]?([%€]|[^\W\d_]+)")
_BORDERS = ' \t\n,;:.!?«»“”"`´*_|'
_PAIRS = ("()", "[]")


def asks_for_fact(question: str) -> bool:
    """Whether a name, a date, an amount or the like answers; not how, why and what to do."""
    return _EXPLAIN.search(fold(question).replace("’", "'")) is None


def find_short(evidence: Evidence, question: str, candidate: Candidate) -> str | None:
    """The reader's words within a sentence, fit to be shown. None where it found none, is not
    sure of them, or they only repeat the question or are not of the kind that it asks for."""
    if not evidence.readings or not asks_for_fact(question) or candidate.is_row:
        return None
    found = best_span(evidence.readings[candidate.passage], place_in_chunk(candidate))
    if found is None or found[1] < LEAST_LOG:
        return None
    start, end = _widen(candidate.chunk.text, *found[0], question)
    words = " ".join(candidate.chunk.text[start:end].split())
    text = _tidy(words)
    if not any(ch.isalnum() for ch in text) or len(text.split()) > LONGEST_WORDS:
        return None
    wanted = answer_type(question)
    if wanted is not None and wanted.search(f"... {words}") is None:  # as within a sentence
        return None
    if set(plain_words(text)) <= set(plain_words(question)):
        return None
    return text


def agrees(sentence: str, short: str, language: Language) -> bool:
    """Whether a written sentence gives the same answer: the figures of the words found, and
    half of the words."""
    said = {value for readings in numbers(sentence) for value in readings}
    if any(not readings & said for readings in numbers(short)):
        return False
    wanted = set(content_stems(short, language))
    shared = wanted & set(content_stems(sentence, language))
    return len(shared) >= AGREEMENT * len(wanted)


def _widen(text: str, start: int, end: int, question: str) -> tuple[int, int]:
    """Take in the rest of words and figures that the span cuts, the currency or the per cent
    beside a figure, and what the question counts ("days" after "24")."""
    while start > 0 and _INNER.fullmatch(text, start - 1, start + 1):
        start -= 1
    while end < len(text) and _INNER.fullmatch(text, end - 1, end + 1):
        end += 1
    if text[start:end][:1].isdigit() and (before := _CURRENCY.search(text, 0, start)):
        start = before.start()
    if text[start:end].strip()[-1:].isdigit() and (after := _COUNTED.match(text, end)):
        noun = after.group(1)
        if not noun[0].isalpha() or set(plain_words(noun)) & set(plain_words(question)):
            end = after.end()
    return start, end


def _tidy(text: str) -> str:
    """Without punctuation at its ends, brackets that are not closed, and with a capital."""
    text = text.strip(_BORDERS)
    for pair in _PAIRS:
        opens, closes = pair[0], pair[1]
        if text.count(opens) != text.count(closes):
            text = text.strip(opens + closes).strip(_BORDERS)
    first, _, _ = text.partition(" ")
    return text[:1].upper() + text[1:] if first.islower() else text
