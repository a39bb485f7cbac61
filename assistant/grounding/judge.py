"""Is a statement borne out by a source? Rules that forbid, then a score.

A figure, date or name that the source lacks, a denial, a contrary, another bound, quantifier
or condition, or exchanged roles: each alone is enough to refuse. What passes gets a support
score from how much of it the source says; its weights are plain numbers in `support.json`,
set by hand.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from assistant.grounding.alignment import Alignment, align
from assistant.grounding.bounds import contradict
from assistant.grounding.counted import find_miscounted
from assistant.grounding.names import find_name, spelled_out
from assistant.grounding.pairing import find_mispaired
from assistant.grounding.polarity import find_denial, find_opposite
from assistant.grounding.quantities import same
from assistant.grounding.reading import Reading, Token
from assistant.grounding.reasons import Fault
from assistant.grounding.roles import find_swapped
from assistant.grounding.strength import find_condition, find_quantifier

FEATURES = (
    "share of the words in the source",
    "share of the words in the source or its headings",
    "words in neither",
    "share of the links that are synonyms or family",
    "missing words where the source has others",
    "order kept",
    "names or figures linked",
    "linked words",
)
_POINTING = frozenset(
    """he she it they his her its their this these that those il elle ils elles ce cet cette ces
    celui celle ceux celles son sa ses leur leurs""".split()
)
LEAST_WORDS = 2
"""A statement of fewer words that carry meaning says nothing that could be checked."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source sentence. `context` is its title and headings, `before` what stands before it
    in the same passage."""

    text: Reading
    context: Reading
    before: Reading | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`score` in [0, 1]; `fault` is None when nothing forbids the statement."""

    score: float
    fault: Fault | None = None
    detail: str = ""
    features: tuple[float, ...] = ()

    @property
    def coverage(self) -> float:
        """Share of the statement's words that the source and its headings hold."""
        return self.features[1]


def judge(statement: Reading, source: Source, given: frozenset[str] = frozenset()) -> Verdict:
    """Hold a statement against one source sentence.

    Args:
        given: stems of what is known beforehand (the words of a question): a condition
            made of them may be left out.
    """
    alignment = align(statement, source.text)
    features = measure(alignment, source)
    score = round(_score(features), 4)
    fault = find_fault(alignment, source, given)
    if fault is None:
        return Verdict(score, None, "", features)
    return Verdict(round(score / 2, 4), fault[0], fault[1], features)


def find_fault(
    alignment: Alignment, source: Source, given: frozenset[str]
) -> tuple[Fault, str] | None:
    statement = alignment.statement
    if (found := _missing_quantity(alignment, source)) is not None:
        return found
    if name := _missing_name(alignment, source):
        return Fault.NAME, name
    if find_denial(alignment):
        return Fault.NEGATION, ""
    if word := find_opposite(alignment):
        return Fault.OPPOSITE, word
    if statement.low.strip(" .") in source.text.low:
        return None  # word for word: what follows compares arrangements
    for token in statement.quantities:
        if _contradicted(token, alignment):
            return Fault.BOUND, token.written
    if figure := find_mispaired(alignment) or find_miscounted(alignment):
        return Fault.MISPAIRED, figure
    if word := find_quantifier(alignment):
        return Fault.QUANTIFIER, word
    if word := find_condition(alignment, given):
        return Fault.CONDITION, word
    if word := find_swapped(alignment):
        return Fault.ROLE, word
    return None


def _missing_quantity(alignment: Alignment, source: Source) -> tuple[Fault, str] | None:
    near = [source.context, *([source.before] if source.before else [])]
    years = source.text.years.union(*(one.years for one in near))
    for token in alignment.missing:
        quantity = token.quantity
        if quantity is None:
            continue
        if any(
            one.quantity and same(quantity, one.quantity, years) for one in source.text.quantities
        ):
            continue  # the day stands here, the year near by
        if any(
            one.quantity and same(quantity, one.quantity, years)
            for one in source.context.quantities
        ):
            continue
        told = [one.quantity for one in source.text.quantities if one.quantity]
        if quantity.weak and not any(one.dimensions & quantity.dimensions for one in told):
            continue
        if _century_of(token, source.text):
            continue
        return (Fault.DATE if quantity.dates else Fault.NUMBER), token.written
    return None


def _century_of(token: Token, source: Reading) -> bool:
    assert token.quantity is not None  # noqa: S101 - the caller looked
    return any(
        value == (year - 1) // 100 + 1
        for value, dimension in token.quantity.measures
        if dimension == "ordinal"
        for year in source.years
    )


def _missing_name(alignment: Alignment, source: Source) -> str:
    spelled = spelled_out(alignment.statement, source.context)
    for token in alignment.missing:
        if token.kind != "name" or token.place in spelled:
            continue
        near = [source.context]
        if source.before is not None and _points_back(source.text):
            near.append(source.before)
        if any(find_name(token, one) for one in near) and not _taken(token, alignment):
            continue
        return token.written
    return ""


def _points_back(source: Reading) -> bool:
    """Whether a sentence begins with what stands for something named before it."""
    return bool(source.tokens) and any(one.bare in _POINTING for one in source.tokens[:3])


def _taken(name: Token, alignment: Alignment) -> bool:
    """Whether another name stands in the source where this one stands in the statement."""
    beside = sorted(
        (link for link in alignment.links.values() if abs(link.said.place - name.place) <= 3),
        key=lambda link: abs(link.said.place - name.place),
    )
    return any(
        token.kind == "name" and token.place not in alignment.told and not token.first
        for link in beside[:2]
        for token in alignment.source.tokens[max(0, link.told.place - 3) : link.told.place + 4]
    )


def _contradicted(token: Token, alignment: Alignment) -> bool:
    if token.quantity is None or token.place not in alignment.links:
        return False
    bounds = [
        one.quantity.bound
        for one in alignment.source.quantities
        if one.quantity and same(token.quantity, one.quantity, alignment.source.years)
    ]
    return bool(bounds) and all(contradict(token.quantity.bound, one) for one in bounds)


def measure(alignment: Alignment, source: Source) -> tuple[float, ...]:
    """The features, in the order of `FEATURES`."""
    words = alignment.statement.content
    total = sum(token.weight for token in words) or 1.0
    own = near = strange = 0.0
    loose = 0
    for token in words:
        link = alignment.links.get(token.place)
        if link is not None:
            own += token.weight * link.strength
            loose += link.strength < 1.0
        elif _stands_in(token, source.context):
            near += token.weight
        elif source.before is not None and _stands_in(token, source.before):
            near += 0.6 * token.weight
            strange += 0.4 * token.weight
        else:
            strange += token.weight
    linked = len(alignment.links)
    return (
        own / total,
        (own + near) / total,
        strange,
        loose / linked if linked else 1.0,
        float(_replaced(alignment)),
        _order(alignment),
        float(sum(link.said.kind != "word" for link in alignment.links.values())),
        math.log1p(linked),
    )


def _stands_in(token: Token, reading: Reading) -> bool:
    if token.kind == "quantity":
        return any(
            one.quantity and token.quantity and same(token.quantity, one.quantity, reading.years)
            for one in reading.quantities
        )
    return bool(
        token.stem in reading.by_stem
        or token.bare in reading.bare_words
        or any(group in reading.by_group for group in token.groups)
    )


def _replaced(alignment: Alignment) -> int:
    """Missing words whose two neighbours stand just as far apart in the source, with a word
    between them that the statement lacks."""
    content = alignment.statement.content
    told = {token.place: at for at, token in enumerate(alignment.source.content)}
    count = 0
    for at, token in enumerate(content):
        if token.place in alignment.links or token.kind == "quantity":
            continue
        left = alignment.links.get(content[at - 1].place) if at else None
        right = alignment.links.get(content[at + 1].place) if at + 1 < len(content) else None
        if left is not None and right is not None:
            count += told.get(right.told.place, 0) - told.get(left.told.place, 0) == 2
        elif left is not None and at + 1 == len(content):
            count += told.get(left.told.place, 0) + 1 < len(told)
        elif right is not None and at == 0:
            count += told.get(right.told.place, 0) >= 1
    return count


def _order(alignment: Alignment) -> float:
    """Share of neighbouring links that keep their order."""
    places = [alignment.links[place].told.place for place in sorted(alignment.links)]
    if len(places) < 2:
        return 1.0
    kept = sum(one <= other for one, other in itertools.pairwise(places))
    return kept / (len(places) - 1)


@lru_cache(maxsize=1)
def _weights() -> dict[str, list[float]]:
    text = files("assistant.grounding").joinpath("support.json").read_text("utf-8")
    tree: dict[str, list[float]] = json.loads(text)
    return tree


def _score(features: tuple[float, ...]) -> float:
    fitted = _weights()
    logit = fitted["bias"][0] + sum(
        weight * (value - mean) / scale
        for weight, value, mean, scale in zip(
            fitted["weights"], features, fitted["mean"], fitted["scale"], strict=True
        )
    )
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))
