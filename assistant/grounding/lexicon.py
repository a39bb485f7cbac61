"""Words that say the same, words that say the opposite, and words that say little.

`lexicon.json` holds them by hand: groups of English and French words ('en ...|fr ...'), and
pairs of such groups that exclude each other.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from assistant.grounding.spelling import bare
from assistant.types import Language
from assistant.words import stem

LEAST_PREFIX = 4
"""Letters that two words of one family begin with at least ('pay', 'payment' are listed)."""

_PREFIXES = ("non-", "non", "un", "in", "im", "il", "ir", "dis", "mal")
_LEAST_BASE = 4


@dataclass(frozen=True, slots=True)
class _Lexicon:
    groups: dict[tuple[Language, str], frozenset[int]]
    sides: dict[tuple[Language, str], frozenset[int]]
    light: frozenset[tuple[Language, str]]


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    tree = json.loads(files("assistant.grounding").joinpath("lexicon.json").read_text("utf-8"))
    groups: dict[tuple[Language, str], set[int]] = defaultdict(set)
    sides: dict[tuple[Language, str], set[int]] = defaultdict(set)
    for number, group in enumerate(tree["same"]):
        for word in _words(group):
            groups[word].add(number)
    for number, (one, other) in enumerate(tree["opposite"], start=1):
        for word in _words(one):
            sides[word].add(number)
        for word in _words(other):
            sides[word].add(-number)
    return _Lexicon(
        {word: frozenset(found) for word, found in groups.items()},
        {word: frozenset(found) for word, found in sides.items()},
        frozenset(_words(tree["light"])),
    )


def _words(group: str) -> list[tuple[Language, str]]:
    english, french = group.split("|")
    return [
        *(("en", root_of(word, "en")) for word in english.split()),
        *(("fr", root_of(word, "fr")) for word in french.split()),
    ]


def root_of(word: str, language: Language) -> str:
    """The stem in bare letters. The stemmer needs the accents: 'refusée', 'refuser'."""
    return bare(stem(word.lower(), language))


def groups_of(word_stem: str, language: Language) -> frozenset[int]:
    """Numbers of the groups of words that say the same, the same in both languages."""
    return _lexicon().groups.get((language, word_stem), frozenset())


def sides_of(word_stem: str, language: Language) -> frozenset[int]:
    """Numbers of the oppositions that it takes part in, negative for their other side."""
    return _lexicon().sides.get((language, word_stem), frozenset())


def is_light(word_stem: str, language: Language) -> bool:
    return (language, word_stem) in _lexicon().light


def are_related(one: str, other: str) -> bool:
    """Whether two stems look like one family: 'livr' and 'livraison', 'renouvel' and
    'renouvell'."""
    shorter, longer = sorted((one, other), key=len)
    if longer in (shorter + "ent", shorter + "nt") and len(shorter) > 3:
        return True  # 'restent': the French stemmer leaves it as it is
    shared = next(
        (at for at, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b),
        len(shorter),
    )
    return (
        shared >= LEAST_PREFIX
        and shared >= 0.6 * len(longer) - (1 if shared >= 5 else 0)
        and len(shorter) - shared <= 2
        and len(longer) - shared <= 5
    )


def is_negated_form(one: str, other: str) -> bool:
    """Whether one word is the other with a prefix that denies it: 'paid' and 'unpaid'."""
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _LEAST_BASE and any(longer == prefix + shorter for prefix in _PREFIXES)
