"""The seam for readers: which words of a passage answer a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.models.readers.pairing import Span


@dataclass(frozen=True, slots=True)
class PassageReading:
    """What a reader makes of one passage, P tokens of which it read.

    `spans` are the tokens' half-open places in the passage's text, ascending. `relevance` is the
    log odds that the passage answers; `evidence` (P,) the log odds of each token that its sentence
    does; `starts` and `ends` (P,) log probabilities that an answer starts or ends at a token.
    """

    spans: tuple[Span, ...]
    relevance: float
    evidence: NDArray[np.float64]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]


class Reader(Protocol):
    """Reads passages for a question. Safe to call from several threads."""

    id: str

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[PassageReading]:
        """One reading for each (title, text); a text is read as far as it fits."""

    def prepare(self) -> None:
        """Load what the first use needs, so that it does not wait for it."""

    def close(self) -> None:
        """Give back memory and threads; the reader is not used after that."""
