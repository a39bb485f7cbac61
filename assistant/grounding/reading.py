"""A sentence taken apart: words with their stems and senses, names, quantities, borders."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

from assistant.grounding.lexicon import groups_of, is_light, root_of, sides_of
from assistant.grounding.quantities import Quantity, codes, find_quantities
from assistant.grounding.spelling import bare, normalise
from assistant.types import Language
from assistant.words import STOP_WORDS

MAX_TOKENS = 400
"""Longer statements are not read: nobody writes such a sentence."""

Kind = Literal["word", "name", "quantity", "stop", "border"]

_TOKEN = re.compile(r"[^\W_]+(?:\.[^\W_]\b)*|[,;:()\[\]\"!?—–|…]|\.(?=\s|$)", re.UNICODE)
_MORE_STOPS = frozenset(
    """pouvoir pouvez pourra pourront pouvait pourrait devra devront devez devoir devrait devait
    etes soyez shall must may might can could should would will do does did be is are was were
    been being has have had having get gets got il faut lequel laquelle lesquels lesquelles
    auquel duquel via etait etaient fut furent ainsi donc car lors vos votre soit toujours
    also however therefore thus then there here soi ayant etant quoi dont one ones etc eg ie
    whether upon onto within among across per toward towards des du au aux the an""".split()
)
LIGHT_WEIGHT = 0.35


@dataclass(frozen=True, slots=True)
class Token:
    """`place` counts tokens; `first` is the first word of its sentence."""

    place: int
    kind: Kind
    written: str
    bare: str
    stem: str
    groups: frozenset[int] = frozenset()
    sides: frozenset[int] = frozenset()
    weight: float = 1.0
    first: bool = False
    quantity: Quantity | None = None


@dataclass(frozen=True, eq=False)
class Reading:
    """All that is compared of a text. `content` are its words, names and quantities."""

    text: str
    low: str
    language: Language
    tokens: tuple[Token, ...]
    by_stem: dict[str, list[Token]] = field(repr=False)
    by_group: dict[int, list[Token]] = field(repr=False)
    by_side: dict[int, list[Token]] = field(repr=False)
    by_start: dict[str, list[Token]] = field(repr=False)

    @cached_property
    def content(self) -> tuple[Token, ...]:
        return tuple(one for one in self.tokens if one.kind in {"word", "name", "quantity"})

    @cached_property
    def words(self) -> tuple[Token, ...]:
        return tuple(one for one in self.tokens if one.kind in {"word", "name"})

    @cached_property
    def quantities(self) -> tuple[Token, ...]:
        return tuple(one for one in self.tokens if one.kind == "quantity")

    @cached_property
    def bare_words(self) -> frozenset[str]:
        return frozenset(one.bare for one in self.tokens)

    @cached_property
    def years(self) -> frozenset[int]:
        """Years that the text speaks of, alone or in its dates."""
        found = set()
        for token in self.quantities:
            quantity = token.quantity
            assert quantity is not None  # noqa: S101 - by its kind
            found |= {date.year for date in quantity.dates if date.year}
            found |= {
                int(value) for value in quantity.plain if 1000 <= value <= 2100 and value % 1 == 0
            }
        return frozenset(found)


@lru_cache(maxsize=8192)
def read(text: str, language: Language) -> Reading:
    """Take a sentence, a heading or a row apart.

    Args:
        language: of its words; quantities and negations are known in both.
    """
    plain = normalise(text)
    low = bare(plain)
    quantities = find_quantities(plain, low, language)
    tokens: list[Token] = []
    stops = STOP_WORDS[language]
    shouts = sum(ch.isupper() for ch in plain) > 0.6 * sum(ch.isalpha() for ch in plain)
    spans = sorted(
        [(one.start, one.end, one) for one in quantities]
        + [(start, end, None) for start, end in codes(low)],
        key=lambda span: span[0],
    )
    opens = True
    position = 0
    for start, end, quantity in [*spans, (len(plain), len(plain), None)]:
        for match in _TOKEN.finditer(plain, position, start):
            token = _word(len(tokens), match, low, language, stops, opens=opens, shouts=shouts)
            opens = opens and token.kind == "border"
            tokens.append(token)
            if len(tokens) > MAX_TOKENS:
                break
        if end > start:
            written = plain[start:end]
            tokens.append(
                Token(
                    len(tokens), "quantity" if quantity else "name", written, low[start:end],
                    low[start:end], sides=sides_of(root_of(written, language), language),
                    quantity=quantity,
                )
            )  # fmt: skip
            opens = False
        position = end
        if len(tokens) > MAX_TOKENS:
            break
    return _index(plain, low, language, _name_pairs(tokens))


def _word(
    place: int,
    match: re.Match[str],
    low: str,
    language: Language,
    stops: frozenset[str],
    *,
    opens: bool,
    shouts: bool,
) -> Token:
    written = match.group()
    word = low[match.start() : match.end()]
    if not written[0].isalnum():
        return Token(place, "border", written, word, word)
    capital = written[0].isupper()
    acronym = capital and len(written) > 1 and written.isupper() and not shouts
    if (word in stops or word in _MORE_STOPS) and not acronym:
        return Token(place, "stop", written, word, word, first=opens)
    if len(word) == 1 and not capital:
        return Token(place, "stop", written, word, word, first=opens)
    root = root_of(written.replace(".", ""), language)
    groups, sides = groups_of(root, language), sides_of(root, language)
    if language == "fr" and word.endswith("ent") and len(word) > 5 and not (groups or sides):
        verb = root_of(word[:-3] + "er", language)  # 'restent': the stemmer leaves it as it is
        groups, sides = groups_of(verb, language), sides_of(verb, language)
    kind: Kind = "name" if acronym or (capital and not opens and not shouts) else "word"
    return Token(
        place, kind, written, word, root, groups, sides,
        LIGHT_WEIGHT if kind == "word" and is_light(root, language) else 1.0, first=opens,
    )  # fmt: skip


def _name_pairs(tokens: list[Token]) -> tuple[Token, ...]:
    """A first word that a name follows is one too, unless it is a known word: 'Grace Murphy'."""
    for one, following in itertools.pairwise(tokens):
        if one.first and one.kind == "word" and following.kind == "name" and not one.groups:
            tokens[one.place] = Token(
                one.place, "name", one.written, one.bare, one.stem, one.groups, one.sides,
                first=True,
            )  # fmt: skip
    return tuple(tokens)


def _index(text: str, low: str, language: Language, tokens: tuple[Token, ...]) -> Reading:
    by_stem: dict[str, list[Token]] = defaultdict(list)
    by_group: dict[int, list[Token]] = defaultdict(list)
    by_side: dict[int, list[Token]] = defaultdict(list)
    by_start: dict[str, list[Token]] = defaultdict(list)
    for token in tokens:
        for side in token.sides:
            by_side[side].append(token)
        if token.kind not in {"word", "name"}:
            continue
        by_stem[token.stem].append(token)
        by_start[token.stem[:4]].append(token)
        for group in token.groups:
            by_group[group].append(token)
    return Reading(text, low, language, tokens, by_stem, by_group, by_side, by_start)
