"""Names of people, by rules: titles, words that announce a name, first names of many countries.

No statistics and no model: a surname that nothing announces, and a full name whose first name is in
no list, are missed. How many that are is measured in docs/safety.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from assistant.safety.finding import Finding, Kind

MOST_KNOWN = 300
"""Names of one text that are looked for again without what announced them."""

ONE_NAME = "one name, by the words before it"
RARE_NAME = "a first name of other countries"
LONGEST_ACRONYM = 3
"""Letters of a word in capitals among others that is no name."""

ANNOUNCED_WITHIN = 30
"""Characters before a name in which a word may announce it."""

_UP = "".join(filter(str.isupper, map(chr, range(0x250))))
_WORD = rf"[{_UP}](?:[^\W\d_]|['-](?=[^\W\d_])){{1,30}}"
_INITIAL = rf"[{_UP}](?:\.-?[{_UP}])?\."
_PARTICLE = (
    r"(?:d'|(?:de la|de|du|des|le|la|van der|van den|van|von|der|den"
    r"|ten|el|al|ben|di|da|dos|bin|y) )"
)
_LATER = rf"(?: {_PARTICLE}?(?:{_INITIAL}|{_WORD}))"
_NAME = rf"{_PARTICLE}?(?:{_INITIAL} ?|{_WORD})(?:{_LATER}{{0,3}})"

_TITLED = re.compile(
    r"(?:(?:M|MM|Mr|Mrs|Ms|Dr|Pr|Prof|St[ée]?)\.|Mr|Mrs|Ms|Mx|Miss|Mmes?|Mlles?|Dr|Prof|Pr"
    r"|Monsieur|Madame|Mademoiselle|Messieurs|Mesdames|Docteur|Doctor|Professeure?|Professor"
    r"|Ma[îi]tre|Sir|Lord|Lady) "
    rf"(?:(?:le |la |l')?(?:docteur|professeure?|Dr\.?|Prof\.?) )?({_NAME})"
)
_ANNOUNCES = re.compile(
    r"(?<![\w-])(?:nom(?: et pr[ée]nom)?s?|pr[ée]noms?|(?:full |first |last |family |sur)?name|user"
    r"|contact|interlocut(?:eur|rice)|salari[ée]e?|employ[ée]e?|patiente?|cliente?|locataire"
    r"|titulaire|b[ée]n[ée]ficiaire|beneficiary|signataire|signatory|sign[ée]e?(?: par)?"
    r"|signed(?: by)?"
    r"|auteure?|author|r[ée]dig[ée] par|written by|directeur|directrice|g[ée]rante?|manager"
    r"|responsable|destinataire|exp[ée]diteur|sender|recipient|attn|attention|cardholder"
    r"|dear|ch[èe]re?|bonjour|hello|hi|cordialement|sincerely|(?:best |kind )?regards|cheers"
    r"|salutations(?: distingu[ée]es)?|repr[ée]sent[ée]e? par|represented by|au nom de|on behalf of"
    r"|pr[ée]venir|contacter|pr[ée]sid[ée]e? par|chaired by|entretien avec|interview with"
    r"|my name is|je m'appelle|je suis|i am|i'm|n[ée]e|m[ée]decin|h[ée]ritier|veuve|[ée]pouse)"
    r"[ \t]{0,8}[:,=-]?[ \t]{0,8}\n? ?\Z",
    re.IGNORECASE,
)
_ONE_NAME = re.compile(
    r"(?<![\w'-])(?i:my name is|je m'appelle|pr[ée]nomm[ée]e?"
    r"|(?:last |family |maiden |first |given |sur)name ?:|(?:pr[ée]nom|nom de (?:famille|naissance"
    r"|jeune fille)) ?:)"
    rf"[ \t]{{1,8}}({_NAME})(?![\w-]| ?[:=])"
)
"""What only a name follows."""

_ADDRESSED = re.compile(
    r"(?<![\w'-])(?i:dear|hi|hello|hey|ch[èe]re?|bonjour|salut|thanks|merci|(?:is|was|be) (?:called"
    r"|named)|named (?:him|her)|call(?:s|ed)? me|s'appelle|se nomme|(?:user)?name ?:|nom ?:)"
    rf",?[ \t]{{1,8}}({_WORD})(?=[\s,.!?;]|\Z)(?! ?[:=])"
)
"""What a name follows, or something else."""

_CAPITALISED = re.compile(rf"(?:{_WORD}|{_INITIAL})(?:{_LATER}{{1,3}})(?!\w)")
_SURNAME_FIRST = re.compile(rf"([{_UP}]{{2,30}}(?:-[{_UP}]{{2,30}})?),? ({_WORD})(?!\w)")
_NO_SURNAMES = frozenset(
    """Street Road Avenue University College School Hospital Institute Company Corporation Inc Ltd
    Bank Church Cathedral Hall Park Bridge River Lake Island County City State Day Award Prize
    Stadium Museum Library Foundation Center Centre Square House Street Airport Station Club
    Université Hôpital École Lycée Collège Société Banque Rue Place Musée Fondation Pont Fleuve
    Show Theatre Theater Records Band Series Trophy Cup League The And Of In Un Une Et
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April June July
    August September October November December Chapter Section Table Figure Act Law Code Test
    Method Algorithm Theorem Model Equation Transform Process Distribution Memorial Mountain
    Mountains Valley Beach Building Tower Castle Palace Court Express Limited Group Holdings
    Investments Report Team Opening OS Hills Cross Orchestra Post Times Chronicle""".split()
)
_NO_NAMES = frozenset(
    """Monsieur Madame Mademoiselle Messieurs Mesdames Team Équipe Tous Toutes All Sir Customer
    Client Cliente Colleague Colleagues Collègue Collègues President Président Présidente Minister
    Directeur Directrice Director Manager Service Le La Les The Prénom Prenom Nom Name Names First
    Last Given Surname Date Adresse Address Email Mail Password Username Required Field String None
    Null Obligatoire Monday Tuesday Wednesday Thursday Friday Saturday Sunday Lundi Mardi Mercredi
    Jeudi Vendredi Samedi Dimanche Matin Soir Collègues Amis Friends Cher Chère Chers Dear Hi
    Bonjour""".split()
)


@lru_cache(maxsize=1)
def first_names() -> frozenset[str]:
    """Common in France and in English-speaking countries."""
    return _read_names("first_names.txt")


@lru_cache(maxsize=1)
def known_names() -> frozenset[str]:
    """`first_names`, and those of many countries (training/name_list.py)."""
    return first_names() | _read_names("world_names.txt")


def _read_names(file: str) -> frozenset[str]:
    return frozenset(files(__package__).joinpath(file).read_text(encoding="utf-8").split())


def find_names(text: str) -> Iterator[Finding]:
    """In a folded text; findings may overlap. A title is no part of the name."""
    found = [*_titled(text), *_full(text), *_single(text)]
    yield from found
    yield from _again(text, found)


def _begins_word(text: str, place: int) -> bool:
    before = text[place - 1 : place]
    return not (before.isalnum() or before in ("_", "'", "-")) or not before


def _titled(text: str) -> Iterator[Finding]:
    for match in _TITLED.finditer(text):
        if _begins_word(text, match.start()) and match[1].split()[0] not in _NO_NAMES:
            yield _trimmed(text, *match.span(1), "a title before it")


def _single(text: str) -> Iterator[Finding]:
    """One name alone, where it cannot be anything else."""
    for match in _ONE_NAME.finditer(text):
        if not {*match[1].split()} & _NO_NAMES:
            yield _trimmed(text, *match.span(1), ONE_NAME)
    for match in _ADDRESSED.finditer(text):
        if match[1] in known_names():
            yield Finding(Kind.PERSON, *match.span(1), ONE_NAME)


def _full(text: str) -> Iterator[Finding]:
    known, common = known_names(), first_names()
    for match in _CAPITALISED.finditer(text):
        start = match.start()
        before = text[start - 1 : start]
        if before.isalnum() or before in ("_", "-"):
            continue
        words = match[0].split()
        # "Hier Paul Martin", "Le Salarié Anne Roux": the name may begin later in the row.
        for place, word in enumerate(words[:-1]):
            if word in known or _spelled(word, match[0]) in common:
                if not {words[place + 1], words[-1]} & (_NO_SURNAMES | _NO_NAMES):
                    first = start + len(" ".join(words[:place])) + (1 if place else 0)
                    rare = word in known and word not in common
                    rule = RARE_NAME if rare else "a common first name"
                    yield Finding(Kind.PERSON, first, match.end(), rule)
                break
        else:
            fit = (
                not match[0].isupper()
                and words[0] not in _NO_NAMES
                and words[-1] not in _NO_SURNAMES
            )
            if fit and _ANNOUNCES.search(text, max(0, start - ANNOUNCED_WITHIN), start):
                rule = "a word before it that announces a name"
                yield _trimmed(text, start, match.end(), rule)
    for match in _SURNAME_FIRST.finditer(text):
        first_name = match[2].split("-")[0]
        if (
            first_name in common
            and not {match[1], match[1].capitalize()} & _NO_SURNAMES
            and _begins_word(text, match.start())
        ):
            yield Finding(Kind.PERSON, *match.span(), "SURNAME and a common first name")


def _spelled(word: str, row: str) -> str:
    """The first name that a word is, in capitals or with another one behind a hyphen."""
    if len(word) <= LONGEST_ACRONYM and word.isupper() and not row.isupper():
        return ""
    return word.split("-")[0].capitalize()


def _trimmed(text: str, start: int, end: int, rule: str) -> Finding:
    """Without what is no name at its end: "Mme Durand Le contrat"."""
    words = text[start:end].split(" ")
    while len(words) > 1 and (words[-1] in _NO_SURNAMES or words[-1] in _NO_NAMES):
        end -= len(words.pop()) + 1
    return Finding(Kind.PERSON, start, end, rule)


def _again(text: str, found: list[Finding]) -> Iterator[Finding]:
    """The same names where they stand alone, and the surnames of full ones."""
    names: dict[str, None] = {}
    for one in found:
        if one.rule == ONE_NAME:
            continue
        name = text[one.start : one.end]
        names[name] = None
        if one.rule == RARE_NAME:
            continue  # what stands behind it may be no surname
        *others, last = name.split()
        # Of a longer row of capitals nobody knows where the name ends.
        if len(others) < 2 and len(last) >= 4 and last not in known_names():
            names[last] = None
        if len(names) >= MOST_KNOWN:
            break
    if not names:
        return
    longest_first = sorted(names, key=len, reverse=True)
    pattern = rf"(?<![\w'-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])"
    for match in re.finditer(pattern, text):
        yield Finding(Kind.PERSON, *match.span(), "a name found elsewhere in the text")
