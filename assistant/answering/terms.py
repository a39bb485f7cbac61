"""How much of what the question is about stands in a sentence, its surroundings and its passage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.answering.candidates import Candidate
from assistant.knowledge.library import StoredChunk
from assistant.retrieval.glossary import OTHER, translate_word
from assistant.retrieval.query import Query
from assistant.types import Language
from assistant.words import content_stems, question_words, stem

Term = Mapping[Language, frozenset[str]]
"""A word of the question: the stems that stand for it, by language."""


def question_terms(query: Query) -> list[Term]:
    """The question's content words, each with its stem and those of its translations."""
    own, other = query.language, OTHER[query.language]
    terms: dict[str, Term] = {}
    for word in question_words(query.text, own):
        translated = frozenset(stem(one, other) for one in translate_word(word, own))
        terms.setdefault(stem(word, own), {own: frozenset({stem(word, own)}), other: translated})
    return [*terms.values()]


def term_features(
    terms: Sequence[Term],
    candidates: Sequence[Candidate],
    chunks: Sequence[StoredChunk],
    language: Language,
) -> NDArray[np.float64]:
    """(N, 5) of N candidates in the chunks, as if all were in `language`: shares of the terms in
    the sentence, in it and around it, in its passage, in title and headings, each term weighed by
    how few of the passages hold it; and whether the rarest one is near."""

    def held(text: str) -> set[int]:
        stems = set(content_stems(text, language))
        return {number for number, term in enumerate(terms) if term[language] & stems}

    passages = [held(whole_text(chunk)) for chunk in chunks]
    weights = [
        math.log((len(passages) + 1.0) / (sum(term in one for one in passages) + 0.5)) + 0.3
        for term in range(len(terms))
    ]  # terms that no passage holds weigh most
    total = sum(weights)

    def share(some: set[int]) -> float:
        return sum(weights[term] for term in sorted(some)) / total if total else 0.0

    own = [held(one.text) for one in candidates]
    near = [found | held(one.context) for found, one in zip(own, candidates, strict=True)]
    rarest = min(range(len(terms)), key=lambda term: sum(term in one for one in near), default=-1)
    return np.array(
        [
            (
                share(own[index]),
                share(near[index]),
                share(passages[one.passage]),
                share(held(" ".join([one.chunk.title, *one.chunk.heading]))),
                float(rarest in near[index]),
            )
            for index, one in enumerate(candidates)
        ],
        dtype=np.float64,
    )


def whole_text(chunk: StoredChunk) -> str:
    return "\n".join([chunk.title, *chunk.heading, chunk.table_header, chunk.text])
