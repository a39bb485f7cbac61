"""Do the figures of a statement belong to what they stand beside?

'24 days in 2026, 23 in 2025' holds every word of '23 days in 2026'. So each figure is held
against its neighbours: what stands beside it in the statement must be nearer to it in the
source than to another figure of the same sort. Names and dates decide where there are any;
other words only when all of them speak against it, as a list often leaves words out.
"""

from __future__ import annotations

from assistant.grounding.alignment import Alignment
from assistant.grounding.quantities import Quantity, same
from assistant.grounding.reading import Reading, Token

BORDER_COST = 8
"""Tokens that crossing a comma, a bracket or a conjunction counts for."""

REACH = 12
"""Tokens on either side of a figure whose words are its neighbours."""

BESIDE = 4
"""Tokens (a border counts for more) within which a word stands beside a figure."""

LEAST_SHARE = 0.45
"""Share of the votes of names and dates that a figure must have."""

_JOINS = frozenset({"and", "or", "but", "while", "et", "ou", "mais", "tandis", "puis", "then"})
_RANGE = frozenset({"and", "et", "to", "au", "a", "-", "–", "or", "ou", "le", "the", "until"})
_RATES = {
    "annuel": "year", "annuelle": "year", "annual": "year", "yearly": "year",
    "mensuel": "month", "mensuelle": "month", "monthly": "month", "weekly": "week",
    "hebdomadaire": "week", "daily": "day", "quotidien": "day",
}  # fmt: skip
_DURATIONS = frozenset({"second", "month"})


def find_mispaired(alignment: Alignment) -> str:
    """The first figure of the statement whose neighbours belong to another figure in the
    source; empty when all are as there."""
    source = alignment.source
    words = alignment.statement.bare_words
    linked = {link.told.place for link in alignment.links.values()}
    for token in alignment.statement.quantities:
        if token.place not in alignment.links:
            continue
        own = [one for one in source.quantities if _same(token, one, source)]
        rivals = [
            one
            for one in source.quantities
            if one not in own
            and _alike(token, one)
            and not any(_one_range(one, mine, source) for mine in own)
        ]
        if not rivals or (_is_dated(token) and _has_figures(alignment.statement)):
            continue
        rate = _quantity(token).rate
        rate = rate or next((_RATES[one] for one in _RATES if one in words), "")
        if rate and any(_quantity(one).rate == rate for one in own):
            # '25 days a year' is not '2 days a month'
            rivals = [one for one in rivals if _quantity(one).rate in {"", rate}]
        voters = _voters(token, alignment)
        named = [one for one in voters if one[0].kind == "name" or _dates(one[0])]
        votes, total = _count(named, own, rivals, alignment)
        if total and votes < LEAST_SHARE * total:
            if not _shared(named, own, rivals, alignment):
                return token.written
        elif total:
            continue
        others = [one for one in rivals if one.place not in linked]
        beside = [one for one in voters if one[1] >= 1 / BESIDE and not _dates(one[0])]
        votes, total = _count(beside, own, others, alignment)
        if total and not votes and _stand_beside(beside, others, alignment):
            return token.written
    return ""


def _dates(token: Token) -> bool:
    return token.kind == "quantity" and _is_dated(token)


def _shared(
    voters: list[tuple[Token, float]], own: list[Token], rivals: list[Token], alignment: Alignment
) -> bool:
    """'In 2025, 6 % clicked and 58 % reported': a year or name before both is of both."""
    places = [alignment.links[voter.place].told.place for voter, _ in voters]
    return all(
        any(place < rival.place < mine.place for rival in rivals for mine in own)
        and not any(
            other.kind == alignment.links[voter.place].told.kind and place < other.place
            for mine in own
            for other in alignment.source.content[:]
            if other.place < mine.place and (other.kind == "name" or _dates(other))
        )
        for place, (voter, _) in zip(places, voters, strict=True)
    )


def _is_dated(token: Token) -> bool:
    return _is_year(token) or bool(_quantity(token).dates)


def _has_figures(reading: Reading) -> bool:
    return any(not _is_dated(one) for one in reading.quantities)


def _stand_beside(
    voters: list[tuple[Token, float]], rivals: list[Token], alignment: Alignment
) -> bool:
    """Whether a neighbour of the figure is a neighbour of another one in the source."""
    return any(
        abs(alignment.links[voter.place].told.place - rival.place) <= BESIDE
        for voter, _ in voters
        for rival in rivals
    )


def _quantity(token: Token) -> Quantity:
    assert token.quantity is not None  # noqa: S101 - by its kind
    return token.quantity


def _same(said: Token, told: Token, source: Reading) -> bool:
    return same(_quantity(said), _quantity(told), source.years)


def _alike(said: Token, told: Token) -> bool:
    """Whether two figures could be confused: of one dimension, or one without any."""
    one, other = _quantity(said), _quantity(told)
    if one.dates or other.dates:
        return bool(one.dates and other.dates)
    if _is_year(said) or _is_year(told):
        return _is_year(said) and _is_year(told)
    if one.dimensions & other.dimensions or (one.dimensions | other.dimensions) <= _DURATIONS:
        return True
    return "" in other.dimensions and "" not in one.dimensions


def _is_year(token: Token) -> bool:
    quantity = _quantity(token)
    return quantity.dimensions == {""} and any(1500 <= one <= 2100 for one in quantity.plain)


def _one_range(one: Token, other: Token, source: Reading) -> bool:
    """'between 3 and 5': the two belong together."""
    low, high = sorted((one.place, other.place))
    return all(token.bare in _RANGE for token in source.tokens[low + 1 : high])


def _voters(token: Token, alignment: Alignment) -> list[tuple[Token, float]]:
    """Linked neighbours to which no other figure of the statement is nearer, with the weight
    of each."""
    statement = alignment.statement
    rivals = [one for one in statement.quantities if one is not token and _alike(token, one)]
    found = []
    for one in statement.content:
        if one is token or one.place not in alignment.links:
            continue
        if abs(one.place - token.place) > REACH or alignment.links[one.place].opposite:
            continue
        distance = _distance(one.place, token.place, statement)
        if all(distance < _distance(one.place, rival.place, statement) for rival in rivals):
            found.append((one, 1.0 / distance))
    return found


def _count(
    voters: list[tuple[Token, float]],
    own: list[Token],
    rivals: list[Token],
    alignment: Alignment,
) -> tuple[float, float]:
    """(weight of the votes for the figure, weight of all votes)."""
    votes = total = 0.0
    if not rivals or not own:
        return votes, total
    source = alignment.source
    for voter, weight in voters:
        link = alignment.links[voter.place]
        told = source.by_stem.get(link.told.stem) or [link.told]
        mine = min(_distance(a.place, b.place, source) for a in told for b in own)
        theirs = min(_distance(a.place, b.place, source) for a in told for b in rivals)
        if mine != theirs:
            total += weight
            votes += weight if mine < theirs else 0.0
    return votes, total


def _distance(place: int, figure: int, reading: Reading) -> int:
    low, high = sorted((place, figure))
    between = reading.tokens[low + 1 : high]
    cost = 0
    for one in between:
        if one.kind == "border":
            cost += BORDER_COST * (4 if one.written in ";." else 1)
        elif one.bare in _JOINS:
            cost += BORDER_COST
    return high - low + cost
