# ruff: noqa: E501, ARG001 - word lists, and changes of one signature
"""Changes to real sentences by rule: some keep them true, one makes them false.

The lists here are this benchmark's own, written apart from the lexicon that it measures.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Change = Callable[[str, "Around"], str | None]


@dataclass(frozen=True)
class Around:
    """`text` is all that the statement is held against, `others` names of other documents,
    `following` the next sentence of the same passage."""

    language: str
    text: str
    others: Sequence[str]
    following: str
    dice: random.Random


def _one(pairs: Sequence[tuple[str, str]], sentence: str, dice: random.Random) -> str | None:
    """Replace one occurrence of one of the expressions that are there."""
    there = [
        (match, new)
        for old, new in pairs
        for match in re.finditer(rf"(?<![\w'-]){old}(?![\w'-])", sentence)
    ]
    if not there:
        return None
    match, new = dice.choice(there)
    return sentence[: match.start()] + match.expand(new) + sentence[match.end() :]


def _both_ways(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [*pairs, *[(b, a) for a, b in pairs]]


_SYNONYMS = {
    "fr": _both_ways(
        [
            ("doit", "est tenu de"), ("logement", "habitation"), ("envoyer", "transmettre"),
            ("demande", "requête"), ("salarié", "employé"), ("obligatoire", "exigé"),
            ("effectuer", "réaliser"), ("délai", "temps"), ("commence", "débute"),
            ("utiliser", "employer"), ("montant", "somme"), ("interdit", "prohibé"),
            ("habiter", "vivre"), ("conjoint", "époux"), ("vérifier", "contrôler"),
            ("choisir", "sélectionner"), ("nécessaire", "indispensable"), ("durant", "pendant"),
            ("immédiatement", "aussitôt"), ("bénéficier", "profiter"), ("percevoir", "recevoir"),
            ("débute", "démarre"), ("médecin", "docteur"), ("informer", "avertir"),
            ("acheter", "acquérir"), ("résilier", "annuler"), ("conserver", "garder"),
        ]
    ),
    "en": _both_ways(
        [
            ("began", "started"), ("large", "big"), ("located", "situated"), ("during", "throughout"),
            ("often", "frequently"), ("used", "employed"), ("built", "constructed"),
            ("received", "got"), ("people", "persons"), ("main", "principal"), ("shows", "demonstrates"),
            ("allowed", "permitted"), ("required", "needed"), ("approximately", "about"),
            ("purchased", "bought"), ("annual", "yearly"), ("begins", "starts"), ("ended", "finished"),
            ("created", "made"), ("kept", "retained"), ("residents", "inhabitants"),
            ("important", "significant"), ("ensure", "make sure"), ("illness", "sickness"),
            ("contains", "includes"), ("fewer", "less"), ("near", "close to"), ("various", "several"),
        ]
    ),
}  # fmt: skip
_SHORTER = {
    "fr": [
        ("numéro", "n°"), ("kilomètres", "km"), ("euros", "€"), ("minutes", "min"),
        ("pour cent", "%"), ("Madame", "Mme"), ("Monsieur", "M."), ("mètres", "m"),
        ("heures", "h"), ("c'est-à-dire", "soit"), ("avant", "avant"),
    ],
    "en": [
        ("kilometres", "km"), ("minutes", "min"), ("percent", "%"), ("United States", "US"),
        ("do not", "don't"), ("does not", "doesn't"), ("is not", "isn't"), ("are not", "aren't"),
        ("was not", "wasn't"), ("cannot", "can't"), ("it is", "it's"), ("World War II", "WWII"),
        ("metres", "m"), ("hours", "h"), ("seconds", "s"), ("did not", "didn't"),
    ],
}  # fmt: skip
_ANTONYMS = {
    "fr": _both_ways(
        [
            ("au moins", "au plus"), ("avant", "après"), ("plus de", "moins de"),
            ("supérieure?s? à", "inférieur à"), ("obligatoire", "facultatif"),
            ("augmente", "diminue"), ("autorisé", "interdit"), ("accepte", "refuse"),
            ("acceptée", "refusée"), ("premier", "dernier"), ("début", "fin"), ("avec", "sans"),
            ("majeur", "mineur"), ("public", "privé"), ("vendeur", "acheteur"),
            ("gratuit", "payant"), ("maximum", "minimum"), ("ouvert", "fermé"),
            ("temporaire", "permanent"), ("écrit", "oral"), ("ancien", "nouveau"),
            ("présence", "absence"), ("possible", "impossible"), ("légal", "illégal"),
        ]
    ),
    "en": _both_ways(
        [
            ("at least", "at most"), ("before", "after"), ("more than", "less than"),
            ("increased", "decreased"), ("increases", "decreases"), ("first", "last"),
            ("north", "south"), ("east", "west"), ("northern", "southern"), ("won", "lost"),
            ("with", "without"), ("largest", "smallest"), ("highest", "lowest"),
            ("public", "private"), ("male", "female"), ("above", "below"), ("opened", "closed"),
            ("began", "ended"), ("early", "late"), ("older", "younger"), ("legal", "illegal"),
            ("positive", "negative"), ("common", "rare"), ("internal", "external"),
            ("allowed", "forbidden"), ("include", "exclude"), ("left", "right"),
            ("death", "birth"), ("accepted", "rejected"), ("longer", "shorter"),
        ]
    ),
}  # fmt: skip
_QUANTIFIERS = {
    "fr": [
        ("[Tt]ous les", "certains"), ("[Tt]outes les", "certaines"), ("[Cc]haque", "quelque"),
        ("[Cc]ertains", "tous les"), ("[Cc]ertaines", "toutes les"), ("[Pp]lusieurs", "tous les"),
        ("la plupart des", "peu de"), ("seulement", "également"), ("[Qq]uelques", "tous les"),
    ],
    "en": [
        ("[Aa]ll", "some"), ("[Ss]ome", "all"), ("[Mm]ost", "few"), ("[Ee]very", "some"),
        ("[Mm]any", "all"), ("[Ee]ach", "some"), ("[Ff]ew", "most"), ("[Ss]everal", "all"),
    ],
}  # fmt: skip
_CONDITIONS = {
    "fr": [
        (r"[Ss]i (?=(?:vous|le|la|les|l'|un|une|il|elle))", "même si "), ("[Ss]auf", "y compris"),
        ("à condition", "même sans"), ("à l'exception d", "y compris d"),
    ],
    "en": [
        ("[Ii]f", "even if"), ("[Uu]nless", "if"), ("[Ee]xcept", "including"),
        ("provided that", "even if"),
    ],
}  # fmt: skip
_UNITS = {
    "fr": [
        (r"(\d ?)jours?", r"\1mois"), (r"(\d ?)mois", r"\1ans"), (r"(\d ?)ans", r"\1jours"),
        (r"(\d ?)€", r"\1$"), (r"(\d ?)%", r"\1€"), (r"(\d ?)heures?", r"\1jours"),
        (r"(\d ?)minutes", r"\1heures"), (r"(\d ?)euros", r"\1dollars"), (r"(\d ?)km", r"\1m"),
        (r"(\d ?)semaines?", r"\1mois"), (r"(\d ?)kg", r"\1g"), (r"(\d ?)cm", r"\1mm"),
    ],
    "en": [
        (r"(\d ?)days?", r"\1months"), (r"(\d ?)months?", r"\1years"), (r"(\d ?)years?", r"\1days"),
        (r"(\d ?)%", r"\1dollars"), (r"(\d ?)percent", r"\1dollars"), (r"(\d ?)km", r"\1m"),
        (r"(\d ?)miles", r"\1km"), (r"(\d ?)hours?", r"\1days"), (r"(\d ?)minutes?", r"\1hours"),
        (r"(\d ?)(?:feet|ft)", r"\1miles"), (r"(\d ?)m", r"\1km"), (r"(\d ?)million", r"\1billion"),
        (r"\$(?= ?\d)", "€"), (r"(\d ?)kg", r"\1g"), (r"(\d ?)weeks?", r"\1years"),
    ],
}  # fmt: skip
_ROLES = {
    "fr": "employeur/salarié propriétaire/locataire vendeur/acheteur père/mère parent/enfant "
    "assureur/assuré juge/avocat mari/femme maire/préfet créancier/débiteur bailleur/locataire",
    "en": "employer/employee seller/buyer landlord/tenant mother/father king/queen "
    "president/senate teacher/student parent/child husband/wife author/publisher",
}
_MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}
_SMALL = {
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze "
    "seize",
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen",
}
_NAME = re.compile(
    r"(?<=[a-zà-ÿ,] )(?:(?:l|d|L|D)')?(?P<name>[A-ZÉÈ][a-zà-ÿ]{2,}(?:-[A-Z][a-zà-ÿ]+)*)\b(?! [A-Z])(?<!Si)"
)
_DIGITS = re.compile(
    r"(?<![\w.,-])\d{1,3}(?:[  ]\d{3})+(?![\w])|(?<![\w.,-])\d+(?:[.,]\d+)?(?![\w-]|[.,]\d)"
)


def names_of(text: str) -> list[str]:
    months = set(_MONTHS["en"].split())
    return [match["name"] for match in _NAME.finditer(text) if match["name"] not in months]


def verbatim(sentence: str, around: Around) -> str | None:
    return sentence


def clause(sentence: str, around: Around) -> str | None:
    """Leave an aside or a last part out that is neither a condition nor a denial."""
    if match := re.search(r"\s*\([^()]{4,}\)", sentence):
        return sentence[: match.start()] + sentence[match.end() :]
    parts = sentence.rstrip(".").split(", ")
    last = parts[-1]
    if len(parts) < 2 or len(" ".join(parts[:-1]).split()) < 6:
        return None
    if (
        re.search(
            r"\b(?:si|sauf|if|unless|except|pas|not|sans|without|only|condition|et|and|ou|or|ni|aucun|que)\b",
            last,
        )
        or len(last.split()) < 3
    ):
        return None
    return ", ".join(parts[:-1]) + "."


def synonyms(sentence: str, around: Around) -> str | None:
    return _one(_SYNONYMS[around.language], sentence, around.dice)


def abbreviations(sentence: str, around: Around) -> str | None:
    return _one(_SHORTER[around.language], sentence, around.dice)


def figures(sentence: str, around: Around) -> str | None:
    """Write one number another way."""
    small = _SMALL[around.language].split()
    found = list(_DIGITS.finditer(sentence))
    around.dice.shuffle(found)
    for match in found:
        written = re.sub(r"[  ]", "", match.group())
        if _is_date(sentence, match) or re.match(r" ?(?:h\b|:)", sentence[match.end() :]):
            continue
        if written.isdigit() and 2 <= int(written) <= 16:
            new = small[int(written)]
        elif written.isdigit() and int(written) >= 10_000:
            new = f"{int(written):,}".replace(",", " " if around.language == "fr" else ",")
        elif "," in written and around.language == "fr":
            new = written.replace(",", ".")
        else:
            continue
        return sentence[: match.start()] + new + sentence[match.end() :]
    for number, word in list(enumerate(small))[2:]:
        if (
            changed := re.sub(rf"(?<![\w-]){word}(?![\w-])", str(number), sentence, count=1)
        ) != sentence:
            return changed if word != "neuf" else None
    return None


def order(sentence: str, around: Around) -> str | None:
    """Put the opening circumstance last."""
    openings = {
        "fr": r"(?:En|Dans|Pour|Pendant|Lors|Si|À|Avant|Après|Depuis|Au|Lorsque)\b",
        "en": r"(?:In|During|For|After|Before|On|At|If|When|Since|By|While)\b",
    }[around.language]
    match = re.fullmatch(rf"({openings}[^,;:]{{8,80}}), ([^;:]{{20,}})\.", sentence)
    if match is None:
        return None
    first, rest = match.groups()
    return f"{rest[0].upper()}{rest[1:]} {first[0].lower()}{first[1:]}."


def merged(sentence: str, around: Around) -> str | None:
    """Two sentences of one passage in one."""
    if not around.following or len(sentence) + len(around.following) > 350:
        return None
    join = " et " if around.language == "fr" else " and "
    opening = around.following[0]
    starts = re.match(
        r"(?:Le|La|Les|Un|Une|Il|Elle|Ce|Cette|The|A|An|It|He|She|This|They)\b", around.following
    )
    if starts is None:
        return None
    return sentence.rstrip(".") + join + opening.lower() + around.following[1:]


def voice(sentence: str, around: Around) -> str | None:
    """Active out of passive."""
    match = re.match(
        r"(The [a-z ]{3,30}|[A-Z]\w+) (?:was|were) (\w+ed) by ((?:the )?[A-Z]?[\w ]{3,30})(?=[,.]| in | on )",
        sentence,
    )
    if match is None or around.language != "en":
        return None
    subject, verb, agent = match.groups()
    lowered = subject[0].lower() + subject[1:] if subject.startswith("The ") else subject
    return f"{agent[0].upper()}{agent[1:]} {verb} {lowered}."


def number(sentence: str, around: Around) -> str | None:
    found = [one for one in _DIGITS.finditer(sentence) if not _is_date(sentence, one)]
    if not found:
        return None
    match = around.dice.choice(found)
    old = match.group()
    for _ in range(20):
        digits = [at for at, ch in enumerate(old) if ch.isdigit()]
        at = around.dice.choice(digits)
        new = old[:at] + around.dice.choice("123456789") + old[at + 1 :]
        if new != old and not re.search(rf"(?<!\d){re.escape(new)}(?!\d)", around.text):
            return sentence[: match.start()] + new + sentence[match.end() :]
    return None


def _is_date(sentence: str, match: re.Match[str]) -> bool:
    months = "|".join([*_MONTHS["fr"].split(), *_MONTHS["en"].split()])
    return bool(
        re.match(rf"(?:er)? (?:{months})\b", sentence[match.end() :])
        or re.search(rf"(?:{months}),? $", sentence[: match.start()])
        or re.fullmatch(r"(?:19|20)\d\d", match.group())
    )


def date(sentence: str, around: Around) -> str | None:
    months = _MONTHS[around.language].split()
    found = list(re.finditer(rf"\b(?:{'|'.join(months)})\b|\b(?:1[89]|20)\d\d\b", sentence))
    found = [
        one
        for one in found
        if one.group() not in {"May", "March", "mars"}
        or re.search(r"\d ?$", sentence[: one.start()])
    ]
    if not found:
        return None
    match = around.dice.choice(found)
    options = (
        months
        if match.group() in months
        else [str(int(match.group()) + step) for step in (-7, -2, 1, 3, 9)]
    )
    options = [one for one in options if one not in around.text]
    if not options:
        return None
    return sentence[: match.start()] + around.dice.choice(options) + sentence[match.end() :]


def name(sentence: str, around: Around) -> str | None:
    found = [one for one in _NAME.finditer(sentence) if one["name"] not in _MONTHS["en"]]
    others = [one for one in around.others if one not in around.text]
    if not found or not others:
        return None
    match = around.dice.choice(found)
    return (
        sentence[: match.start("name")] + around.dice.choice(others) + sentence[match.end("name") :]
    )


def unit(sentence: str, around: Around) -> str | None:
    return _one(_UNITS[around.language], sentence, around.dice)


def antonym(sentence: str, around: Around) -> str | None:
    return _one(_ANTONYMS[around.language], sentence, around.dice)


def quantifier(sentence: str, around: Around) -> str | None:
    return _one(_QUANTIFIERS[around.language], sentence, around.dice)


def condition(sentence: str, around: Around) -> str | None:
    return _one(_CONDITIONS[around.language], sentence, around.dice)


def negation(sentence: str, around: Around) -> str | None:
    """Take a negation away, or put one in."""
    if around.language == "fr":
        if match := re.search(r"\b(?:ne |n')(\w+(?: \w+)?) (?:pas|plus|jamais)\b", sentence):
            return sentence[: match.start()] + match[1] + sentence[match.end() :]
        if re.search(r"\b(?:ne|ni|aucune?|sans)\b|n'", sentence):
            return None
        verbs = r"\b(est|sont|peut|peuvent|doit|doivent|a|ont|était|sera)\b(?= )"
        if match := re.search(verbs, sentence):
            ne = "n'" if match[1][0] in "aeéo" else "ne "
            return f"{sentence[: match.start()]}{ne}{match[1]} pas{sentence[match.end() :]}"
        return None
    if match := re.search(
        r"\b(is|are|was|were|can|must|has|does|do|did|may|will|could) ?not (?=\w)", sentence
    ):
        return sentence[: match.start()] + match[1] + " " + sentence[match.end() :]
    if re.search(r"\b(?:no|not|never|nor|without|neither)\b|n't", sentence):
        return None
    if match := re.search(
        r"\b(is|are|was|were|can|must|has|have|may|will|could)\b(?= \w)", sentence
    ):
        return sentence[: match.end()] + " not" + sentence[match.end() :]
    return None


def role(sentence: str, around: Around) -> str | None:
    """Exchange two parties."""
    for pair in _ROLES[around.language].split():
        one, other = pair.split("/")
        if (
            len(re.findall(rf"\b{one}\b", sentence))
            == len(re.findall(rf"\b{other}\b", sentence))
            == 1
        ):
            held = re.sub(rf"\b{one}\b", "\0", sentence)
            return re.sub(rf"\b{other}\b", one, held).replace("\0", other)
    found = list(_NAME.finditer(sentence))
    for first, second in itertools.pairwise(found):
        between = sentence[first.end() : second.start()]
        if first["name"] != second["name"] and len(re.findall(r"[a-zà-ÿ]{3,}", between)) >= 2:
            if re.search(r",|\b(?:and|or|et|ou)\b", between):
                continue
            return (
                sentence[: first.start("name")] + second["name"]
                + sentence[first.end("name") : second.start("name")] + first["name"]
                + sentence[second.end("name") :]
            )  # fmt: skip
    return None


TRUE: dict[str, Change] = {
    one.__name__: one
    for one in (verbatim, clause, synonyms, abbreviations, figures, order, merged, voice)
}
FALSE: dict[str, Change] = {
    one.__name__: one
    for one in (number, name, date, unit, negation, quantifier, antonym, role, condition)
}
