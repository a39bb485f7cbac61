# ruff: noqa: E501 - phrases read best in one line
"""'At least', 'less than', 'before': what a text says about the size or side of a figure."""

from __future__ import annotations

import re
from enum import StrEnum

REACH = 48
"""Characters before a figure that are looked at."""


class Bound(StrEnum):
    NONE = ""
    AT_MOST = "at most"
    AT_LEAST = "at least"
    OVER = "over"
    UNDER = "under"
    BEFORE = "before"
    AFTER = "after"


_BEFORE = {
    Bound.AT_MOST: r"at most|up to|no more than|not more than|maximum(?: of| de)?|limit(?:e|es|ed)? (?:a|to)|"
    r"au plus|au maximum|capped at|plafonnee?s? a|(?:not|ne?) (?:\w+ )?(?:pas )?(?:exceed|exceeding|"
    r"exceder|excede|depasser|depasse)(?: pas)?|pas plus de?|no longer than|without exceeding|"
    r"sans (?:depasser|exceder)|(?:is|est|are|sont) limitee?s? a|not (?:be )?(?:over|above)|maximale? de",
    Bound.AT_LEAST: r"at least|no fewer than|no less than|not less than|minimum(?: of| de)?|au moins|"
    r"au minimum|pas moins de?|minimale? de",
    Bound.OVER: r"(?<!no )(?<!not )more than|(?<!not )over|above|exceed(?:s|ed|ing)?|greater than|older than|"
    r"longer than|higher than|costing more than|(?<!pas )(?<!au )plus de?|superieure?s? a|au dela de?|"
    r"au-dela de?|depass(?:e|ent|ant|er)|exced(?:e|ent|ant|er)|au-dessus de?|beyond|upwards of",
    Bound.UNDER: r"(?<!no )(?<!not )less than|(?<!no )fewer than|below|under|younger than|shorter than|lower than|"
    r"(?<!pas )(?<!au )moins de?|inferieure?s? a|au-dessous de?|en dessous de?|en deca de?",
    Bound.BEFORE: r"before|prior to|no later than|not later than|avant|au plus tard|jusqu'?(?:a|au|aux|en)|"
    r"jusque (?:a|au|aux|en)|until|till|by|precedant|preceding",
    Bound.AFTER: r"after|since|following|from|apres|depuis|a compter de?|a partir de?|des|"
    r"as of|starting|beginning|suivant|no earlier than|au plus tot",
}
_AFTERWARDS = {
    Bound.AT_MOST: r"at (?:the )?most|au plus|au maximum|maximum|or less|or fewer|ou moins|or under",
    Bound.AT_LEAST: r"at (?:the )?least|au moins|au minimum|minimum|or more|or older|or over|ou plus|"
    r"et plus|and (?:above|over|more|older)|upwards",
    Bound.BEFORE: r"before|earlier|ahead|avant|auparavant",
    Bound.AFTER: r"after|later|apres",
}
_FILL = r"(?:\W|\b(?:de|d|the|of|a|an|le|la|les|l|un|une|des|du|au|to|than|tard|environ|about)\b)*$"
_LEADING = tuple(
    (bound, re.compile(rf"\b(?:{phrases})\b{_FILL}")) for bound, phrases in _BEFORE.items()
)
_TRAILING = tuple(
    (bound, re.compile(rf"\W*(?:\w+\W+){{0,1}}?(?:{phrases})\b"))
    for bound, phrases in _AFTERWARDS.items()
)
_NEGATED = re.compile(r"\b(?:not|never|no|ne|jamais|sans|without)\b[^,;.]{0,24}$")
_UPPER = {Bound.AT_MOST, Bound.UNDER}
_LOWER = {Bound.AT_LEAST, Bound.OVER}


def find_bound(low: str, start: int, end: int) -> Bound:
    """The bound that is set on the figure from `start` to `end` of a bare text."""
    before = low[max(0, start - REACH) : start]
    for bound, pattern in _LEADING:
        if match := pattern.search(before):
            if _NEGATED.search(before[: match.start()]):
                return {Bound.OVER: Bound.AT_MOST, Bound.UNDER: Bound.AT_LEAST}.get(bound, bound)
            return bound
    after = low[end : end + 24]
    for bound, pattern in _TRAILING:
        if pattern.match(after):
            return bound
    return Bound.NONE


def contradict(said: Bound, told: Bound) -> bool:
    """Whether two bounds on one figure say different things of it."""
    if said == told:
        return False
    pair = {said, told}
    if pair <= {Bound.BEFORE, Bound.AFTER}:
        return True
    if (said in _UPPER and told in _LOWER) or (said in _LOWER and told in _UPPER):
        return True
    # '10' is neither 'more than 10' nor 'less than 10'.
    return Bound.NONE in pair and bool(pair & {Bound.OVER, Bound.UNDER})
