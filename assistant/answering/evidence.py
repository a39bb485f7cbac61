"""Which sentences answer the question, and is the answer in here at all?

A logistic model over features of a question and a sentence ranks the sentences; a second one
over features of the best of them gives the probability that the passages hold the answer. A
reader, where there is one, adds features of its own to both: what it thinks of the passage, of
the sentence and of the spans in it. A sentence in another language than the question shares no
words with it, so there is a second pair of models that leaves words out. All are fitted by
`benchmarks/fit_evidence.py`; the weights are plain numbers in `calibration.json`, one set for
each embedder (cosines of two embedders mean different things) with and without a reader.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from assistant.answering.candidates import Candidate, list_candidates
from assistant.answering.question import answer_type, find_anchors, missing_names
from assistant.knowledge.library import StoredChunk
from assistant.models.embedders.base import Embedder
from assistant.models.readers import PassageReading, Reader
from assistant.models.readers.spans import best_span, span_mass, tokens_within
from assistant.retrieval.query import Query
from assistant.words import content_stems, fold, question_stems

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

READ_PASSAGES = 6
"""Passages whose sentences are looked at one by one; later ones rarely hold the answer."""

MISSING_NAME = 0.4
"""Factor for each name, code or year of the question that stands in none of the passages: they
speak of something near it. (Near misses lack one seven times as often as right passages.)"""

SENTENCE_FEATURES = (
    "question words in the sentence",
    "question words in the sentence and around it",
    "question words in the whole passage",
    "cosine of sentence and question",
    "cosine above the mean of the sentences in its language",
    "passage score",
    "first passage",
    "names and numbers of the question near the sentence",
    "answer type present",
    "answer type absent",
    "sentence length",
    "table row",
    "question words in title and headings",
    "rarest question word near the sentence",
    "is a question itself",
    "names and numbers of the question missing in the passage",
)
GATE_FEATURES = (
    "probability of the best sentence",
    "question words in the best sentence and around it",
    "question words in the best passage",
    "cosine of the best sentence",
    "names and numbers of the question near the best sentence",
    "rarest question word near the best sentence",
    "answer type present",
    "names and numbers of the question missing in the best passage",
)
READER_SENTENCE_FEATURES = (
    "reader: passage answers",
    "reader: passage answers above the best other",
    "reader: sentence answers",
    "reader: answer lies in the sentence",
    "reader: best span of the passage",
)
READER_GATE_FEATURES = (
    "reader: best passage answers",
    "reader: passage of the best sentence answers",
    "reader: best sentence answers",
    "reader: answer lies in the best sentence",
    "reader: best span of the passage of the best sentence",
)
LEAST_LOG = -8.0
"""Log probabilities below are as good as none."""


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
    """Reads passages for a question. Thread-safe; holds no state but the weights."""

    def __init__(self, embedder: Embedder, reader: Reader | None = None) -> None:
        self._embedder = embedder
        self._reader = reader
        self._same, self._other = load_calibration(embedder.id, reader.id if reader else None)

    def read(
        self, query: Query, chunks: Sequence[StoredChunk], scores: Sequence[float]
    ) -> Evidence:
        """`chunks` best first, with the search's `scores`."""
        candidates, features = sentence_features(self._embedder, query, chunks, scores)
        if not candidates:
            return Evidence((), 0.0)
        readings = read_passages(self._reader, query, chunks)
        if readings:
            features = np.hstack([features, reader_features(candidates, readings)])  # (N, F + R)
        other = np.array([is_foreign(one, query) for one in candidates])  # (N,)
        chances = np.where(
            other,
            self._other.sentence.probabilities(features),
            self._same.sentence.probabilities(features),
        )
        order = np.argsort(-chances, kind="stable")
        judge = self._other if other[order[0]] else self._same
        gate = gate_features(features, chances)  # (1, G)
        probability = float(judge.gate.probabilities(gate)[0])
        if judge is self._same:
            told = "\n".join(_whole_text(chunk) for chunk in chunks[:READ_PASSAGES])
            probability *= MISSING_NAME ** len(missing_names(query.asked, told))
        ranked = tuple((candidates[index], float(chances[index])) for index in order)
        return Evidence(ranked, probability, readings)


def read_passages(
    reader: Reader | None, query: Query, chunks: Sequence[StoredChunk]
) -> tuple[PassageReading, ...]:
    """The reader's view of the passages that are looked at; nothing without a reader."""
    if reader is None:
        return ()
    named = [
        (" > ".join(dict.fromkeys([chunk.title, *chunk.heading])), chunk.text)
        for chunk in chunks[:READ_PASSAGES]
    ]
    return tuple(reader.read(query.text, named))


def place_in_chunk(candidate: Candidate) -> tuple[int, int]:
    """Where a sentence stands in its chunk's text."""
    return candidate.start - candidate.chunk.start, candidate.end - candidate.chunk.start


def reader_features(candidates: Sequence[Candidate], readings: Sequence[PassageReading]) -> Matrix:
    """(N, len(READER_SENTENCE_FEATURES)) of N candidates."""
    relevance = [one.relevance for one in readings]
    rows = []
    for candidate in candidates:
        reading = readings[candidate.passage]
        place = place_in_chunk(candidate)
        low, high = tokens_within(reading, place)
        others = [one for at, one in enumerate(relevance) if at != candidate.passage]
        best = best_span(reading)
        rows.append(
            (
                reading.relevance,
                reading.relevance - max(others, default=0.0),
                float(reading.evidence[low:high].mean()) if high > low else LEAST_LOG,
                max(LEAST_LOG, math.log(max(span_mass(reading, place), 1e-9))),
                max(LEAST_LOG, best[1]) if best else LEAST_LOG,
            )
        )
    return np.array(rows, dtype=np.float64)


def sentence_features(
    embedder: Embedder, query: Query, chunks: Sequence[StoredChunk], scores: Sequence[float]
) -> tuple[list[Candidate], Matrix]:
    """N candidates and their (N, len(SENTENCE_FEATURES)) features."""
    read = list(chunks)[:READ_PASSAGES]
    candidates = [one for one in list_candidates(read) if not one.is_heading]
    if not candidates:
        return [], np.zeros((0, len(SENTENCE_FEATURES)))
    language = query.language
    terms = question_stems(query.text, language)
    whole = [_whole_text(chunk) for chunk in read]
    passage_words = [set(content_stems(text, language)) for text in whole]
    passage_texts = [fold(text) for text in whole]
    weights = _term_weights(terms, passage_words)
    anchors = find_anchors(query.asked)
    wanted = answer_type(query.asked)
    texts = [f"{one.chunk.title}. {one.text}" for one in candidates]
    vectors = embedder.encode_passages(texts)  # (N, D)
    cosines = vectors @ embedder.encode_query(query.text)  # (N, D) @ (D,) -> (N,)
    languages = np.array([one.chunk.language or "" for one in candidates])  # (N,)
    means = {name: float(cosines[languages == name].mean()) for name in set(languages)}
    own = [set(content_stems(one.text, language)) for one in candidates]
    near = [
        words | set(content_stems(one.context, language))
        for words, one in zip(own, candidates, strict=True)
    ]
    rarest = min(terms, key=lambda term: sum(term in words for words in near), default="")
    rows = []
    for index, candidate in enumerate(candidates):
        path = " ".join([candidate.chunk.title, *candidate.chunk.heading])
        around = fold(f"{candidate.text} {candidate.context}")
        fits = wanted is not None and wanted.search(candidate.text) is not None
        rows.append(
            (
                _coverage(terms, own[index], weights),
                _coverage(terms, near[index], weights),
                _coverage(terms, passage_words[candidate.passage], weights),
                float(cosines[index]),
                float(cosines[index]) - means[languages[index]],
                scores[candidate.passage],
                float(candidate.passage == 0),
                _share(anchors, around),
                float(fits),
                float(wanted is not None and not fits),
                min(1.0, math.log1p(len(candidate.text)) / 6.0),
                float(candidate.is_row),
                _coverage(terms, set(content_stems(path, language)), weights),
                float(rarest in near[index]),
                float(candidate.text.endswith("?")),
                float(sum(anchor not in passage_texts[candidate.passage] for anchor in anchors)),
            )
        )
    return candidates, np.array(rows, dtype=np.float64)


def is_foreign(candidate: Candidate, query: Query) -> bool:
    """Known to be in another language than the question."""
    return candidate.chunk.language not in {None, query.language}


def gate_features(features: Matrix, chances: Vector) -> Matrix:
    """(N, F) features of a question's sentences, (N,) their chances -> (1, G)."""
    best = int(np.argmax(chances))
    read = features.shape[1] > len(SENTENCE_FEATURES)
    names = (*SENTENCE_FEATURES, *READER_SENTENCE_FEATURES) if read else SENTENCE_FEATURES
    row = dict(zip(names, features[best], strict=True))
    seen_by_reader = (
        [
            features[:, names.index("reader: passage answers")].max(),
            row["reader: passage answers"],
            row["reader: sentence answers"],
            row["reader: answer lies in the sentence"],
            row["reader: best span of the passage"],
        ]
        if read
        else []
    )
    return np.array(
        [
            [
                chances[best],
                row["question words in the sentence and around it"],
                row["question words in the whole passage"],
                features[:, SENTENCE_FEATURES.index("cosine of sentence and question")].max(),
                row["names and numbers of the question near the sentence"],
                row["rarest question word near the sentence"],
                row["answer type present"],
                row["names and numbers of the question missing in the passage"],
                *seen_by_reader,
            ]
        ]
    )


def _term_weights(terms: Sequence[str], passages: Sequence[set[str]]) -> dict[str, float]:
    """Words that few of the passages hold weigh most, those that none holds included."""
    total = len(passages)
    return {
        term: math.log((total + 1.0) / (sum(term in words for words in passages) + 0.5)) + 0.3
        for term in terms
    }


def _coverage(terms: Sequence[str], words: set[str], weights: dict[str, float]) -> float:
    total = sum(weights[term] for term in terms)
    return sum(weights[term] for term in terms if term in words) / total if total else 0.0


def _whole_text(chunk: StoredChunk) -> str:
    return "\n".join([chunk.title, *chunk.heading, chunk.table_header, chunk.text])


def _share(anchors: Sequence[str], text: str) -> float:
    return sum(anchor in text for anchor in anchors) / len(anchors) if anchors else 1.0


@lru_cache(maxsize=8)
def load_calibration(embedder_id: str, reader_id: str | None = None) -> tuple[Judge, Judge]:
    """Weights for sentences in the question's language, and for those in the other one. An
    embedder that none were fitted for gets weights that leave its cosines out."""
    tree = json.loads(files("assistant.answering").joinpath("calibration.json").read_text())
    with_reader = " with reader" if reader_id else ""
    chosen = tree.get(embedder_id.partition("@")[0] + with_reader) or tree[f"any{with_reader}"]
    same, other = (
        Judge(_logistic(chosen[name]["sentence"]), _logistic(chosen[name]["gate"]))
        for name in ("same language", "other language")
    )
    return same, other


def _logistic(values: dict[str, list[float]]) -> Logistic:
    return Logistic(
        mean=tuple(values["mean"]),
        scale=tuple(values["scale"]),
        weights=tuple(values["weights"]),
        bias=values["bias"][0],
    )
