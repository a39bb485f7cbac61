"""From a reader's logits to the spans that it finds likely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assistant.models.readers.base import PassageReading
from assistant.models.readers.pairing import CodedPair, Span

MOST_TOKENS = 30
"""Longest span, in tokens."""


def make_reading(logits: NDArray[np.float32], coded: CodedPair) -> PassageReading:
    """(T, 3) logits of a pair (see `recipes.e5_reader.CHANNELS`) as a reading of its passage."""
    places = list(coded.places())
    values = logits[[at for at, _ in places]].astype(np.float64)  # (P, 3)
    return PassageReading(
        spans=tuple(span for _, span in places),
        relevance=float(logits[0, 2]),
        evidence=values[:, 2],
        starts=_log_softmax(values[:, 0]),
        ends=_log_softmax(values[:, 1]),
    )


def tokens_within(reading: PassageReading, place: Span) -> tuple[int, int]:
    """The half-open range of the tokens that lie in a part of the passage's text."""
    inside = [
        at for at, (start, end) in enumerate(reading.spans) if start >= place[0] and end <= place[1]
    ]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


def best_span(reading: PassageReading, place: Span | None = None) -> tuple[Span, float] | None:
    """The likeliest span of the passage, or of a part of its text, with its log probability
    among all spans of the passage; None where the reader saw no token."""
    low, high = (0, len(reading.spans)) if place is None else tokens_within(reading, place)
    if low == high:
        return None
    scores = _span_scores(reading, low, high)  # (L, L)
    first, last = np.unravel_index(int(np.argmax(scores)), scores.shape)
    span = (reading.spans[low + int(first)][0], reading.spans[low + int(last)][1])
    return span, float(scores[first, last])


def span_mass(reading: PassageReading, place: Span) -> float:
    """The probability, in [0, 1], of all spans within a part of the text together."""
    low, high = tokens_within(reading, place)
    if low == high:
        return 0.0
    return min(1.0, float(np.exp(_span_scores(reading, low, high)).sum()))


def _span_scores(reading: PassageReading, low: int, high: int) -> NDArray[np.float64]:
    """log P(start) + log P(end) of each pair of tokens, -inf where it is no span."""
    scores = reading.starts[low:high, None] + reading.ends[None, low:high]  # (L, L)
    length = np.arange(high - low)[None, :] - np.arange(high - low)[:, None]  # (L, L)
    scores[(length < 0) | (length >= MOST_TOKENS)] = -np.inf
    return scores


def _log_softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if not values.size:
        return values
    shifted = values - values.max()
    result: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum())
    return result
