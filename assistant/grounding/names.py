"""Is a name of the statement one of the source's, in whatever form?"""

from __future__ import annotations

from functools import lru_cache

from assistant.grounding.reading import Reading, Token

_ENDINGS = frozenset(
    """s es n an ian ien ienne iens iennes ais aise aises ois oise oises ish ese in ine is e ne
    nes ans ians x""".split()
)
"""What a name may have more than another form of it: Canada, Canadian; Lyon, Lyonnais."""

_SAME = (
    "england english anglais anglaise angleterre", "france french francais francaise",
    "london londres londonian", "united etats us usa", "states unis us usa",
    "kingdom royaume uk", "germany german allemagne allemand allemande",
    "spain spanish espagne espagnol", "ireland irish irlande irlandais irlandaise",
    "europe european europeen europeenne", "eu ue", "greece greek grece grec",
    "netherlands dutch pays-bas neerlandais", "switzerland swiss suisse", "rome roman romain",
    "china chinese chine chinois", "japan japanese japon japonais", "russia russian russie russe",
    "italy italian italie italien", "poland polish pologne polonais", "wales welsh",
    "scotland scottish scots", "brussels bruxelles", "geneva geneve", "union union",
    "hr rh", "gdpr rgpd", "vat tva", "who oms", "un onu", "st saint sainte ste", "mr m monsieur",
    "mrs mme madame", "dr docteur doctor",
)  # fmt: skip


@lru_cache(maxsize=1)
def _forms() -> dict[str, frozenset[int]]:
    forms: dict[str, set[int]] = {}
    for number, names in enumerate(_SAME):
        for name in names.split():
            forms.setdefault(name, set()).add(number)
    return {name: frozenset(numbers) for name, numbers in forms.items()}


def are_forms(one: str, other: str) -> bool:
    """Whether two bare names are one: the same, a plural, a people and its country."""
    if one == other or _forms().get(one, frozenset()) & _forms().get(other, frozenset()):
        return True
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < 4:
        return longer in (shorter + "s", shorter + "'s")
    if longer.startswith(shorter):
        return longer[len(shorter) :] in _ENDINGS
    return (
        shorter[-1] in "aey"
        and longer.startswith(shorter[:-1])
        and (longer[len(shorter) - 1 :] in _ENDINGS and len(shorter) > 4)
    )


def find_name(name: Token, source: Reading) -> list[Token]:
    """The source's tokens that bear the name; those of the words that an acronym stands for."""
    found = [
        token
        for token in source.tokens
        if (token.kind == "word" and token.stem == name.stem)
        or (token.kind in {"word", "name"} and are_forms(token.bare, name.bare))
    ]
    if not found and name.kind == "name" and name.written.isupper():
        found = _expansion(name.bare.replace(".", ""), source.tokens)
    return found


def _expansion(letters: str, tokens: tuple[Token, ...]) -> list[Token]:
    """Successive words whose first letters are those of the acronym; small words may be left
    out of it."""
    if not 2 <= len(letters) <= 7 or not letters.isalpha():
        return []
    words = [token for token in tokens if token.kind in {"word", "name", "stop"}]
    for start, opening in enumerate(words):
        if not opening.bare.startswith(letters[0]) or opening.kind == "stop":
            continue
        matched = [opening]
        for token in words[start + 1 : start + 2 * len(letters)]:
            if len(matched) == len(letters):
                break
            if token.bare.startswith(letters[len(matched)]):
                matched.append(token)
            elif token.kind != "stop":
                break
        if len(matched) == len(letters):
            return matched
    return []


def spelled_out(statement: Reading, source: Reading) -> dict[int, Token]:
    """The source's acronym for each place of the statement's words that spell it out."""
    return {
        one.place: token
        for token in source.words
        if token.kind == "name" and token.written.isupper() and token.written.isalpha()
        for one in _expansion(token.bare, statement.tokens)
    }
