"""How right an answer is: token F1 and exact match as SQuAD measures them, in two languages."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the|le|la|les|l|un|une|des|du|de|d)\b")
_MARKS = re.compile(r"\s*\[\d{1,2}\]")


def normalise(text: str) -> list[str]:
    """Words without case, punctuation, marks of citations and articles."""
    lowered = unicodedata.normalize("NFC", _MARKS.sub("", text)).lower()
    lowered = lowered.replace("’", "'").replace("'", " ")
    bare = "".join(" " if ch in string.punctuation + "«»“”–—" else ch for ch in lowered)
    return _ARTICLES.sub(" ", bare).split()


def token_f1(said: str, rights: Sequence[str]) -> float:
    """The best over the right answers, in [0, 1]."""
    return max((_f1(normalise(said), normalise(right)) for right in rights), default=0.0)


def exact(said: str, rights: Sequence[str]) -> float:
    return float(any(normalise(said) == normalise(right) for right in rights))


def _f1(ours: list[str], theirs: list[str]) -> float:
    shared = sum((Counter(ours) & Counter(theirs)).values())
    return 2 * shared / (len(ours) + len(theirs)) if shared else float(ours == theirs)
