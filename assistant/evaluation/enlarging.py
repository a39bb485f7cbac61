"""A large library out of a small one, with neighbourhoods like those of real texts.

The first copies of the documents are the documents themselves. Every further chunk is made of
four real ones: the vector of one is moved towards a near neighbour and along the difference
between two neighbours elsewhere, so that what is added has the covariance of real local
differences; a run of its words, of the same share as the move, is replaced by the neighbour's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.knowledge.publishing import Publication
from assistant.types import Chunk, Draft, Language, Line

Vectors = NDArray[np.float32]

NEIGHBOURS = 8
MOST_COMPARED = 8_192
"""Among so many chunks, drawn at random, the neighbours of a chunk are looked for."""
MOVE = 0.5
"""Most of the way to a neighbour, and most of a difference between two others."""
LINE_CHARS = 80
LINES_A_PAGE = 45
MAX_GROUPS = 3


@dataclass(frozen=True, slots=True)
class BaseDocument:
    """`vectors` is (N, D), one row a text."""

    title: str
    language: Language | None
    texts: tuple[str, ...]
    vectors: Vectors


class Enlarger:
    """Draws documents of a library of any size; the same seed gives the same ones."""

    def __init__(self, base: Sequence[BaseDocument], *, seed: int = 0) -> None:
        self._base = base
        self._random = np.random.default_rng(seed)
        self._texts = [text.split() for one in base for text in one.texts]
        self._vectors = np.concatenate([one.vectors for one in base])  # (N, D)
        self._starts = np.cumsum([0, *(len(one.texts) for one in base)])
        self._neighbours = self._find_neighbours()  # (N, NEIGHBOURS)

    def publications(self, chunks: int, *, groups: int) -> Iterator[Publication]:
        """Documents with `chunks` chunks in all, each shared with one to three of the groups
        `g0`, `g1`, ..."""
        order: list[int] = []
        made = number = 0
        while made < chunks:
            if not order:
                order = [int(one) for one in self._random.permutation(len(self._base))]
            index = order.pop()
            one = self._base[index]
            first_copy = number < len(self._base)
            texts, vectors = (one.texts, one.vectors) if first_copy else self._vary(index)
            left = chunks - made
            draft = build_draft(number, one, texts[:left])
            shared = self._random.choice(
                groups, size=self._random.integers(1, min(MAX_GROUPS, groups) + 1), replace=False
            )
            yield Publication(
                draft, vectors[:left], "default", groups=frozenset(f"g{group}" for group in shared)
            )
            made += len(draft.chunks)
            number += 1

    def _vary(self, index: int) -> tuple[tuple[str, ...], Vectors]:
        rows = np.arange(self._starts[index], self._starts[index + 1])
        count, random = len(rows), self._random
        near = self._any_neighbour(rows)
        others = random.integers(0, len(self._vectors), count)
        share = random.uniform(0.0, MOVE, (count, 1)).astype(np.float32)
        along = random.uniform(-MOVE, MOVE, (count, 1)).astype(np.float32)
        moved = self._vectors[rows] + share * (self._vectors[near] - self._vectors[rows])
        moved += along * (self._vectors[others] - self._vectors[self._any_neighbour(others)])
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        texts = tuple(
            self._mix(self._texts[row], self._texts[other], float(part))
            for row, other, part in zip(rows, near, share[:, 0], strict=True)
        )
        return texts, moved

    def _mix(self, words: Sequence[str], others: Sequence[str], share: float) -> str:
        run = max(1, round(share * len(words)))
        place = int(self._random.integers(0, max(1, len(words) - run)))
        start = int(self._random.integers(0, max(1, len(others) - run)))
        return " ".join([*words[:place], *others[start : start + run], *words[place + run :]])

    def _any_neighbour(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        found: NDArray[np.int64] = self._neighbours[
            rows, self._random.integers(0, self._neighbours.shape[1], len(rows))
        ]
        return found

    def _find_neighbours(self) -> NDArray[np.int64]:
        count = len(self._vectors)
        compared = self._random.permutation(count)[:MOST_COMPARED]
        kept = min(NEIGHBOURS, max(1, len(compared) - 1))
        found = np.empty((count, kept), dtype=np.int64)
        for first in range(0, count, 1_000):
            rows = np.arange(first, min(first + 1_000, count))
            scores = self._vectors[rows] @ self._vectors[compared].T  # (R, D) @ (D, C) -> (R, C)
            scores[rows[:, None] == compared[None, :]] = -2.0  # not the chunk itself
            found[rows] = compared[np.argpartition(-scores, kept - 1, axis=1)[:, :kept]]
        return found


def build_draft(number: int, one: BaseDocument, texts: Sequence[str]) -> Draft:
    """A document as a parser of PDFs gives it: lines with pages and boxes."""
    chunks: list[Chunk] = []
    start = line_number = 0
    for ordinal, text in enumerate(texts):
        lines = []
        for offset in range(0, max(1, len(text)), LINE_CHARS):
            top = 72.0 + 15.0 * (line_number % LINES_A_PAGE)
            box = (72.0, top, 523.25, top + 12.5)
            lines.append(Line(start + offset, 1 + line_number // LINES_A_PAGE, box))
            line_number += 1
        chunks.append(Chunk(ordinal, start, start + len(text), text, (), tuple(lines)))
        start += len(text) + 1
    text = "\n".join(texts)
    return Draft(
        uri=f"bench:///{number}",
        title=one.title,
        text=text,
        chunks=tuple(chunks),
        content_sha256=hashlib.sha256(f"{number}\n{text}".encode()).hexdigest(),
        recipe="bench",
        language=one.language,
        pages=1 + line_number // LINES_A_PAGE,
    )
