"""Does a passage really say this sentence?

A sentence holds when one or two sentences of the passages contain nearly all its words, every
number and every name in it, and agree with it on negation. Words alone decide: a paraphrase
that shares few words with its source is refused rather than believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.candidates import Candidate
from assistant.types import Language
from assistant.words import content_stems, fold, names, negated, numbers

MIN_COVERAGE = 0.75
"""Share of a sentence's words that its sources must hold; their headings count."""

MIN_OWN_COVERAGE = 0.5
"""Share that the cited sentences themselves must hold, headings and title left out."""


@dataclass(frozen=True, slots=True)
class Support:
    """`sources` are the sentences to cite, best first; `reason` says why it does not hold."""

    supported: bool
    score: float
    sources: tuple[Candidate, ...]
    reason: str = ""


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
        """Find what supports `sentence`."""
        words = set(content_stems(sentence, self._language))
        if not words:
            return Support(False, 0.0, (), "it says nothing")
        ranked = sorted(
            range(len(self._candidates)),
            key=lambda index: (-self._own(index, words), self._candidates[index].passage, index),
        )[:12]
        best = Support(False, 0.0, (), "no passage says so")
        for first in ranked[:4]:
            if not self._own(first, words):
                break
            for second in (None, *(index for index in ranked if index != first)):
                support = self._judge(sentence, words, first, second)
                if (support.supported and not best.supported) or (
                    support.supported == best.supported and support.score > best.score + 0.05
                ):
                    best = support
            if best.supported:
                break
        return best

    def _own(self, index: int, words: set[str]) -> float:
        return len(words & self._words[index]) / len(words)

    def _judge(self, sentence: str, words: set[str], first: int, second: int | None) -> Support:
        used = [first] if second is None else [first, second]
        sources = tuple(self._candidates[index] for index in used)
        own = set().union(*(self._words[index] for index in used))
        paths = set().union(*(self._paths[index] for index in used))
        own_share = len(words & own) / len(words)
        share = len(words & (own | paths)) / len(words)
        score = round((own_share + share) / 2, 4)
        said = " ".join(source.text for source in sources)
        told = " ".join([said, *(" ".join([s.chunk.title, *s.chunk.heading]) for s in sources)])
        if missing := _missing_numbers(sentence, told):
            return Support(False, score, sources, f"the number {missing} is not in the source")
        if missing := _missing_name(sentence, told):
            return Support(False, score, sources, f"'{missing}' is not in the source")
        if share < MIN_COVERAGE or own_share < MIN_OWN_COVERAGE:
            return Support(False, score, sources, "no passage says so")
        if negated(sentence) != negated(said):
            return Support(False, score, sources, "the source differs in a negation")
        return Support(True, score, sources)


def _missing_numbers(sentence: str, source: str) -> str:
    known = set().union(*numbers(source))
    for readings in numbers(sentence):
        if not readings & known:
            return "/".join(sorted(readings))
    return ""


def _missing_name(sentence: str, source: str) -> str:
    folded = fold(source)
    return next((name for name in names(sentence) if name not in folded), "")
