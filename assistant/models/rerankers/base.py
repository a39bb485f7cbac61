"""The seam for rerankers: models that read a question together with each text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Reranker(Protocol):
    """Better than two vectors at telling which text answers, and far slower: for the best
    candidates of a search only."""

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N,) texts -> (N,) float32, higher is better, comparable within one call only.

        Raises:
            ModelError: the model cannot be read.
        """

    def close(self) -> None:
        """Give back memory; the reranker is not used after that."""
