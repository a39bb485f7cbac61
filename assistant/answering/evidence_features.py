"""What is measured of a question, the sentences of its passages and what the reader made of them.

Names of the features stand beside the weights in `calibration.json`, in this order. A passage in
the other language is measured by the question's translated words: it holds a word of the question
where it holds one of its translations, and cosine and reader take the better of the question and
of its words alone, translated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.answering.candidates import Candidate, list_candidates
from assistant.answering.question import answer_type, find_anchors
from assistant.answering.terms import question_terms, term_features, whole_text
from assistant.knowledge.library import StoredChunk
from assistant.models.embedders.base import Embedder
from assistant.models.readers import PassageReading
from assistant.models.readers.spans import best_span, span_mass, tokens_within
from assistant.retrieval.glossary import OTHER, translate_words
from assistant.retrieval.query import Query
from assistant.words import fold

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

READ_PASSAGES = 6
"""Passages whose sentences are looked at one by one; later ones rarely hold the answer."""

SENTENCE_FEATURES = (
    "question words in the sentence",
    "question words in the sentence and around it",
    "question words in the whole passage",
    "cosine of sentence and question",
    "cosine above the mean of the sentences in its language",
    "score of the passage, evened out within its document",
    "first passage",
    "names and numbers of the question near the sentence",
    "answer type present",
    "answer type absent",
    "sentence length",
    "table row",
    "question words in title and headings",
    "rarest question word near the sentence",
    "is a question itself",
    "names and numbers of the question missing in the document and the passage",
)
GATE_FEATURES = (
    "probability of the best sentence",
    "question words in the best sentence and around it",
    "question words in the best passage",
    "cosine of the best sentence",
    "names and numbers of the question near the best sentence",
    "rarest question word near the best sentence",
    "answer type present",
    "names and numbers of the question missing in the best document and passage",
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


def reader_features(
    candidates: Sequence[Candidate],
    query: Query,
    readings: Sequence[PassageReading],
    translated: Sequence[PassageReading],
) -> Matrix:
    """(N, len(READER_SENTENCE_FEATURES)) of N candidates.

    Args:
        translated: the passages in the other language read for the question's translated words;
            the others as in `readings`.
    """
    features = _reader_features(candidates, readings)
    foreign = np.array([is_foreign(one.chunk, query) for one in candidates])  # (N,)
    if foreign.any():
        others = _reader_features(candidates, translated)
        features[foreign] = np.maximum(features, others)[foreign]
    return features


def _reader_features(candidates: Sequence[Candidate], readings: Sequence[PassageReading]) -> Matrix:
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
    foreign = np.array([is_foreign(one.chunk, query) for one in candidates])  # (N,)
    terms = question_terms(query)
    words = term_features(terms, candidates, read, query.language)  # (N, 5)
    passage_texts = [fold(whole_text(chunk)) for chunk in read]
    document_texts = _join_by_document(read, passage_texts)
    shared_scores = _shared_scores(read, scores)
    anchors = find_anchors(query.asked)
    wanted = answer_type(query.asked)
    texts = [f"{one.chunk.title}. {one.text}" for one in candidates]
    vectors = embedder.encode_passages(texts)  # (N, D)
    cosines = vectors @ embedder.encode_query(query.text)  # (N, D) @ (D,) -> (N,)
    if foreign.any():
        words[foreign] = term_features(terms, candidates, read, OTHER[query.language])[foreign]
        translated = embedder.encode_query(translate_words(query.text, query.language))
        cosines = np.where(foreign, np.maximum(cosines, vectors @ translated), cosines)
    languages = np.array([one.chunk.language or "" for one in candidates])  # (N,)
    means = {name: float(cosines[languages == name].mean()) for name in set(languages)}
    rows = []
    for index, candidate in enumerate(candidates):
        at = candidate.passage
        around = fold(f"{candidate.text} {candidate.context}")
        fits = wanted is not None and wanted.search(candidate.text) is not None
        rows.append(
            (
                *words[index, :3],
                float(cosines[index]),
                float(cosines[index]) - means[languages[index]],
                shared_scores[at],
                float(at == 0),
                _share(anchors, around),
                float(fits),
                float(wanted is not None and not fits),
                min(1.0, math.log1p(len(candidate.text)) / 6.0),
                float(candidate.is_row),
                *words[index, 3:],
                float(candidate.text.endswith("?")),
                float(
                    sum(
                        anchor not in (passage_texts if _has_digit(anchor) else document_texts)[at]
                        for anchor in anchors
                    )
                ),
            )
        )
    return candidates, np.array(rows, dtype=np.float64)


def _join_by_document(chunks: Sequence[StoredChunk], texts: Sequence[str]) -> list[str]:
    """For each passage the texts of all those of its document: a long document does not name on
    each page what it is about."""
    joined: dict[str, str] = {}
    for chunk, text in zip(chunks, texts, strict=True):
        joined[chunk.document_id] = f"{joined.get(chunk.document_id, '')}\n{text}"
    return [joined[chunk.document_id] for chunk in chunks]


def _shared_scores(chunks: Sequence[StoredChunk], scores: Sequence[float]) -> list[float]:
    """For each passage the mean of its score and the best that one of its document has: which
    document speaks of the matter is the search's to say, which of its pages answers is so only
    in part."""
    best: dict[str, float] = {}
    for chunk, score in zip(chunks, scores, strict=False):
        best[chunk.document_id] = max(score, best.get(chunk.document_id, score))
    return [
        (score + best[chunk.document_id]) / 2 for chunk, score in zip(chunks, scores, strict=False)
    ]


def _has_digit(anchor: str) -> bool:
    return any(character.isdigit() for character in anchor)


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
                row["names and numbers of the question missing in the document and the passage"],
                *seen_by_reader,
            ]
        ]
    )


def is_foreign(chunk: StoredChunk, query: Query) -> bool:
    """Known to be in another language than the question."""
    return chunk.language not in {None, query.language}


def _share(anchors: Sequence[str], text: str) -> float:
    return sum(anchor in text for anchor in anchors) / len(anchors) if anchors else 1.0


def place_in_chunk(candidate: Candidate) -> tuple[int, int]:
    """Where a sentence stands in its chunk's text."""
    return candidate.start - candidate.chunk.start, candidate.end - candidate.chunk.start
