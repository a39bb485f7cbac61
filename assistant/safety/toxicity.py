"""Texts that insult, threaten or degrade, as far as a small model sees it. It only flags.

No list of identities and no list of words: it was taught with every identity in hateful and in
neutral sentences alike, so that naming one proves nothing (docs/safety.md has the figures).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from assistant.safety.injection import injection_threshold
from assistant.safety.linear import LinearModel, windows
from assistant.types import Flag

WEIGHTS = Path(__file__).with_name("toxicity_weights.npz")


def score_toxicity(text: str) -> float:
    """How likely a text insults, threatens or degrades, by its worst sentences; in [0, 1]."""
    model = _model()
    return max((model.score(window) for window in windows(text)), default=0.0)


def toxicity_threshold() -> float:
    """The score from which on a text is flagged; it comes with the weights."""
    return _model().threshold


def flags_of(*, injection: float, toxicity: float) -> tuple[Flag, ...]:
    """What these scores amount to."""
    found: list[Flag] = []
    if injection >= injection_threshold():
        found.append("injection")
    if toxicity >= toxicity_threshold():
        found.append("toxicity")
    return tuple(found)


@lru_cache(maxsize=1)
def _model() -> LinearModel:
    return LinearModel.load(WEIGHTS)
