"""Statements in one language, sources in the other.

Figures, dates, names, denials and contraries are compared as ever; the words themselves only
by the cosine of the two sentences, so what comes of it is marked as translated.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from assistant.answering.candidates import Candidate
from assistant.grounding.alignment import align
from assistant.grounding.judge import Source, find_fault
from assistant.grounding.reading import Reading, read
from assistant.grounding.reasons import Fault
from assistant.models.embedders.base import Embedder, Vectors
from assistant.types import Language

LEAST_COSINES = {"multilingual-e5-small": 0.85}
"""By embedder, without its revision: cosine from which two sentences of different languages
are taken to say the same (docs/quality.md, Grounding). No other embedder is believed."""

NEAREST = 3
"""Sentences with the highest cosines that are looked at."""

FORBIDDING = frozenset(
    {Fault.NUMBER, Fault.DATE, Fault.NAME, Fault.NEGATION, Fault.OPPOSITE, Fault.BOUND}
)
"""Faults that are believed across languages: the others need the words themselves."""


def least_cosine(embedder: Embedder) -> float | None:
    return LEAST_COSINES.get(embedder.id.partition("@")[0])


class Translated:
    """The passages' sentences that are in the other language than the statements."""

    def __init__(
        self, candidates: Sequence[Candidate], language: Language, embedder: Embedder
    ) -> None:
        self._foreign = [one for one in candidates if one.chunk.language not in {None, language}]
        self._embedder = embedder
        self._least = least_cosine(embedder)
        self._vectors: Vectors | None = None  # (N, D)
        self._embedding = threading.Lock()

    def find(self, statement: Reading) -> tuple[Candidate | None, float, tuple[Fault, str]]:
        """(the sentence that says the same, cosine, why not).

        The sentence is None where none does.
        """
        refused = (Fault.WORDS, "")
        if not self._foreign or self._least is None:
            return None, 0.0, refused
        with self._embedding:
            if self._vectors is None:
                texts = [one.text for one in self._foreign]
                self._vectors = self._embedder.encode_passages(texts)
        own = self._embedder.encode_passages([statement.text])[0]  # (D,)
        cosines = self._vectors @ own  # (N, D) @ (D,) -> (N,)
        for at in (-cosines).argsort()[:NEAREST]:
            cosine = float(cosines[at])
            if cosine < self._least:
                break
            fault = self._fault(statement, self._foreign[at])
            if fault is None:
                return self._foreign[at], cosine, refused
            refused = fault
        return None, float(cosines.max()), refused

    def _fault(self, statement: Reading, candidate: Candidate) -> tuple[Fault, str] | None:
        language = candidate.chunk.language or ("en" if statement.language == "fr" else "fr")
        path = " : ".join(dict.fromkeys([candidate.chunk.title, *candidate.chunk.heading]))
        source = Source(read(candidate.text, language), read(path, language))
        fault = find_fault(align(statement, source.text), source, frozenset())
        return fault if fault is not None and fault[0] in FORBIDDING else None
