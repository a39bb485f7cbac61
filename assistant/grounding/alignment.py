"""Which word of the source stands for which word of the statement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from assistant.grounding.lexicon import are_related, is_negated_form
from assistant.grounding.names import find_name, spelled_out
from assistant.grounding.quantities import same
from assistant.grounding.reading import Reading, Token

EQUAL, SYNONYM, FAMILY = 1.0, 0.9, 0.8
DISTANCE_COST = 0.003
MOST_COST = 0.15


@dataclass(frozen=True, slots=True)
class Link:
    """`opposite`: the source's word says the contrary of the statement's."""

    said: Token
    told: Token
    strength: float
    opposite: bool = False


@dataclass(frozen=True, eq=False)
class Alignment:
    """`links` by the place of the statement's token; `missing` are its tokens without one."""

    statement: Reading
    source: Reading
    links: dict[int, Link]
    missing: tuple[Token, ...]

    @cached_property
    def told(self) -> dict[int, Link]:
        """The links by the place of the source's token."""
        return {link.told.place: link for link in self.links.values()}

    def place_of(self, said: int) -> int | None:
        link = self.links.get(said)
        return link.told.place if link else None


def align(statement: Reading, source: Reading) -> Alignment:
    """Link each word, name and quantity of the statement to the source's that fits best; of
    several, to the one that stands near the links of its neighbours."""
    options: dict[int, list[Link]] = {}
    for token in statement.content:
        found = _quantity_options(token, source) if token.quantity else _options(token, source)
        if found:
            options[token.place] = found
    for place, acronym in spelled_out(statement, source).items():
        options.setdefault(place, [Link(statement.tokens[place], acronym, SYNONYM)])
    sure = {place: found[0] for place, found in options.items() if len(found) == 1}
    links = dict(sure)
    for place in sorted(set(options) - set(sure)):
        links[place] = max(options[place], key=lambda link: _fit(link, links))
    for place in _repeated(links):
        del links[place]
    opposites = _opposites(statement, source, links)
    links.update(opposites)
    missing = tuple(one for one in statement.content if one.place not in links)
    return Alignment(statement, source, links, missing)


def _options(token: Token, source: Reading) -> list[Link]:
    if token.kind == "name":
        return [Link(token, told, EQUAL) for told in find_name(token, source)]
    found = {told.place: Link(token, told, EQUAL) for told in source.by_stem.get(token.stem, ())}
    for group in token.groups:
        for told in source.by_group.get(group, ()):
            found.setdefault(told.place, Link(token, told, SYNONYM))
    if not found and len(token.stem) >= 4:
        for told in source.by_start.get(token.stem[:4], ()):
            if are_related(token.stem, told.stem) and not _excluded(token, told):
                found.setdefault(told.place, Link(token, told, FAMILY))
    return list(found.values())


def _quantity_options(token: Token, source: Reading) -> list[Link]:
    assert token.quantity is not None  # noqa: S101 - by its kind
    return [
        Link(token, told, EQUAL)
        for told in source.quantities
        if told.quantity and same(token.quantity, told.quantity, source.years)
    ]


def _fit(link: Link, links: dict[int, Link]) -> float:
    near = sorted(links, key=lambda place: abs(place - link.said.place))[:3]
    if not near:
        return link.strength
    gaps = [
        abs((link.told.place - links[place].told.place) - (link.said.place - place))
        for place in near
    ]
    return link.strength - min(MOST_COST, DISTANCE_COST * sum(gaps) / len(gaps) * 2)


def _repeated(links: dict[int, Link]) -> list[int]:
    """'forbidden or forbidden' said, 'forbidden or allowed' told: of two words with the same
    source only the nearer is linked, where its contrary could be meant."""
    best: dict[int, Link] = {}
    for link in links.values():
        if link.said.sides:
            kept = best.get(link.told.place)
            if kept is None or _fit(link, links) > _fit(kept, links):
                best[link.told.place] = link
    return [
        place
        for place, link in links.items()
        if link.said.sides and best[link.told.place] is not link
    ]


def _opposites(statement: Reading, source: Reading, links: dict[int, Link]) -> dict[int, Link]:
    """Words of the statement that the source has only the contrary of."""
    taken = {link.told.place for link in links.values()}
    found = {}
    for token in statement.words:
        against = [
            told
            for side in token.sides
            for told in source.by_side.get(-side, ())
            if told.place not in taken
        ]
        against += [
            told
            for told in source.words
            if told.place not in taken and is_negated_form(token.bare, told.bare)
        ]
        if against:
            options = [Link(token, told, SYNONYM, opposite=True) for told in against]
            best = max(options, key=lambda link: _fit(link, links))
            if token.place not in links or _stands_elsewhere(links[token.place], best, links):
                found[token.place] = best
    return found


def _stands_elsewhere(link: Link, contrary: Link, links: dict[int, Link]) -> bool:
    """'opened to traffic' said, 'opened by the queen, ... closed to traffic' told: the
    neighbour of the statement's word stands beside the contrary, far from the word itself."""
    following = [place for place in links if 0 < place - link.said.place <= 4]
    if not following:
        return False
    beside = links[min(following)].told.place
    return abs(contrary.told.place - beside) <= 4 and abs(link.told.place - beside) > 8


def _excluded(one: Token, other: Token) -> bool:
    return any(-side in other.sides for side in one.sides) or is_negated_form(one.bare, other.bare)
