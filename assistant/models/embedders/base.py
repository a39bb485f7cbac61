"""The seam for sentence embedders."""

from __future__ import annotations

import abc
from collections.abc import Sequence

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Embeddings, abc.ABC):
    """Turns texts into unit vectors. A LangChain `Embeddings`, with arrays underneath.

    `id` names the vector space: model, revision of its weights and prefixes. Vectors of
    two ids must never meet in one index, even when their dimension is the same.
    """

    id: str
    dimension: int
    max_tokens: int

    @abc.abstractmethod
    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(N,) texts -> (N, D) float32, L2-normalised. Longer texts are cut at `max_tokens`."""

    def encode_bulk(self, texts: Sequence[str]) -> Vectors:
        """`encode_passages` where nobody waits for it: other work comes first, if it can."""
        return self.encode_passages(texts)

    @abc.abstractmethod
    def encode_query(self, text: str) -> Vectors:
        """One question -> (D,) float32, L2-normalised."""

    @abc.abstractmethod
    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text without special tokens and prefixes."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(x) for x in row] for row in self.encode_passages(texts)]

    def embed_query(self, text: str) -> list[float]:
        return [float(x) for x in self.encode_query(text)]

    def prepare(self) -> None:
        """Load what the first use needs, so that it does not wait for it."""

    def close(self) -> None:
        """Give back memory and threads; the embedder is not used after that."""
