"""Do the figures of a statement count what they count in the source?

'Attention is used in three different ways' holds every word of 'it uses three attention heads'.
"""

from __future__ import annotations

from assistant.grounding.alignment import Alignment
from assistant.grounding.quantities import same
from assistant.grounding.reading import Reading, Token

MOST_WORDS = 4
"""Words after a figure that may be of what it counts."""

YEARS = range(1000, 2101)
"""A bare number of these may be a year, which counts nothing."""


def find_miscounted(alignment: Alignment) -> str:
    """The first figure that stands before another thing in the source, while the thing it counts
    in the statement stands elsewhere there; empty when there is none."""
    source = alignment.source
    for token in alignment.statement.quantities:
        counted = _counted(token, alignment.statement)
        links = [alignment.links[one.place] for one in counted if one.place in alignment.links]
        if not links:
            continue
        linked = {link.told.place for link in links}
        told = [
            {one.place for one in _counted(own, source)}
            for own in source.quantities
            if own.quantity and token.quantity and same(token.quantity, own.quantity, source.years)
        ]
        if told and all(places and not places & linked for places in told):
            return token.written
    return ""


def _counted(figure: Token, reading: Reading) -> list[Token]:
    """The words right after a number that has no unit."""
    quantity = figure.quantity
    if quantity is None or quantity.weak or quantity.dates or quantity.dimensions != {""}:
        return []
    if any(value in YEARS for value in quantity.plain):
        return []
    found: list[Token] = []
    for one in reading.tokens[figure.place + 1 : figure.place + 1 + MOST_WORDS]:
        if one.kind not in {"word", "name"}:
            break
        found.append(one)
    return found
