"""Questions with the passages found for them, read once: what fitting and measuring need.

A question of held-back documents counts once with its passages as found and once with the
relevant ones taken away (near misses stay).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from held_back import is_held_back
from question_sets import Question, load_questions, open_set

from assistant.answering.candidates import Candidate, list_candidates
from assistant.answering.evidence import Evidence, measure
from assistant.answering.quotes import choose_quotes
from assistant.answering.short import find_short
from assistant.knowledge.library import Library, StoredChunk
from assistant.models.embedders.base import Embedder, Vectors
from assistant.models.readers import Reader
from assistant.retrieval.query import read_question
from assistant.retrieval.search import Searcher
from assistant.settings import load_settings
from assistant.types import OPERATOR
from assistant.words import content_stems, fold
from training.pairs import load_pairs

FOUND = 30
READ = 8


@dataclass
class Reading:
    """One question with one list of passages: features of its N sentences, and the truth.

    `shorts` are what the reader would answer out of each sentence, "" for nothing.
    """

    set_name: str
    fold: int
    question: Question
    features: np.ndarray  # (N, F)
    labels: np.ndarray  # (N,) 1 where the sentence holds the answer
    candidates: list[Candidate]
    shorts: list[str]
    chunks: list[StoredChunk]

    @property
    def answerable(self) -> bool:
        return bool(self.labels.any())

    def quotes(self, chances: np.ndarray) -> list[Candidate]:
        """What would be quoted without a reader's words."""
        order = np.argsort(-chances, kind="stable")
        ranked = tuple((self.candidates[at], float(chances[at])) for at in order)
        return choose_quotes(Evidence(ranked, 1.0), list_candidates(self.chunks))


class Remembering(Embedder):
    """An embedder that embeds no text twice."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.id, self.dimension = embedder.id, embedder.dimension
        self.max_tokens = embedder.max_tokens
        self._known: dict[str, np.ndarray] = {}

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= zip(fresh, self._embedder.encode_passages(fresh), strict=True)
        return np.array([self._known[text] for text in texts], np.float32)

    def encode_query(self, text: str) -> Vectors:
        return self._embedder.encode_query(text)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)


def load_held_back(folder: Path, *, facts: Path | None = None) -> list[Question]:
    """The questions of a set whose documents the reader was not trained on, or, of the same
    documents, those in a file of `document TAB question TAB answer|answer`."""
    titles = {}
    for line in (folder / "corpus.jsonl").read_text().splitlines():
        row = json.loads(line)
        titles[f"{folder.name}/{row['_id']}"] = row["title"]
    held = {uri for uri, title in titles.items() if is_held_back(folder.name, title)}
    if facts is not None:
        rows = [line.split("\t") for line in facts.read_text().splitlines()]
        return [
            Question(
                id=f"fact{number}",
                text=text,
                answers=tuple(answers.split("|")),
                grades={f"{folder.name}/{document}": 1},
                answerable=True,
            )
            for number, (document, text, answers) in enumerate(rows)
            if f"{folder.name}/{document}" in held
        ]
    trained = {
        miss.question for one in load_pairs(folder, held_back=False) for miss in one.negatives
    }
    return [
        one
        for one in load_questions(folder)
        if (one.relevant <= held if one.relevant else one.text not in trained)
    ]


def read_set(
    folder: Path,
    data: Path,
    questions: Sequence[Question],
    embedder: Embedder,
    reader: Reader | None,
    *,
    name: str | None = None,
) -> list[Reading]:
    """Every question, with and without its relevant passages. `data`: a library of the set."""
    library = open_set(folder, data, embedder)
    searcher = Searcher(library, embedder, load_settings(data).retrieval)
    readings = []
    for question in questions:
        readings += _read_both(name or folder.name, question, searcher, library, embedder, reader)
    library.close()
    return readings


def _read_both(
    set_name: str,
    question: Question,
    searcher: Searcher,
    library: Library,
    embedder: Embedder,
    reader: Reader | None,
) -> list[Reading]:
    query = read_question(question.text, max_chars=4000)
    passages = searcher.search(query, k=FOUND, readable=OPERATOR)
    chunks = library.chunks([passage.chunk_id for passage in passages], OPERATOR)
    pairs = [(chunks[one.chunk_id], one.score) for one in passages]
    group = sum(map(ord, "".join(sorted(question.relevant)) or question.id))
    found = []
    for complete in (True, False):
        kept = [pair for pair in pairs if complete or pair[0].uri not in question.relevant][:READ]
        if not kept or (not complete and question.answerable is False):
            continue
        shown = [chunk for chunk, _ in kept]
        candidates, features, views = measure(
            embedder, reader, query, shown, [score for _, score in kept]
        )
        if not candidates:
            continue
        shorts = [""] * len(candidates)
        if reader is not None:
            evidence = Evidence((), 1.0, views)
            shorts = [find_short(evidence, question.text, one) or "" for one in candidates]
        labels = np.array([float(holds(one, question)) for one in candidates])
        found.append(
            Reading(set_name, group, question, features, labels, candidates, shorts, shown)
        )
    return found


def holds(candidate: Candidate, question: Question) -> bool:
    """The sentence stands in a relevant document and holds a short answer, or says mostly
    what a long one says."""
    if candidate.chunk.uri not in question.relevant:
        return False
    text = fold(candidate.text)
    for answer in question.answers:
        wanted = fold(answer).strip(" .")
        if len(wanted.split()) <= 12:
            if wanted in text:
                return True
        else:
            words = set(content_stems(candidate.text, "en"))
            shared = words & set(content_stems(answer, "en"))
            if len(words) >= 4 and len(shared) >= 0.6 * len(words):
                return True
    return False
