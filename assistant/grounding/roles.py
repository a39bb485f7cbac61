"""Who does what to whom: 'A pays B' is not 'B pays A', but is 'B is paid by A'."""

from __future__ import annotations

import itertools

from assistant.grounding.alignment import Alignment, Link
from assistant.grounding.reading import Reading, Token

NEAR = 3
"""Tokens within which a word stands beside another."""

WIDEST = 20
LEAST_ORDERED = 5
"""Linked words of which two that are exchanged stand out."""

_DETERMINERS = frozenset(
    """the a an this that these those his her their its our your le la les l un une des du au aux
    ce cet cette ces son sa ses leur leurs notre nos votre vos de d each every chaque""".split()
)
_AGENT = frozenset({"by", "par"})
_PREPOSITIONS = frozenset(
    """on in at for with of to from by about against under over into onto as than between
    de du des a au aux en dans par pour sur sous avec sans chez vers contre entre comme""".split()
)
_JOINS = frozenset({"and", "or", "et", "ou", "nor", "ni", "with", "avec"})
_DIRECTED = frozenset({"from", "to", "by", "par", "vers", "chez", "a", "au", "aux", "de", "du"})


def find_swapped(alignment: Alignment) -> str:
    """A word that has taken another's place in the statement; empty if none has."""
    links = sorted(
        (link for link in alignment.links.values() if not link.opposite and link.strength >= 0.8),
        key=lambda link: link.said.place,
    )
    if agent := _other_agent(alignment):
        return agent
    for one, other in itertools.combinations(links, 2):
        if one.told.place <= other.told.place or one.said.place == other.said.place:
            continue
        if not (_is_party(one, alignment) and _is_party(other, alignment)):
            continue
        if _directed(one, other, alignment):
            return one.said.written
        if _turned(one, other, links, alignment) or _exchanged(one, other, links, alignment):
            return one.said.written
    for one, other in itertools.combinations(links, 2):
        if one.told.place < other.told.place and _passive_only_here(one, other, links, alignment):
            return one.said.written
    return ""


def _is_party(link: Link, alignment: Alignment) -> bool:
    """A name, a figure, or a noun with an article: somebody or something that acts or is
    acted upon."""
    said, told = link.said, link.told
    if said.kind in {"name", "quantity"}:
        return True
    return _has_article(said, alignment.statement) or _has_article(told, alignment.source)


def _has_article(token: Token, reading: Reading) -> bool:
    before = reading.tokens[max(0, token.place - 2) : token.place]
    if token.first or not before or _opens_noun(before[-1]):
        return True
    return before[-1].kind == "word" and len(before) == 2 and _opens_noun(before[0])


def _opens_noun(token: Token) -> bool:
    return token.bare in _DETERMINERS or token.kind == "quantity"


def _acts(link: Link, alignment: Alignment) -> bool:
    """A word without an article: likely a verb."""
    before = alignment.statement.tokens[max(0, link.said.place - 1) : link.said.place]
    return link.said.kind == "word" and not any(_opens_noun(one) for one in before)


def _turned(one: Link, other: Link, links: list[Link], alignment: Alignment) -> bool:
    """The two stand on the other side of a verb between them, and the voice is the same."""
    if one.said.quantity or other.said.quantity:
        return False
    pivots = [
        link
        for link in links
        if one.said.place < link.said.place < other.said.place
        and other.told.place < link.told.place < one.told.place
        and _acts(link, alignment)
    ]
    if not pivots or one.told.place - other.told.place > WIDEST:
        return False
    statement, source = alignment.statement, alignment.source
    if _joined(statement, one.said, other.said) or _joined(source, other.told, one.told):
        return False
    if _by(statement, other.said) != _by(source, one.told):
        return False
    return any(
        _between(statement, pivot.said, other.said) == _between(source, pivot.told, one.told)
        for pivot in pivots
    )


def _between(reading: Reading, verb: Token, party: Token) -> frozenset[str]:
    """The prepositions between a verb and what follows it."""
    between = reading.tokens[verb.place + 1 : party.place]
    return frozenset(one.bare for one in between if one.bare in _PREPOSITIONS)


def _passive_only_here(one: Link, other: Link, links: list[Link], alignment: Alignment) -> bool:
    """'A pays B' told, 'A is paid by B' said."""
    if not (other.said.kind in {"word", "name"} and _is_party(one, alignment)):
        return False
    if _by(alignment.statement, other.said) == _by(alignment.source, other.told):
        return False
    if other.told.place - one.told.place > WIDEST or _by(alignment.source, one.told):
        return False
    pivots = [
        link
        for link in links
        if one.said.place < link.said.place < other.said.place
        and one.told.place < link.told.place < other.told.place
        and _acts(link, alignment)
    ]
    return bool(pivots) and _by(alignment.statement, other.said) and _is_party(other, alignment)


def _other_agent(alignment: Alignment) -> str:
    """'designed by A' said, 'designed by B' told."""
    for at, token in enumerate(alignment.statement.tokens[1:], start=1):
        link = alignment.links.get(at - 1)
        if token.bare not in _AGENT or link is None or link.said.kind != "word":
            continue
        following = alignment.source.tokens[link.told.place + 1 : link.told.place + 2]
        if not following or following[0].bare not in _AGENT:
            continue
        said = _after(alignment.statement, at)
        told = {one.stem for one in _after(alignment.source, following[0].place)}
        linked = {
            alignment.links[one.place].told.stem for one in said if one.place in alignment.links
        }
        if linked and told and not told & linked:
            return said[0].written
    return ""


def _after(reading: Reading, place: int) -> list[Token]:
    """The two words after a preposition."""
    following = reading.tokens[place + 1 : place + 5]
    return [one for one in following if one.kind in {"word", "name"}][:2]


def _directed(one: Link, other: Link, alignment: Alignment) -> bool:
    """'from A to B' said, 'from B to A' told."""
    if not one.said.kind == other.said.kind == "name":
        return False
    said = [_preposition(alignment.statement, link.said) for link in (one, other)]
    told = [_preposition(alignment.source, link.told) for link in (one, other)]
    return said[0] != said[1] and "" not in said and said == told[::-1]


def _preposition(reading: Reading, token: Token) -> str:
    before = reading.tokens[token.place - 1].bare if token.place else ""
    return before if before in _DIRECTED else ""


def _by(reading: Reading, token: Token) -> bool:
    for one in reversed(reading.tokens[max(0, token.place - 5) : token.place]):
        if one.kind == "border":
            return False
        if one.bare in _AGENT:
            return True
    return False


def _joined(reading: Reading, first: Token, second: Token) -> bool:
    between = reading.tokens[first.place + 1 : second.place]
    return all(one.kind != "word" for one in between) and any(
        one.bare in _JOINS or one.kind == "border" for one in between
    )


def _exchanged(one: Link, other: Link, links: list[Link], alignment: Alignment) -> bool:
    """Each of the two stands among the neighbours of the other."""
    if _joined(alignment.statement, one.said, other.said):
        return False
    if _by(alignment.statement, other.said) != _by(alignment.source, one.told):
        return False
    if _by(alignment.statement, one.said) != _by(alignment.source, other.told):
        return False
    if _only_these(one, other, links) and all(
        _stands_alone(link, alignment) for link in (one, other)
    ):
        return True
    rest = [link for link in links if link not in (one, other)]
    return _moved(one, other, rest) and _moved(other, one, rest)


def _stands_alone(link: Link, alignment: Alignment) -> bool:
    """A name or a figure, or a noun right behind its article, in both texts; no genitive."""
    if link.said.kind in {"name", "quantity"}:
        between = alignment.source.tokens[max(0, link.told.place - 2) : link.told.place]
        return not any(one.bare in {"of", "de", "d", "du", "des"} for one in between)
    return all(
        token.place > 0 and _opens_noun(reading.tokens[token.place - 1])
        for token, reading in ((link.said, alignment.statement), (link.told, alignment.source))
    )


def _only_these(one: Link, other: Link, links: list[Link]) -> bool:
    """Whether the two are all that keeps the links from the order of the source."""
    places = [
        (other if link is one else one if link is other else link).told.place for link in links
    ]
    return len(links) >= LEAST_ORDERED and places == sorted(places)


def _moved(link: Link, other: Link, rest: list[Link]) -> bool:
    """Whether the neighbours of `link` in the statement are neighbours of `other` in the
    source, and not its own."""
    near = [one for one in rest if abs(one.said.place - link.said.place) <= NEAR]
    if not near:
        return False
    own = min(abs(one.told.place - link.told.place) for one in near)
    others = min(abs(one.told.place - other.told.place) for one in near)
    return others <= NEAR and own >= others + NEAR
