"""Two settings on the same questions: what differs, how surely, and which questions lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from pydantic import SecretStr

from assistant.evaluation.evaluate import DIGITS, Evaluation, as_pair
from assistant.evaluation.measures import Measure
from assistant.evaluation.statistics import Difference, compare
from assistant.settings import Settings

LOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that differs."""

    setting: str
    first: Any
    second: Any


@dataclass(frozen=True, slots=True)
class Delta:
    """What one question scored under the first settings and under the second."""

    query: str
    question: str
    first: float
    second: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """`differences` and `answer_differences` by measure. `lost` by measure: the questions that
    lost most under the second settings, the worst first."""

    changes: tuple[Change, ...]
    first: Evaluation
    second: Evaluation
    differences: dict[str, Difference]
    answer_differences: dict[str, Difference]
    lost: dict[str, tuple[Delta, ...]]


def compare_evaluations(
    first: Evaluation, second: Evaluation, *, changes: tuple[Change, ...]
) -> Comparison:
    """Both of the same question set, with the same questions asked."""
    lost = {}
    for name in ("ndcg@10", "f1"):
        pair = [(one.measures | one.answer_measures).get(name) for one in (first, second)]
        if pair[0] is not None and pair[1] is not None:
            lost[name] = lost_most(first, pair[0], pair[1])
    return Comparison(
        changes=changes,
        first=first,
        second=second,
        differences=_differences(first.measures, second.measures),
        answer_differences=_differences(first.answer_measures, second.answer_measures),
        lost=lost,
    )


def changed_settings(first: Settings, second: Settings) -> tuple[Change, ...]:
    """Settings that differ, by their path in the file. Secrets are not told."""
    flat = [dict(_flat(one.model_dump())) for one in (first, second)]
    return tuple(
        Change(name, value, flat[1][name])
        for name, value in flat[0].items()
        if value != flat[1][name]
    )


def lost_most(evaluation: Evaluation, first: Measure, second: Measure) -> tuple[Delta, ...]:
    texts = {one.id: one.text for one in evaluation.questions.questions}
    before, after = first.scores, second.scores
    losses = np.nan_to_num(after - before)
    order = np.argsort(losses, kind="stable")[:LOST_SHOWN]
    return tuple(
        Delta(
            first.ids[index],
            texts[first.ids[index]],
            round(float(before[index]), DIGITS),
            round(float(after[index]), DIGITS),
        )
        for index in order
        if losses[index] < 0
    )


def to_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "changed": [
            {"setting": one.setting, "first": _plain(one.first), "second": _plain(one.second)}
            for one in comparison.changes
        ],
        "retrieval": _differences_json(comparison.differences),
        "answers": _differences_json(comparison.answer_differences) or None,
        "lost": {name: [asdict(one) for one in lost] for name, lost in comparison.lost.items()},
    }


def _differences(
    first: Mapping[str, Measure], second: Mapping[str, Measure]
) -> dict[str, Difference]:
    both = {name: compare(one, second[name]) for name, one in first.items() if name in second}
    return {name: found for name, found in both.items() if found is not None}


def _differences_json(differences: Mapping[str, Difference]) -> dict[str, Any]:
    return {
        name: {
            "first": round(one.first, DIGITS),
            "second": round(one.second, DIGITS),
            "difference": round(one.difference, DIGITS),
            "interval": as_pair(one.interval),
            "p": round(one.p, DIGITS),
        }
        for name, one in differences.items()
    }


def _flat(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "(secret)"
    return value if isinstance(value, bool | int | float | str | None) else str(value)
