"""Vectors in a quarter of their space: one byte a component to search, one more to be exact.

A row is its block's centre and a remainder, which is stored as `scale * (code + fine / 254)`
with two signed bytes a component (scalar quantisation in two steps). Products of `code` alone
find the candidates; with `fine`, a score differs from that of the float32 vector by about 1e-6.
Embeddings of one model point into much the same direction: without the centre, `code` would be
spent on what they have in common.
"""

from __future__ import annotations

import numpy as np
from numkong import cdist
from numpy.typing import NDArray

from assistant.knowledge.vectors.base import Vector

Rows = NDArray[np.intp]

BLOCK_ROWS = 32_768
GATHERED_SHARE = 8
"""Where fewer than 1/8 of a block's rows are wanted, they are picked out before the product;
otherwise the product over all of them is quicker."""
LARGEST = 127
FINE_STEPS = 2 * LARGEST


class Block:
    """Up to `BLOCK_ROWS` vectors, one a row, at the places that its owner gives them.

    Its memory is only taken as far as rows are written. No row may be written while it is
    searched for.
    """

    def __init__(self, centre: Vector) -> None:
        dimension = len(centre)
        self.centre = centre  # (D,)
        self._codes = np.zeros((BLOCK_ROWS, dimension), np.int8)
        self._fine = np.zeros((BLOCK_ROWS, dimension), np.int8)
        self._scales = np.zeros(BLOCK_ROWS, np.float32)

    def write(self, rows: Rows, vectors: NDArray[np.float32]) -> None:
        """(R,) places, (R, D) vectors."""
        rest = vectors - self.centre
        scales = np.maximum(np.abs(rest).max(axis=1), np.finfo(np.float32).tiny) / LARGEST  # (R,)
        rest /= scales[:, None]
        codes = np.rint(rest)
        rest -= codes  # in [-0.5, 0.5]
        rest *= FINE_STEPS
        self._codes[rows] = codes
        self._fine[rows] = np.rint(rest, out=rest)
        self._scales[rows] = scales

    def erase(self, rows: Rows) -> None:
        self._codes[rows] = self._fine[rows] = 0
        self._scales[rows] = 0.0

    def scan(self, query: Query, rows: Rows) -> NDArray[np.float32]:
        """(R,) rough scores of the rows, which are in ascending order."""
        used = int(rows[-1]) + 1
        if len(rows) * GATHERED_SHARE < used:
            products = query.products(self._codes[rows])
        else:
            products = query.products(self._codes[:used])[rows]
        return products * self._scales[rows] + np.float32(query.vector @ self.centre)

    def score(self, query: Query, rows: Rows) -> NDArray[np.float32]:
        """(R,) scores, as good as exact."""
        rest = self._fine[rows].astype(np.float32)  # (R, D)
        rest /= FINE_STEPS
        rest += self._codes[rows]
        scores: NDArray[np.float32] = (rest @ query.vector) * self._scales[rows]
        return scores + np.float32(query.vector @ self.centre)


class Query:
    """A vector to search for, and the bytes that stand for it. (D,) float32."""

    def __init__(self, vector: Vector) -> None:
        self.vector = vector
        scale = max(float(np.abs(vector).max()), float(np.finfo(np.float32).tiny)) / LARGEST
        self._scale = np.float32(scale)
        self._codes = np.rint(vector / scale).astype(np.int8)[np.newaxis]  # (1, D)

    def products(self, codes: NDArray[np.int8]) -> NDArray[np.float32]:
        """(R, D) @ (D,) -> (R,). The interpreter is free meanwhile."""
        found = np.asarray(cdist(self._codes, codes, metric="dot"))[0]
        products: NDArray[np.float32] = found.astype(np.float32)
        products *= self._scale
        return products
