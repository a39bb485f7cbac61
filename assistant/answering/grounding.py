"""Which sentences of the passages bear out what a model wrote?

A sentence is held against the sentences of the passages one by one (`assistant.grounding`);
where it says two things, each clause against its own source. Two sources are never mixed
within a clause: a subject of one and a figure of the other would make a sentence that
neither says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.answering.candidates import Candidate
from assistant.answering.translation import Translated
from assistant.grounding.judge import LEAST_WORDS, Source, judge
from assistant.grounding.reading import MAX_TOKENS, Reading, read
from assistant.grounding.reasons import Fault, explain
from assistant.models.embedders.base import Embedder
from assistant.types import Doubt, Language
from assistant.words import content_stems

MIN_SUPPORT = 0.5
"""Score from which a statement that nothing forbids is borne out."""

NEAREST = 6
"""Sentences of the passages that are tried as the source of a clause."""

SLACK = 0.05
"""A source must have nearly as many of the statement's words as the one that has most: what
the closest source forbids, a more distant one does not allow."""

CONTRADICTED = 0.85
"""Share of the statement's words from which a source that forbids it has the last word, unless
two others say its halves nearly word for word."""

VERBATIM = 0.9
WHOLE = 0.6
"""... and each half is at least this share of its source."""

MAX_CHARS = 3000
"""Longer sentences are not read."""

MAX_SPLITS = 6
"""Borders at which a sentence is tried in two parts."""

_CLAUSE_BORDER = re.compile(
    r"\s*[;:]\s+|\s*,?\s+\b(?:and|but|while|whereas|et|mais|tandis que|puis|then)\b\s+"
    r"|,\s+(?:(?:which|who|qui)\s+)?|\s+[–—]\s+|\s*\(|\)\s*"
)


@dataclass(frozen=True, slots=True)
class Support:
    """`sources` are the sentences to cite, best first; `doubt` says why it does not hold.
    `coverage` is the share of its words in the source that supports or forbids it,
    `share` how long it is beside that source."""

    supported: bool
    score: float
    sources: tuple[Candidate, ...] = ()
    doubt: Doubt | None = None
    translated: bool = False
    coverage: float = 0.0
    share: float = 0.0

    @property
    def reason(self) -> str:
        return self.doubt.en if self.doubt else ""


class Grounds:
    """The sentences that statements are held against, analysed once.

    `known` is what the reader knows beforehand (the question): a condition that it states
    need not be repeated. Without an `embedder` nothing in the other language is supported.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        language: Language,
        *,
        known: str = "",
        embedder: Embedder | None = None,
    ) -> None:
        self._candidates = tuple(candidates)
        self._language = language
        self._given = frozenset(content_stems(known, language))
        self._sources = [self._source(at) for at in range(len(self._candidates))]
        self._foreign = Translated(self._candidates, language, embedder) if embedder else None

    def _source(self, at: int) -> Source:
        one = self._candidates[at]
        language = one.chunk.language or self._language
        path = " : ".join(dict.fromkeys([one.chunk.title, *one.chunk.heading]))
        before = [
            other.text
            for other in self._candidates[max(0, at - 2) : at]
            if other.passage == one.passage
        ]
        return Source(
            read(one.text, language),
            read(path, language),
            read(" ".join(before), language) if before else None,
        )

    def check(self, sentence: str, *, cited: Sequence[int] = ()) -> Support:
        """Find what supports `sentence`: one source for all of it, or one for each clause.

        Args:
            cited: passages (from 0) that its writer names; they come first among equals.
        """
        if len(sentence) > MAX_CHARS:
            return Support(False, 0.0, (), explain(Fault.NOTHING))
        statement = read(sentence, self._language)
        if len(statement.tokens) > MAX_TOKENS or len(statement.content) < LEAST_WORDS:
            return Support(False, 0.0, (), explain(Fault.NOTHING))
        whole = self._check(statement, cited)
        if whole.supported:
            return whole
        for first, second in _in_two(sentence):
            parts = [self._check(read(part, self._language), cited) for part in (first, second)]
            if all(part.supported for part in parts) and _may_join(whole, parts):
                sources = dict.fromkeys(source for part in parts for source in part.sources)
                return Support(True, min(part.score for part in parts), tuple(sources))
        return self._check_translated(statement, whole)

    def _check(self, statement: Reading, cited: Sequence[int]) -> Support:
        if len(statement.content) < LEAST_WORDS:
            return Support(False, 0.0, (), explain(Fault.NOTHING))
        tried = [
            (at, judge(statement, self._sources[at], self._given))
            for at in self._nearest(statement)
        ]
        holding = [
            (at, verdict)
            for at, verdict in tried
            if verdict.fault is None and verdict.score >= MIN_SUPPORT
        ]
        closest = max((one.coverage for _, one in tried), default=0.0)
        holding = [one for one in holding if one[1].coverage >= closest - SLACK]
        if holding:
            at, verdict = max(
                holding,
                key=lambda one: (self._candidates[one[0]].passage in cited, one[1].score),
            )
            return Support(
                True,
                verdict.score,
                (self._candidates[at],),
                coverage=verdict.coverage,
                share=len(statement.content) / max(1, len(self._sources[at].text.content)),
            )
        if not tried:
            return Support(False, 0.0, (), explain(Fault.WORDS))
        at, verdict = max(tried, key=lambda one: (one[1].coverage, one[1].score))
        fault = verdict.fault or Fault.WORDS
        return Support(
            False,
            verdict.score,
            (self._candidates[at],),
            explain(fault, verdict.detail),
            coverage=verdict.coverage if verdict.fault else 0.0,
        )

    def _check_translated(self, statement: Reading, otherwise: Support) -> Support:
        if self._foreign is None:
            return otherwise
        found, cosine, (fault, detail) = self._foreign.find(statement)
        if found is not None:
            return Support(True, round(cosine, 4), (found,), None, translated=True)
        if otherwise.sources or fault is Fault.WORDS:
            return otherwise
        return Support(False, 0.0, (), explain(fault, detail))

    def _nearest(self, statement: Reading) -> list[int]:
        """Sources in the statement's language that share most of its words and figures."""
        shared = []
        for at, source in enumerate(self._sources):
            if self._candidates[at].chunk.language not in {None, self._language}:
                continue
            count = sum(
                one.weight
                for one in statement.words
                if one.stem in source.text.by_stem
                or any(group in source.text.by_group for group in one.groups)
            )
            figures = {value for one in source.text.quantities for value in _values(one)}
            count += sum(bool(_values(one) & figures) for one in statement.quantities)
            if count:
                shared.append((-count, at))
        return [at for _, at in sorted(shared)[:NEAREST]]


def _may_join(whole: Support, parts: Sequence[Support]) -> bool:
    if whole.coverage < CONTRADICTED:
        return True
    sources = {source for part in parts for source in part.sources}
    return (
        len(sources) == len(parts)
        and all(part.coverage >= VERBATIM and part.share >= WHOLE for part in parts)
        and any(source in sources for source in whole.sources)
    )


def _values(token: object) -> frozenset[object]:
    quantity = getattr(token, "quantity", None)
    return quantity.measures | quantity.dates if quantity else frozenset()


def _in_two(sentence: str) -> Iterator[tuple[str, str]]:
    for border in list(_CLAUSE_BORDER.finditer(sentence))[:MAX_SPLITS]:
        first, second = sentence[: border.start()], sentence[border.end() :]
        if first.strip() and second.strip():
            yield first, second
