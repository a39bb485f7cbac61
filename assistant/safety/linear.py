"""A linear model over hashed n-grams of words and characters: small, quick, kept without pickle."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

SLOTS = 1 << 16
"""Of each kind of feature: words first, characters behind them."""

WORD_GRAMS = (1, 2, 3)
CHARACTER_GRAMS = (3, 4, 5)
DAMPING = 3_000.0
_MULTIPLIER = np.uint32(2_654_435_761)
_WORD = re.compile(r"[^\W_]+|__\w+__")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SPACED = re.compile(r"\b(?:\w[ .\-_]){4,}\w\b")
_TAGS = range(0xE0020, 0xE007F)

Indices = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LinearModel:
    """`weights` and `idf` are (2 * SLOTS,) float32; a text scores the probability of the class,
    calibrated only where it was trained. A score of `threshold` or more is a finding."""

    weights: Floats
    idf: Floats
    bias: float
    threshold: float

    @classmethod
    def load(cls, path: Path) -> LinearModel:
        with np.load(path, allow_pickle=False) as kept:
            return cls(
                weights=kept["weights"].astype(np.float32),
                idf=kept["idf"].astype(np.float32),
                bias=float(kept["bias"]),
                threshold=float(kept["threshold"]),
            )

    @cached_property
    def _products(self) -> Floats:
        return self.weights * self.idf

    def score(self, text: str) -> float:
        """Of the whole text, in [0, 1]."""
        return self._score(features(text))

    def top_score(self, text: str) -> float:
        """Of the sentence, or the two neighbours, that scores highest: what is looked for is
        seldom longer, and would drown in the text around it."""
        parts = [words for part in _parts(text) if (words := _WORD.findall(plain(part)))]
        grams = _Grams([word for words in parts for word in words])
        ends = np.cumsum([0, *(len(words) for words in parts)]).tolist()
        best = 0.0
        for at in range(len(parts)):
            for last in (at + 1, at + 2):
                enough = last <= len(parts) and ends[last] - ends[at] >= LEAST_WORDS
                if enough or len(parts) == 1 == last:
                    best = max(best, self._score(grams.between(ends[at], ends[last])))
        return best

    def _score(self, found: Indices) -> float:
        if not len(found):
            return 0.0
        logit = float(self._products[found].sum()) / length(self.idf[found]) + self.bias
        return float(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))))


def length(values: Floats) -> float:
    """Of a text's vector. Few words prove little: they are taken for shorter than they are."""
    return float(np.sqrt(np.square(values).sum() + DAMPING))


def features(text: str) -> Indices:
    """Which of the 2 * SLOTS features a text has, each once; of `plain` text."""
    words = _WORD.findall(plain(text))
    return _Grams(words).between(0, len(words))


class _Grams:
    """The hashed n-grams of a row of words, so that those of any part of it are slices."""

    def __init__(self, words: list[str]) -> None:
        coded = [word.encode() for word in words]
        codes = np.array([crc32(word) for word in coded], np.uint32)
        letters = np.frombuffer(b" " + b" ".join(coded) + b" ", np.uint8).astype(np.uint32)
        self._places = np.cumsum([0, *(len(word) + 1 for word in coded)]).tolist()
        self._words = [(size, _grams(codes, size) % SLOTS) for size in WORD_GRAMS]
        self._letters = [(size, _grams(letters, size) % SLOTS + SLOTS) for size in CHARACTER_GRAMS]

    def between(self, first: int, last: int) -> Indices:
        """Of the words from `first` to before `last`."""
        if first >= last:
            return np.empty(0, np.int64)
        start, end = self._places[first], self._places[last] + 1
        return np.unique(
            np.concatenate(
                [row[first : max(first, last - size + 1)] for size, row in self._words]
                + [row[start : max(start, end - size + 1)] for size, row in self._letters]
            )
        )


def _grams(codes: NDArray[np.uint32], size: int) -> Indices:
    """A hash of each run of `size` codes."""
    count = max(0, len(codes) - size + 1)
    mixed = np.full(count, size, np.uint32)
    for place in range(size):
        mixed = (mixed ^ codes[place : place + count]) * _MULTIPLIER
        mixed ^= mixed >> np.uint32(15)
    return mixed.astype(np.int64)


def plain(text: str) -> str:
    """Lower case without accents, and without what hides words from a reader of bytes: invisible
    signs, look-alike letters in full width, letters set apart by spaces."""
    shown = "".join(chr(ord(ch) - 0xE0000) if ord(ch) in _TAGS else ch for ch in text)
    shown = unicodedata.normalize("NFKD", _INVISIBLE.sub("", shown))
    shown = "".join(ch for ch in shown if not unicodedata.combining(ch)).casefold()
    return _SPACED.sub(lambda found: re.sub(r"[ .\-_]", "", found.group()), shown)


_END = re.compile(r"(?<=[.!?…])[\"'»”)]*\s+|\n+")
MOST_CHARS = 400
"""Of a sentence; a longer one is cut."""
LEAST_WORDS = 3
"""Of what is scored, unless the text has no more."""


def _parts(text: str) -> list[str]:
    return [
        part[start : start + MOST_CHARS]
        for part in _END.split(text)
        if part.strip()
        for start in range(0, len(part), MOST_CHARS)
    ]


def sentences_of(text: str) -> list[str]:
    """Sentences as they are scored, and each with the one that follows it; to learn from."""
    parts = _parts(text)
    pairs = [f"{one} {other}" for one, other in pairwise(parts)]
    return [one for one in (*parts, *pairs) if one.count(" ") >= LEAST_WORDS - 1]
