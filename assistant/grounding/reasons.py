"""Why a statement is not borne out, for the reader of the page."""

from __future__ import annotations

from enum import StrEnum

from assistant.types import Doubt


class Fault(StrEnum):
    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    MISPAIRED = "mispaired"
    NEGATION = "negation"
    OPPOSITE = "opposite"
    BOUND = "bound"
    QUANTIFIER = "quantifier"
    CONDITION = "condition"
    ROLE = "role"
    WORDS = "words"
    NOTHING = "nothing"
    ELSEWHERE = "elsewhere"


_TEXTS: dict[Fault, tuple[str, str]] = {
    Fault.NUMBER: ("the source does not give “{}”", "la source ne donne pas « {} »"),
    Fault.DATE: ("the source does not give the date “{}”", "la source ne donne pas la date « {} »"),
    Fault.NAME: ("the source does not name “{}”", "la source ne nomme pas « {} »"),
    Fault.MISPAIRED: (
        "in the source, “{}” belongs to something else",
        "dans la source, « {} » se rapporte à autre chose",
    ),
    Fault.NEGATION: ("the source differs in a negation", "la source diffère par une négation"),
    Fault.OPPOSITE: (
        "the source says the contrary of “{}”",
        "la source dit le contraire de « {} »",
    ),
    Fault.BOUND: (
        "the source sets another bound on “{}”",
        "la source fixe une autre limite à « {} »",
    ),
    Fault.QUANTIFIER: (
        "“{}” makes it more or less than what the source says",
        "« {} » en dit plus ou moins que la source",
    ),
    Fault.CONDITION: (
        "the condition “{}” is not as in the source",
        "la condition « {} » n'est pas celle de la source",
    ),
    Fault.ROLE: (
        "in the source, “{}” has another part",
        "dans la source, « {} » joue un autre rôle",
    ),
    Fault.WORDS: ("no passage says so", "aucun passage ne le dit"),
    Fault.NOTHING: (
        "it says nothing that could be checked",
        "elle ne dit rien de vérifiable",
    ),
    Fault.ELSEWHERE: (
        "it is true of a source, but does not answer the question",
        "une source le dit, mais ce n'est pas une réponse à la question",
    ),
}


def explain(fault: Fault, detail: str = "") -> Doubt:
    english, french = _TEXTS[fault]
    return Doubt(fault=fault.value, en=english.format(detail), fr=french.format(detail))
