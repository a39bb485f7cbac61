"""Documents that speak to the model instead of to their reader: found, and made harmless.

The prompt is what guards: see `assistant.answering.prompts`. The detector only tells people what
to look at, and is wrong in both directions (docs/safety.md).
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from assistant.safety.linear import LinearModel

WEIGHTS = Path(__file__).with_name("injection_weights.npz")

_TURN_MARK = re.compile(
    r"<\|[^|<>\n]{0,40}\|>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
    r"|</?(?:system|assistant|user|passages?|part|context|documents?)>"
    r"|^\s*#{2,}\s*(?:instruction|response|system|réponse)s?\s*:"
    r"|^\s*(?:system|assistant|human|user|système|utilisateur)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*|<img\b[^>]*", re.IGNORECASE)
_TAGGED = re.compile("[\U000e0020-\U000e007f]")
_ENCODED = re.compile(r"\b[A-Za-z0-9+/]{24,}={0,2}(?![\w/])")


def score_injection(text: str) -> float:
    """How likely a text orders a model about, by its most suspicious sentences; in [0, 1]."""
    return _model().top_score(signs_of(text))


def injection_threshold() -> float:
    """The score from which on a text is called suspicious; it comes with the weights."""
    return _model().threshold


def signs_of(text: str) -> str:
    """The text with words for what a reader of words would not see: marks of turns, images with
    an address, letters in hidden planes, encoded runs."""
    text = _TURN_MARK.sub(" __turnmark__ ", text)
    text = _IMAGE.sub(" __image__ ", text)
    text = _ENCODED.sub(" __encoded__ ", text)
    return f"__hidden__ {text}" if _TAGGED.search(text) else text


@lru_cache(maxsize=1)
def _model() -> LinearModel:
    return LinearModel.load(WEIGHTS)
