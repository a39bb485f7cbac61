"""Does a passage really say this sentence?

A sentence holds when a sentence of the passages contains nearly all its words, every number and
every name in it, and agrees with it on negation. Words alone decide: a paraphrase that shares
few words with its source is refused rather than believed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.candidates import Candidate
from assistant.answering.pairing import find_mispaired
from assistant.types import Language
from assistant.words import content_stems, fold, names, negated, numbers, plain_words

MIN_COVERAGE = 0.75
"""Share of a sentence's words that its sources must hold; their headings count."""

MIN_OWN_COVERAGE = 0.5
"""Share that the cited sentences themselves must hold, headings and title left out."""

NEAREST = 6
"""Sentences of the passages that are tried as the source of a clause."""

LEAST_WORDS = 2
"""A clause of fewer words that carry meaning says nothing that could be checked."""

_CLAUSE_BORDER = re.compile(r";|,?\s+\b(?:and|but|while|whereas|et|mais|tandis que)\b\s+")

NEGATION = "the source differs in a negation"
NO_PASSAGE = "no passage says so"


@dataclass(frozen=True, slots=True)
class Support:
    """`sources` are the sentences to cite, best first; `reason` says why it does not hold."""

    supported: bool
    score: float
    sources: tuple[Candidate, ...]
    reason: str = ""


NOTHING = Support(False, 0.0, (), NO_PASSAGE)


class Grounds:
    """The sentences that answers are held against, analysed once."""

    def __init__(self, candidates: Sequence[Candidate], language: Language) -> None:
        self._candidates = tuple(candidates)
        self._language = language
        self._words = [set(content_stems(one.text, language)) for one in candidates]
        self._paths = [
            set(content_stems(" ".join([one.chunk.title, *one.chunk.heading]), language))
            for one in candidates
        ]

    def check(self, sentence: str) -> Support:
        """Find what supports `sentence`: one source for all of it, or one for each clause.

        Two sources are never mixed within a clause: a subject of one and a figure of the other
        would make a sentence that neither says.
        """
        whole = self._check_clause(sentence)
        if whole.supported or whole.reason == NEGATION:
            return whole
        clauses = [part for part in _CLAUSE_BORDER.split(sentence) if part.strip()]
        if len(clauses) < 2:
            return whole
        supports = [self._check_clause(clause) for clause in clauses]
        if not all(support.supported for support in supports):
            return whole
        sources = dict.fromkeys(source for support in supports for source in support.sources)
        return Support(True, min(support.score for support in supports), tuple(sources))

    def _check_clause(self, clause: str) -> Support:
        words = set(content_stems(clause, self._language))
        if len(words) < LEAST_WORDS:
            return Support(False, 0.0, (), "it says nothing")
        ranked = sorted(
            range(len(self._candidates)), key=lambda index: (-self._own(index, words), index)
        )
        best = NOTHING
        for index in ranked[:NEAREST]:
            support = self._judge(clause, words, index)
            if support.supported or support.reason == NEGATION:
                return support
            best = max(best, support, key=lambda one: one.score)
        return best

    def _own(self, index: int, words: set[str]) -> float:
        return len(words & self._words[index]) / len(words)

    def _judge(self, clause: str, words: set[str], index: int) -> Support:
        source = self._candidates[index]
        own_share = self._own(index, words)
        share = len(words & (self._words[index] | self._paths[index])) / len(words)
        score = round((own_share + share) / 2, 4)
        told = " ".join([source.text, source.chunk.title, *source.chunk.heading])
        if missing := _missing_numbers(clause, told):
            return Support(False, score, (source,), f"the number {missing} is not in the source")
        if missing := _missing_name(clause, told):
            return Support(False, score, (source,), f"'{missing}' is not in the source")
        if share < MIN_COVERAGE or own_share < MIN_OWN_COVERAGE:
            return Support(False, score, (source,), NO_PASSAGE)
        if mispaired := find_mispaired(clause, source.text):
            return Support(False, score, (source,), f"{mispaired} belongs to something else")
        if negated(clause) != negated(source.text):
            return Support(False, score, (source,), NEGATION)
        return Support(True, score, (source,))


def _missing_numbers(sentence: str, source: str) -> str:
    known = set().union(*numbers(source))
    told = fold(source)
    for word in plain_words(sentence):  # dates and codes: 2026-01-31, 12/2024
        if word[0].isdigit() and not word.isalnum() and "." not in word and word not in told:
            return word
    for readings in numbers(sentence):
        if not readings & known:
            return "/".join(sorted(readings))
    return ""


def _missing_name(sentence: str, source: str) -> str:
    folded = fold(source)
    return next((name for name in names(sentence) if name not in folded), "")
