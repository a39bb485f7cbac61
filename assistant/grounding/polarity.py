"""What a sentence denies, and whether the source denies the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from assistant.grounding.alignment import Alignment
from assistant.grounding.reading import Reading, Token

REACH = 6
"""Words after a negation that it may bear upon."""

_PARTICLES = frozenset("pas jamais guere rien aucun aucune personne nul nulle ni point".split())
_VERBAL = frozenset("not never neither nor".split())
_NOMINAL = frozenset("no none nobody nothing without sans aucun aucune nul nulle ni".split())
_FORMAL = frozenset("peut peuvent pouvait saurait sauraient cesse sait".split())
_ENDS = frozenset(
    "but mais and et while whereas when quand si if que that afin except sauf".split()
)
_ONLY = frozenset("only seul seule seuls seules seulement uniquement que".split())
_EXCEPT = frozenset("except unless sauf excepte hormis other".split())
_BOUNDS = frozenset("more less fewer later earlier longer plus moins".split())


@dataclass(frozen=True, slots=True)
class Negation:
    """`scope` are places of content that it may bear upon, the `focus` those that it does.
    `nominal`: it denies a noun ('no receipts'), and so what is said of it."""

    place: int
    scope: tuple[int, ...]
    focus: tuple[int, ...]
    nominal: bool = False


@lru_cache(maxsize=8192)
def find_negations(reading: Reading) -> tuple[Negation, ...]:
    tokens = reading.tokens
    found: list[Negation] = []
    used: set[int] = set()
    for at, token in enumerate(tokens):
        if at in used or token.kind == "border":
            continue
        word = token.bare
        following = tokens[at + 1].bare if at + 1 < len(tokens) else ""
        if word == "ne":
            particle = _particle(tokens, at, used)
            if particle is not None:
                found.append(_negation(tokens, at, skip=particle, wide=2))
        elif word in _VERBAL or (word == "pas" and at and tokens[at - 1].bare != "non"):
            if following not in {"only", "seulement"} | _BOUNDS:
                found.append(_negation(tokens, at, wide=2))
        elif word == "jamais":
            found.append(_negation(tokens, at, wide=2))
        elif word == "non" and following != "seulement":
            found.append(_negation(tokens, at, wide=1))
        elif word in _NOMINAL and following not in _BOUNDS | {"doute", "one", "cesse"}:
            if word == "no" and following == ".":
                continue
            found.append(_negation(tokens, at, wide=1))
    return tuple(found)


def _particle(tokens: tuple[Token, ...], at: int, used: set[int]) -> int | None:
    """The 'pas' of a 'ne', which counts with it; None where the 'ne' denies nothing."""
    for token in tokens[at + 1 : at + 9]:
        if token.kind == "border" and token.written in ".;:":
            break
        if token.bare in _PARTICLES or (token.bare == "plus" and token.place - at <= 5):
            used.add(token.place)
            if token.bare == "ni":
                used |= {one.place for one in tokens[at:] if one.bare == "ni"}
            return token.place
        if token.bare == "que" and token.place > at + 1:
            return None  # 'ne ... que': only
    return at if at + 1 < len(tokens) and tokens[at + 1].bare in _FORMAL else None


def _negation(
    tokens: tuple[Token, ...], at: int, *, wide: int, skip: int | None = None
) -> Negation:
    scope: list[int] = []
    for token in tokens[at + 1 :]:
        if token.kind == "border" and token.written in ".;:,()—–" and scope:
            break
        if token.bare in _ENDS and scope:
            break
        if token.kind in {"word", "name", "quantity"} and token.place != skip:
            scope.append(token.place)
            if len(scope) == REACH:
                break
    if not scope:
        for token in reversed(tokens[:at]):
            if token.kind == "border" or len(scope) == 4:
                break
            if token.kind in {"word", "name", "quantity"}:
                scope.append(token.place)
    nominal = tokens[at].bare in _NOMINAL - {"sans", "without"}
    return Negation(at, tuple(scope), tuple(scope[:wide]), nominal)


def find_denial(alignment: Alignment) -> bool:
    """Whether the statement denies what the source asserts, or the reverse."""
    said = find_negations(alignment.statement)
    told = find_negations(alignment.source)
    opposite = [link for link in alignment.links.values() if link.opposite]
    unmet = [one for one in told if not any(place in alignment.told for place in one.scope)]
    for negation in said:
        if any(_meet(negation, other, alignment) for other in told):
            continue
        if any(link.said.place in negation.scope for link in opposite):
            continue
        if any(place in alignment.links for place in negation.scope) or not unmet:
            return True
        unmet.pop()
    if _is_exception(alignment):
        return False
    for negation in told:
        if not any(place in alignment.told for place in negation.focus):
            continue
        if any(_meet(one, negation, alignment) for one in said):
            continue
        if any(link.told.place in negation.scope for link in opposite):
            continue
        return True
    return False


def _is_exception(alignment: Alignment) -> bool:
    """'not paid, except when A' is 'paid only when A'."""
    said = alignment.statement.bare_words
    told = alignment.source.bare_words
    return bool(said & _ONLY and told & _EXCEPT and not said & _EXCEPT)


def _meet(said: Negation, told: Negation, alignment: Alignment) -> bool:
    if said.nominal or told.nominal:
        return any(alignment.place_of(place) in told.scope for place in said.scope)
    return any(alignment.place_of(place) in told.scope for place in said.focus) and any(
        alignment.place_of(place) in told.focus for place in said.scope
    )


def find_opposite(alignment: Alignment) -> str:
    """A word whose contrary the source says, unless one of the two is denied; empty if none."""
    opposite = [link for link in alignment.links.values() if link.opposite]
    if not opposite:
        return ""
    said = {place for one in find_negations(alignment.statement) for place in one.scope}
    told = {place for one in find_negations(alignment.source) for place in one.scope}
    for link in opposite:
        if (link.said.place in said) == (link.told.place in told):
            return link.said.written
    return ""
