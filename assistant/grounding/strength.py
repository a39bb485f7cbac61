"""All or some, must or may, only, before or after, if and except: how far a sentence goes."""

from __future__ import annotations

from functools import lru_cache

from assistant.grounding.alignment import Alignment
from assistant.grounding.polarity import find_negations
from assistant.grounding.reading import Reading, Token

_CLASSES = {
    "all": "all every each tous toutes chaque",
    "some": "some certain certains certaines quelques",
    "most": "most plupart majorite majority",
    "few": "few peu",
    "many": "many several numerous plusieurs nombreux nombreuses",
    "only": "only seul seule seuls seules seulement uniquement solely exclusively",
    "must": "must shall doit doivent devra devront faut obligatoirement",
    "may": "may peut peuvent pourra pourront",
    "more": "more plus",
    "less": "less fewer moins",
    "before": "before avant",
    "after": "after apres",
    "with": "with avec",
    "without": "without sans",
    "except": "except unless sauf excepte hormis excluding hors",
    "if": "if si provided condition",
    "even": "even meme including compris",
}
_CLASS_OF = {word: name for name, words in _CLASSES.items() for word in words.split()}
QUANTIFIERS = frozenset({"all", "some", "most", "few", "many"})
MODALS = frozenset({"must", "may"})
_CONTRARY = {
    "more": "less",
    "less": "more",
    "before": "after",
    "after": "before",
    "with": "without",
    "without": "with",
}
REACH = 3


@lru_cache(maxsize=8192)
def _marked(reading: Reading) -> tuple[tuple[str, Token, tuple[int, ...]], ...]:
    """(class, the word, places of the content that it bears upon)."""
    found = []
    tokens = reading.tokens
    for at, token in enumerate(tokens):
        name = _CLASS_OF.get(token.bare)
        before = tokens[at - 1].bare if at else ""
        following = tokens[at + 1].bare if at + 1 < len(tokens) else ""
        if name is None or token.kind == "border":
            if token.bare in {"tout", "toute"} and following in {"le", "la", "les"}:
                name = "all"
            elif token.bare == "ne" and _is_only(tokens, at):
                name = "only"
            else:
                continue
        if (
            name == "even"
            and following not in {"if", "si", "when", "quand", "though"}
            and token.bare not in {"including", "compris"}
        ):
            continue
        if name == "if" and (before in {"even", "meme", "comme", "as"} or following == "bien"):
            continue
        if name == "some" and token.bare == "certain" and reading.language == "fr":
            continue
        if token.bare == "condition" and before not in {"a", "the", "on"}:
            continue
        if token.bare == "most" and before in {"at", "the"}:
            continue
        if token.bare == "many" and before == "how":
            continue
        if token.bare == "peu" and before in {"un", "a"}:
            continue
        if name == "few" and before == "a":
            name = "some"
        if name == "only" and before in {"not", "non"}:
            continue
        found.append((name, token, _after(tokens, at)))
    return tuple(found)


def _is_only(tokens: tuple[Token, ...], at: int) -> bool:
    for token in tokens[at + 1 : at + 7]:
        if token.bare in {"pas", "plus", "jamais", "aucun", "aucune", "ni", "rien"}:
            return False
        if token.bare == "que" and token.place > at + 1:
            return True
        if token.kind == "border":
            return False
    return False


def _after(tokens: tuple[Token, ...], at: int) -> tuple[int, ...]:
    places: list[int] = []
    for token in tokens[at + 1 : at + 8]:
        if token.kind == "border":
            break
        if token.kind in {"word", "name", "quantity"}:
            places.append(token.place)
            if len(places) == REACH:
                break
    return tuple(places)


def find_quantifier(alignment: Alignment) -> str:
    """A quantifier, a modal or a preposition by which the two differ; empty if none."""
    said = _marked(alignment.statement)
    told = _marked(alignment.source)
    classes_told = {name for name, _, _ in told}
    denied = bool(find_negations(alignment.source))
    for name, token, places in said:
        if name in QUANTIFIERS:
            if (word := _other_quantifier(name, token, places, told, alignment)) is not None:
                return word
        elif name == "only" and not classes_told & {"only", "except"} and not denied:
            return token.written
        elif name in MODALS or name in _CONTRARY:
            against = ({"must", "may"} - {name}) if name in MODALS else {_CONTRARY[name]}
            focus = alignment.place_of(places[0]) if places else None
            if focus is None:
                continue
            same = any(other == name and focus in where[:2] for other, _, where in told)
            differs = any(
                other in against and focus in where[: 2 if name in MODALS else 1]
                for other, _, where in told
            )
            if differs and not same:
                return token.written
    for name, token, places in told:
        if name in {"some", "most", "few"} and places and places[0] in alignment.told:
            place = alignment.told[places[0]].said.place
            if not any(
                place in where[:2] for other, _, where in said if other in QUANTIFIERS
            ) and not _quantified_by_number(place, alignment.statement):
                return token.written
    return ""


def _other_quantifier(
    name: str,
    token: Token,
    places: tuple[int, ...],
    told: tuple[tuple[str, Token, tuple[int, ...]], ...],
    alignment: Alignment,
) -> str | None:
    linked = [alignment.place_of(place) for place in places[:2]]
    near = [
        other
        for other, _, where in told
        if other in QUANTIFIERS and any(place in where[:2] for place in linked if place is not None)
    ]
    classes = {other for other, _, _ in told}
    anywhere = classes & QUANTIFIERS
    if name in near or (not near and name in anywhere):
        return None
    if near or name in {"some", "most", "few"}:
        return token.written
    if name == "all" and ({"some", "most", "few"} & anywhere or "except" in classes):
        return token.written
    return None


def _quantified_by_number(place: int, statement: Reading) -> bool:
    before = statement.tokens[max(0, place - 3) : place]
    return any(one.kind == "quantity" for one in before)


def find_condition(alignment: Alignment, given: frozenset[str]) -> str:
    """A condition or an exception that one of the two leaves out or turns round.

    Args:
        given: stems of what is known beforehand, as the words of the question are.
    """
    said = _marked(alignment.statement)
    told = _marked(alignment.source)
    names_said = {name for name, _, _ in said}
    names_told = {name for name, _, _ in told}
    for name, token, _ in said:
        if name == "even" and "even" not in names_told and names_told & {"if", "except"}:
            return token.written
        if name == "except" and not names_told & {"except", "only", "if"}:
            return token.written
        if (
            name == "if"
            and "except" in names_told
            and "if" not in names_told
            and not find_negations(alignment.statement)
        ):
            return token.written
    for name, token, _ in told:
        if name not in {"if", "except"} or names_said & {"if", "except", "only"}:
            continue
        clause, governed = _clause(alignment.source, token.place)
        if any(place in alignment.told for place in clause):
            continue
        stems = [alignment.source.tokens[place].stem for place in clause]
        if not stems or sum(one in given for one in stems) >= 0.5 * len(stems):
            continue
        if any(place in alignment.told for place in governed):
            return token.written
    return ""


def _clause(source: Reading, at: int) -> tuple[list[int], list[int]]:
    """Places of the content of the condition that begins at a word, and of what it governs."""
    tokens = source.tokens
    end = next((one.place for one in tokens[at + 1 :] if one.kind == "border"), len(tokens))
    start = next(
        (one.place for one in reversed(tokens[:at]) if one.kind == "border" and one.place < at - 1),
        -1,
    )
    inside = [one.place for one in tokens[at + 1 : end] if one.kind in {"word", "name", "quantity"}]
    before = [
        one.place for one in tokens[start + 1 : at] if one.kind in {"word", "name", "quantity"}
    ]
    if before:
        return inside, before
    stop = next((one.place for one in tokens[end + 1 :] if one.kind == "border"), len(tokens))
    return inside, [
        one.place for one in tokens[end + 1 : stop] if one.kind in {"word", "name", "quantity"}
    ]
