"""Is the gate's probability true? Of passages that it gives 0.7, seven in ten hold the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.evaluation.answer_measures import Judged

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions whose probability lies in one tenth: how many, their mean probability, and the
    share whose passages hold the answer."""

    count: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """`error` is the expected calibration error (Naeini et al., AAAI 2015), `brier` the mean
    squared error (Brier 1950); both 0 at best."""

    count: int
    error: float
    brier: float
    bins: tuple[Bin, ...]


def measure_reliability(judged: Sequence[Judged]) -> Reliability | None:
    """None where of no question it is known whether its passages hold the answer."""
    pairs = [
        (one.answer.evidence, one.passages_hold)
        for one in judged
        if one.answer is not None and one.passages_hold is not None
    ]
    if not pairs:
        return None
    predicted = np.array([chance for chance, _ in pairs])  # (N,)
    truth = np.array([held for _, held in pairs], np.float64)
    places = np.minimum((predicted * BINS).astype(int), BINS - 1)
    bins = tuple(
        Bin(
            int((places == index).sum()),
            float(predicted[places == index].mean()),
            float(truth[places == index].mean()),
        )
        for index in sorted(set(places.tolist()))
    )
    error = sum(one.count * abs(one.predicted - one.observed) for one in bins) / len(pairs)
    return Reliability(len(pairs), error, float(((predicted - truth) ** 2).mean()), bins)
