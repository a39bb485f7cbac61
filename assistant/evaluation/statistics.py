"""How sure a figure is, and whether two settings differ."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from assistant.evaluation.measures import Measure, Values

RESAMPLES = 2_000
ROUNDS = 10_000
SEED = 20_261
_AT_ONCE = 250
"""Resamples held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """`second` minus `first`. `p` is two-sided, by randomisation."""

    first: float
    second: float
    difference: float
    interval: Interval
    p: float


def bootstrap_interval(measure: Measure, *, share: float = 0.95) -> Interval | None:
    """Percentile bootstrap over questions (Efron 1979, doi:10.1214/aos/1176344552).

    Returns:
        None where no question counts.
    """
    if measure.value is None:
        return None
    sums = _resampled_sums(np.stack([measure.gains, measure.weights], axis=1))
    return _bounds(_ratio(sums[:, 0], sums[:, 1]), share)


def mean_interval(
    values: Values, *, share: float = 0.95, resamples: int = RESAMPLES, seed: int = SEED
) -> Interval:
    """The same of the mean of (N,) values that all count alike; N is 1 or more."""
    sums = _resampled_sums(values[:, None], resamples=resamples, seed=seed)
    return _bounds(sums[:, 0] / len(values), share)


def compare(first: Measure, second: Measure) -> Difference | None:
    """Paired: the same questions under two settings.

    The interval is a paired bootstrap, p a randomisation test in which the two settings swap
    places at random for each question (Smucker et al., CIKM 2007, doi:10.1145/1321440.1321528).

    Returns:
        None where no question counts in one of them.
    Raises:
        ValueError: the questions are not the same.
    """
    if first.ids != second.ids:
        raise ValueError("two settings are compared on the same questions, in the same order")
    before, after = first.value, second.value
    if before is None or after is None:
        return None
    columns = [first.gains, first.weights, second.gains, second.weights]
    sums = _resampled_sums(np.stack(columns, axis=1))
    differences = _ratio(sums[:, 2], sums[:, 3]) - _ratio(sums[:, 0], sums[:, 1])
    interval = _bounds(differences, 0.95)
    p = _randomisation_p(first, second, abs(after - before))
    return Difference(before, after, after - before, interval, p)


def _resampled_sums(
    table: NDArray[np.float64], *, resamples: int = RESAMPLES, seed: int = SEED
) -> NDArray[np.float64]:
    """(N, C) -> (R, C): sums over N questions drawn with replacement."""
    generator = np.random.default_rng(seed)
    count = len(table)
    parts = []
    for _ in range(resamples // _AT_ONCE):
        drawn = generator.integers(0, count, size=(_AT_ONCE, count))
        parts.append(table[drawn].sum(axis=1))  # (A, N, C) -> (A, C)
    return np.concatenate(parts)


def _randomisation_p(first: Measure, second: Measure, observed: float) -> float:
    generator = np.random.default_rng(SEED)
    gains = np.stack([first.gains, second.gains])  # (2, N)
    weights = np.stack([first.weights, second.weights])
    extreme = 0
    for _ in range(ROUNDS // _AT_ONCE):
        swapped = generator.random((_AT_ONCE, gains.shape[1])) < 0.5  # (A, N)
        sides = [np.where(swapped, 1, 0), np.where(swapped, 0, 1)]
        columns = np.arange(gains.shape[1])
        values = [
            _ratio(gains[side, columns].sum(axis=1), weights[side, columns].sum(axis=1))
            for side in sides
        ]
        extreme += int((np.abs(values[1] - values[0]) >= observed - 1e-12).sum())
    return (extreme + 1) / (ROUNDS + 1)


def _ratio(gains: Values, weights: Values) -> Values:
    """NaN where nothing counts."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Values = gains / weights
    return ratio


def _bounds(values: Values, share: float) -> Interval:
    edge = (1.0 - share) / 2.0
    low, high = np.nanquantile(values, [edge, 1.0 - edge])
    return Interval(float(low), float(high))


def share_interval(hits: int, total: int, *, share: float = 0.95) -> Interval:
    """Of a proportion, after Wilson (1927, doi:10.2307/2276774)."""
    if total == 0:
        return Interval(0.0, 1.0)
    z = NormalDist().inv_cdf(0.5 + share / 2)
    part, spread = hits / total, z * z / total
    middle = (part + spread / 2) / (1 + spread)
    reach = z * ((part * (1 - part) + spread / 4) / total) ** 0.5 / (1 + spread)
    return Interval(max(0.0, middle - reach), min(1.0, middle + reach))
