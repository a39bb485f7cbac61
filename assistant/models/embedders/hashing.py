"""An embedder without a model: for tests, and to see the pipeline work in a millisecond."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

from assistant.models.embedders.base import Embedder, Vectors

WORD = re.compile(r"[^\W_]+")


class HashingEmbedder(Embedder):
    """Texts that share words are near; meaning it does not know.

    Signed feature hashing (Weinberger et al., ICML 2009, doi:10.1145/1553374.1553516) of
    words without case and accents, each weighing 1 + ln(count). A token is a word.
    """

    def __init__(self, *, dimension: int = 256, max_tokens: int = 512) -> None:
        self.id = f"hashing-{dimension}-{max_tokens}"
        self.dimension = dimension
        self.max_tokens = max_tokens

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self.encode_query(text)
        return vectors

    def encode_query(self, text: str) -> Vectors:
        vector = np.zeros(self.dimension, np.float32)
        for word, count in Counter(_words(text)[: self.max_tokens]).items():
            digest = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
            sign = 1.0 if digest & 1 else -1.0
            vector[(digest >> 1) % self.dimension] += sign * (1.0 + math.log(count))
        norm = float(np.linalg.norm(vector))
        if norm == 0.0:  # no word in it; still it has to be a unit vector
            vector[0] = norm = 1.0
        return vector / np.float32(norm)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(_words(text)) for text in texts]


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return WORD.findall("".join(ch for ch in decomposed if not unicodedata.combining(ch)))
