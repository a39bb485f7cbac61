"""Which sentences answer the question, and is the answer in here at all?

A logistic model over features of a question and a sentence ranks the sentences; a second one
over features of the best of them gives the probability that the passages hold the answer. A
reader, where there is one, adds features of its own to both: what it thinks of the passage, of
the sentence and of the spans in it. Both are fitted by `benchmarks/fit_evidence.py`; the weights
are plain numbers in `calibration.json`, one set for each embedder (cosines of two embedders mean
different things) with and without a reader.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from assistant.answering.candidates import Candidate
from assistant.answering.evidence_features import (
    READ_PASSAGES,
    Matrix,
    Vector,
    gate_features,
    is_foreign,
    reader_features,
    sentence_features,
)
from assistant.answering.question import missing_names
from assistant.answering.terms import whole_text
from assistant.knowledge.library import StoredChunk
from assistant.machine import count_cores
from assistant.models.embedders.base import Embedder
from assistant.models.readers import PassageReading, Reader
from assistant.retrieval.glossary import translate_words
from assistant.retrieval.query import Query

MISSING_NAME = 0.4
"""Factor for each name, code or year of the question that stands in none of the passages: they
speak of something near it. (Near misses lack one seven times as often as right passages.)"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`sentences` best first with the probability that each answers; `probability` that the
    passages hold the answer at all; `readings` the reader's of the passages in order, none
    without a reader."""

    sentences: tuple[tuple[Candidate, float], ...]
    probability: float
    readings: tuple[PassageReading, ...] = ()


@dataclass(frozen=True, slots=True)
class Logistic:
    """P(y) = 1 / (1 + exp(-((x - mean) / scale @ weights + bias)))."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def probabilities(self, features: Matrix) -> Vector:
        """(N, F) -> (N,)."""
        scaled = (features - np.array(self.mean)) / np.array(self.scale)  # (N, F)
        logits = scaled @ np.array(self.weights) + self.bias  # (N, F) @ (F,) -> (N,)
        chances: Vector = 1.0 / (1.0 + np.exp(-np.clip(logits, -30, 30)))
        return chances


@dataclass(frozen=True, slots=True)
class Judge:
    """A pair of models: which sentence answers, and whether the best one does."""

    sentence: Logistic
    gate: Logistic


class EvidenceReader:
    """Reads passages for a question. Thread-safe; as many at a time as there are cores, in order,
    so that a crowd of questions leaves the models to the searches of others as well."""

    def __init__(self, embedder: Embedder, reader: Reader | None = None) -> None:
        self._embedder = embedder
        self._reader = reader
        self._judge = load_calibration(embedder.id, reader.id if reader else None)
        self._turns = threading.BoundedSemaphore(count_cores())

    def read(
        self, query: Query, chunks: Sequence[StoredChunk], scores: Sequence[float]
    ) -> Evidence:
        """`chunks` best first, with the search's `scores`."""
        with self._turns:
            return self._read(query, chunks, scores)

    def _read(
        self, query: Query, chunks: Sequence[StoredChunk], scores: Sequence[float]
    ) -> Evidence:
        candidates, features, readings = measure(
            self._embedder, self._reader, query, chunks, scores
        )
        if not candidates:
            return Evidence((), 0.0)
        chances = self._judge.sentence.probabilities(features)
        order = np.argsort(-chances, kind="stable")
        gate = gate_features(features, chances)  # (1, G)
        probability = float(self._judge.gate.probabilities(gate)[0])
        if not is_foreign(candidates[order[0]].chunk, query):  # months are no names in French
            told = "\n".join(whole_text(chunk) for chunk in chunks[:READ_PASSAGES])
            probability *= MISSING_NAME ** len(missing_names(query.asked, told))
        ranked = tuple((candidates[index], float(chances[index])) for index in order)
        return Evidence(ranked, probability, readings)


def measure(
    embedder: Embedder,
    reader: Reader | None,
    query: Query,
    chunks: Sequence[StoredChunk],
    scores: Sequence[float],
) -> tuple[list[Candidate], Matrix, tuple[PassageReading, ...]]:
    """N candidates, their (N, F) features, and the reader's views of the passages: of those in
    the other language the one that finds more in them; none without a reader."""
    candidates, features = sentence_features(embedder, query, chunks, scores)
    if reader is None or not candidates:
        return candidates, features, ()
    read = chunks[:READ_PASSAGES]
    readings = _read(reader, query.text, read)
    translated = [*readings]
    foreign = [at for at, chunk in enumerate(read) if is_foreign(chunk, query)]
    if foreign:
        words = translate_words(query.text, query.language)
        again = _read(reader, words, [read[at] for at in foreign])
        for at, reading in zip(foreign, again, strict=True):
            translated[at] = reading
    seen = reader_features(candidates, query, readings, translated)  # (N, R)
    views = (max(pair, key=_relevance) for pair in zip(readings, translated, strict=True))
    return candidates, np.hstack([features, seen]), tuple(views)


def _read(reader: Reader, question: str, chunks: Sequence[StoredChunk]) -> list[PassageReading]:
    named = [
        (" > ".join(dict.fromkeys([chunk.title, *chunk.heading])), chunk.text) for chunk in chunks
    ]
    return [*reader.read(question, named)]


def _relevance(reading: PassageReading) -> float:
    return reading.relevance


@lru_cache(maxsize=8)
def load_calibration(embedder_id: str, reader_id: str | None = None) -> Judge:
    """An embedder that no weights were fitted for gets some that leave its cosines out."""
    tree = json.loads(files("assistant.answering").joinpath("calibration.json").read_text())
    with_reader = " with reader" if reader_id else ""
    chosen = tree.get(embedder_id.partition("@")[0] + with_reader) or tree[f"any{with_reader}"]
    return Judge(_logistic(chosen["sentence"]), _logistic(chosen["gate"]))


def _logistic(values: dict[str, list[float]]) -> Logistic:
    return Logistic(
        mean=tuple(values["mean"]),
        scale=tuple(values["scale"]),
        weights=tuple(values["weights"]),
        bias=values["bias"][0],
    )
