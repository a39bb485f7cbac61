"""One spelling for the many in which the same text is written."""

from __future__ import annotations

import re
import unicodedata

_MARKS = str.maketrans(
    {
        "’": "'", "ʼ": "'", "‘": "'", "`": "'", "´": "'",
        "“": '"', "”": '"', "«": '"', "»": '"', "„": '"',
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "\t": " ", "\n": " ",
        "‑": "-", "‐": "-", "−": "-", "\u00ad": None,
    }
)  # fmt: skip
_PARTED = re.compile(r" (?='s\b|n't\b|'re\b|'ve\b|'ll\b)")
_CONTRACTIONS = (
    (re.compile(r"\bcan't\b|\bcannot\b", re.IGNORECASE), "can not"),
    (re.compile(r"\bwon't\b", re.IGNORECASE), "will not"),
    (re.compile(r"\bshan't\b", re.IGNORECASE), "shall not"),
    (re.compile(r"(?<=[a-z])n't\b", re.IGNORECASE), " not"),
    (re.compile(r"\b([a-z]+)'(re|ve|ll)\b", re.IGNORECASE), r"\1"),
    (re.compile(r"\b(pour|per) cent\b", re.IGNORECASE), "percent"),
    (re.compile(r"'s\b(?![ ]?\w*')"), ""),
    (re.compile(r"\b([nN])'(?=\w)"), r"\1e "),
    (re.compile(r"\b([dlsctmj])'(?=\w)", re.IGNORECASE), r"\1e "),
    (re.compile(r"\b((?:jus|lors|puis|quoi|pres)?qu)'(?=\w)", re.IGNORECASE), r"\1e "),
)


def normalise(text: str) -> str:
    """Plain apostrophes, quotes and spaces; contractions and elisions written out."""
    whole = text.encode("utf-8", "ignore").decode("utf-8")
    plain = unicodedata.normalize("NFC", whole).replace("``", '"').replace("''", '"')
    plain = _PARTED.sub("", plain.translate(_MARKS))
    for pattern, written in _CONTRACTIONS:
        plain = pattern.sub(written, plain)
    return plain


def _table() -> dict[int, str]:
    letters = {}
    for code in range(0x41, 0x250):
        base = unicodedata.normalize("NFD", chr(code))[0].lower()
        if len(base) == 1:
            letters[code] = base
    return letters


_BARE = _table()


def bare(text: str) -> str:
    """Lower case without accents, character for character: offsets stay as they are."""
    return text.translate(_BARE)
