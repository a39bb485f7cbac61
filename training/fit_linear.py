"""Fitting a `LinearModel`, its threshold, and saying what it catches."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

from assistant.safety.linear import SLOTS, LinearModel, features, length


def fit(
    positives: Sequence[str], negatives: Sequence[str], *, weight: float, inverse_penalty: float
) -> LinearModel:
    """Logistic regression over TF-IDF with each feature counted once a text.

    Args:
        weight: of the positives, the negatives weighing 1.
    """
    texts = [*positives, *negatives]
    found = [features(text) for text in texts]
    frequency = np.zeros(2 * SLOTS, np.float64)
    for row in found:
        frequency[row] += 1
    idf = np.log((1 + len(texts)) / (1 + frequency)) + 1
    idf[frequency == 0] = 1.0
    idf = idf.astype(np.float16).astype(np.float32)
    values = [idf[row] / length(idf[row]) for row in found]
    matrix = csr_matrix(
        (
            np.concatenate(values),
            np.concatenate(found),
            np.cumsum([0, *(len(row) for row in found)]),
        ),
        shape=(len(texts), 2 * SLOTS),
    )
    labels = np.array([1] * len(positives) + [0] * len(negatives))
    model = LogisticRegression(C=inverse_penalty, class_weight={0: 1.0, 1: weight}, max_iter=300)
    model.fit(matrix, labels)
    weights = model.coef_[0].astype(np.float16).astype(np.float32)
    return LinearModel(weights, idf, float(model.intercept_[0]), 0.5)


def choose_threshold(model: LinearModel, benign: Sequence[str], *, alarms: float) -> float:
    """The lowest at which no more than this share of `benign` is a finding."""
    scores = np.sort([model.top_score(text) for text in benign])
    at = int(np.ceil(len(scores) * (1 - alarms))) - 1
    return float(min(0.999, np.nextafter(scores[at], 1.0)))


def save(model: LinearModel, path: Path) -> None:
    np.savez_compressed(
        path,
        weights=model.weights.astype(np.float16),
        idf=model.idf.astype(np.float16),
        bias=np.float64(model.bias),
        threshold=np.float64(model.threshold),
    )


def interval(hits: int, total: int) -> tuple[float, float]:
    """Clopper and Pearson's, 95%."""
    low = float(beta.ppf(0.025, hits, total - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, total - hits)) if hits < total else 1.0
    return low, high


def tell(name: str, model: LinearModel, texts: Sequence[str]) -> str:
    """One line of a table in Markdown: how many are findings, with the interval."""
    hits = sum(model.top_score(text) >= model.threshold for text in texts)
    low, high = interval(hits, len(texts))
    share = hits / len(texts)
    return f"| {name} | {len(texts)} | {hits} | {share:.3f} | {low:.3f} to {high:.3f} |"


def read_corpus(folder: Path) -> list[str]:
    """Texts of a question set, in order."""
    with (folder / "corpus.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def read_queries(folder: Path) -> list[str]:
    with (folder / "queries.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]
