"""Invented sentences with personal data in them, made from a seed, with what stands where."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from assistant.safety.finding import Kind

EACH = 300
"""Sentences of each kind."""


@dataclass(frozen=True, slots=True)
class Case:
    """`spans`: (start, end, kind) of what is to be found in the text."""

    text: str
    spans: tuple[tuple[int, int, Kind], ...]


# Check digits are computed here by other means than in Philo, by adding up or trying.
def _luhn_digit(body: str) -> str:
    for digit in "0123456789":
        total = 0
        for place, sign in enumerate((body + digit)[::-1]):
            total += int(sign) if place % 2 == 0 else sum(map(int, str(2 * int(sign))))
        if total % 10 == 0:
            return digit
    raise AssertionError


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def make_siren(rng: random.Random) -> str:
    body = rng.choice("345789") + _digits(rng, 7)
    return body + _luhn_digit(body)


def make_siret(rng: random.Random) -> str:
    body = make_siren(rng) + rng.choice(["000", "001", "012"]) + _digits(rng, 1)
    return body + _luhn_digit(body)


def make_vat(rng: random.Random) -> str:
    siren = make_siren(rng)
    key = (12 + 3 * (int(siren) % 97)) % 97
    return f"FR{key:02d}{siren}"


def make_nir(rng: random.Random) -> str:
    department = rng.choice(["75", "13", "59", "2A", "2B", "97", "99", "33"])
    body = (
        rng.choice("12")
        + f"{rng.randrange(100):02d}{rng.randrange(1, 13):02d}{department}"
        + f"{rng.randrange(1, 990):03d}{rng.randrange(1, 999):03d}"
    )
    number = body.replace("2A", "19").replace("2B", "18") if department in ("2A", "2B") else body
    if department in ("2A", "2B"):
        number = body[:5] + {"2A": "19", "2B": "18"}[department] + body[7:]
    return body + f"{97 - int(number) % 97:02d}"


def make_iban(rng: random.Random) -> str:
    country, bban = rng.choice(
        [
            ("FR", _digits(rng, 10) + rng.choice("0123456789MC") + _digits(rng, 12)),
            ("DE", _digits(rng, 18)),
            ("GB", rng.choice(["BARC", "LOYD", "NWBK"]) + _digits(rng, 14)),
            ("BE", _digits(rng, 12)),
            ("ES", _digits(rng, 20)),
            ("NL", rng.choice(["ABNA", "RABO"]) + _digits(rng, 10)),
            ("IT", "X" + _digits(rng, 22)),
            ("LU", _digits(rng, 3) + "0" + _digits(rng, 12)),
            ("CH", _digits(rng, 17)),
            ("IE", "AIBK" + _digits(rng, 14)),
        ]
    )
    number = "".join(str("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(c)) for c in bban + country)
    return f"{country}{98 - int(number + '00') % 97:02d}{bban}"


def make_card(rng: random.Random) -> str:
    prefix, length = rng.choice([("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("37", 15)])
    body = prefix + _digits(rng, length - 1 - len(prefix))
    return body + _luhn_digit(body)


def make_phone(rng: random.Random) -> str:
    four = [_digits(rng, 2) for _ in range(4)]
    head = rng.choice(["01", "02", "03", "04", "05", "06", "07", "09"])
    joined = rng.choice([" ", ".", "-", "", "\u00a0"]).join([head, *four])
    french = [
        joined,
        "+33 " + " ".join([head[1], *four]),
        "+33" + head[1] + "".join(four),
        "0033 " + " ".join([head[1], *four]),
        "+33 (0)" + " ".join([head[1], *four]),
    ]
    british = [
        f"+44 20 7946 0{_digits(rng, 3)}",
        f"020 7946 0{_digits(rng, 3)}",
        f"07700 900{_digits(rng, 3)}",
        f"+44 7700 900{_digits(rng, 3)}",
    ]
    american = [
        f"(212) 555-01{_digits(rng, 2)}",
        f"+1 415-555-01{_digits(rng, 2)}",
        f"312-555-01{_digits(rng, 2)}",
    ]
    others = [f"+49 30 9018{_digits(rng, 4)}", f"+32 2 555 {_digits(rng, 2)} {_digits(rng, 2)}"]
    return rng.choice([*french, *french, *british, *american, *others])


FIRST = "Claire Paul Sophie Julien Amélie Thomas Sarah James Emily Oliver Nadia Karim Ingrid Yann"
RARE = "Eudoxie Tancrède Philomène Oluwaseun Siobhán Zbigniew Thandiwe Wojciech Anaëlle Kwame"
LAST = """Durand Lefèvre Moreau Le-Goff Benali Nguyen Okonkwo Smith Walker O'Connor Müller García
Fontaine Chevallier Rousseau Whitfield Pemberton Delacroix Kowalski Haddad""".split()


def make_person(rng: random.Random) -> str:
    names = FIRST.split() if rng.random() < 0.7 else RARE.split()
    return f"{rng.choice(names)} {rng.choice(LAST)}"


def make_email(rng: random.Random) -> str:
    name = rng.choice(["anne.durand", "j_smith", "contact+rh", "o'neil", "é.martin", "x", "a-b.c"])
    host = rng.choice(
        ["exemple.fr", "mail.example.org", "sous.domaine.example.co.uk", "société.fr"]
    )
    plain = f"{name}{rng.randrange(100)}@{host}"
    return plain if rng.random() < 0.9 else plain.replace("@", " [at] ").replace(".", " [dot] ", 0)


def make_ip(rng: random.Random) -> str:
    if rng.random() < 0.7:
        return ".".join(str(rng.randrange(21, 250)) for _ in range(4))
    parts = [f"{rng.randrange(1, 65536):x}" for _ in range(8)]
    return ":".join(parts) if rng.random() < 0.5 else ":".join(parts[:3]) + "::" + parts[7]


def make_address(rng: random.Random) -> str:
    number = rng.choice(["12", "3 bis", "148", "7"])
    french = [
        f"{number}, rue des Lilas, 75011 Paris",
        f"{number} avenue du Général-Leclerc, 69003 Lyon",
        f"{number} bd Victor Hugo\n44000 Nantes",
        f"{number} impasse de l'Église, 35400 Saint-Malo CEDEX",
        "lieu-dit Kerivin, route de Brest, 29200 Brest",
    ]
    english = [
        f"{rng.randrange(1, 300)} Baker Street, London NW1 6XE",
        f"{rng.randrange(1, 9000)} Maple Avenue, Springfield, IL 62704",
        f"Flat 2, {rng.randrange(1, 90)} High Street, Oxford OX1 4AQ",
        f"{rng.randrange(1, 90)} Grafton Street, Dublin",
    ]
    return rng.choice(french + english)


SECRETS: tuple[Callable[[random.Random], tuple[str, str]], ...] = (
    lambda r: (f"Mot de passe : {_password(r)}", ""),
    lambda r: (f"mdp = {_password(r)}", ""),
    lambda r: (f"Password: {_password(r)}", ""),
    lambda r: (f"Clé d'accès : {_digits(r, 6)}-{_password(r)}", ""),
    lambda r: (f"Identifiant : u{_digits(r, 5)}", ""),
    lambda r: (f"api_key = {_password(r)}{_digits(r, 8)}", ""),
    lambda r: (f"Le digicode est {_digits(r, 4)}A", ""),
    lambda r: ("La clé AKIA" + "".join(r.choice("ABCDEFGH234567") for _ in range(16)), "AKIA"),
    lambda r: ("Jeton ghp_" + "".join(r.choice("abcXYZ0189") for _ in range(36)), "ghp_"),
)


def _password(rng: random.Random) -> str:
    return rng.choice(["Tr0ub4dor", "S3same!", "hiver2024", "K#9fQ-x2"]) + _digits(rng, 2)


def _spaced(number: str, groups: str, separator: str) -> str:
    parts, place = [], 0
    for size in map(int, groups):
        parts.append(number[place : place + size])
        place += size
    return separator.join(part for part in [*parts, number[place:]] if part)


def _written(kind: Kind, number: str, rng: random.Random) -> str:
    groups = {
        Kind.IBAN: ["", "4444444"],
        Kind.CARD: ["", "465" if len(number) == 15 else "4444"],
        Kind.NIR: ["", "1222332", "N"],
        Kind.SIREN: ["", "333"],
        Kind.SIRET: ["", "3335", "9"],
        Kind.VAT: ["", "2", "2233", "4333", "4"],
    }.get(kind)
    if groups is None:
        return number
    form = rng.choice(groups)
    separators = {"": [""], "9": [" "], "N": [" "]}.get(form, [" ", "\u00a0", "\u202f", "-", "."])
    if kind == Kind.VAT:
        separators = [" ", "\u00a0"]
    if form == "N":  # the key stands apart
        return f"{number[:13]} {number[13:]}"
    return _spaced(number, form, rng.choice(separators)) if form else number


MAKERS: dict[Kind, Callable[[random.Random], str]] = {
    Kind.EMAIL: make_email,
    Kind.PHONE: make_phone,
    Kind.IBAN: make_iban,
    Kind.CARD: make_card,
    Kind.IP: make_ip,
    Kind.NIR: make_nir,
    Kind.SIREN: make_siren,
    Kind.SIRET: make_siret,
    Kind.VAT: make_vat,
    Kind.PERSON: make_person,
    Kind.ADDRESS: make_address,
}
FRAMES: dict[Kind, list[str]] = {
    Kind.EMAIL: ["Écrivez à {} avant midi.", "Send it to {}, please.", "({})", "Courriel:{}"],
    Kind.PHONE: [
        "Prévenir le service au {} avant midi.",
        "You can reach the desk on {} after nine.",
        "Tél. {} ou à l'accueil.",
        "Astreinte : {}, jour et nuit.",
    ],
    Kind.IBAN: [
        "Virer la prime sur {} avant vendredi.",
        "IBAN : {}\nBIC : AGRIFRPP",
        "Please pay into {} this week.",
    ],
    Kind.CARD: [
        "Le paiement par carte {} a été refusé.",
        "Card number {} expires 12/27.",
        "Débiter {} de 40 euros.",
    ],
    Kind.IP: ["Connexion depuis {} à 8 h 12.", "The host {} did not answer.", "Bloquer {}."],
    Kind.NIR: [
        "N° de sécurité sociale : {}.",
        "Le salarié immatriculé {} est en congé.",
        "His number {} is on the form.",
    ],
    Kind.SIREN: [
        "Société immatriculée sous le SIREN {}.",
        "RCS Nantes {}.",
        "The company, registered under {}, delivers.",
    ],
    Kind.SIRET: ["SIRET : {}", "L'établissement {} a fermé.", "Number {} is on the invoice."],
    Kind.VAT: ["TVA intracommunautaire : {}.", "VAT number {} applies.", "Facture de {} reçue."],
    Kind.PERSON: [
        "Le dossier de {} est complet.",
        "Merci d'en parler à {} demain.",
        "We asked {} about the delivery.",
        "M. {} a signé.",
        "Contact : {}",
        "Cordialement,\n{}",
        "The report by {} came late.",
    ],
    Kind.ADDRESS: [
        "Il habite {}.",
        "Adresse : {}",
        "Deliver to {}, ground floor.",
        "Le siège est au {}.",
    ],
}
BREAKABLE = (Kind.IBAN, Kind.CARD, Kind.NIR, Kind.SIREN, Kind.SIRET, Kind.VAT)
HARD: tuple[Callable[[random.Random], str], ...] = (
    lambda r: f"Commande n° {_digits(r, 10)} expédiée le {r.randrange(1, 29):02d}/11/2025.",
    lambda r: f"Order {_digits(r, 9)} has shipped; ref. {_digits(r, 6)}-{_digits(r, 4)}.",
    lambda r: (
        f"ISBN 978-2-{_digits(r, 2)}-{_digits(r, 6)}-{_digits(r, 1)}, page {r.randrange(400)}."
    ),
    lambda r: f"Version {r.randrange(9)}.{r.randrange(20)}.{r.randrange(20)}.{r.randrange(300)}.",
    lambda r: f"Pièce réf. {_digits(r, 3)} {_digits(r, 3)} {_digits(r, 3)}, lot {_digits(r, 8)}.",
    lambda r: f"Le budget est de {r.randrange(1, 999)} {_digits(r, 3)} {_digits(r, 3)} euros.",
    lambda r: f"Between {r.randrange(1900, 2000)} and {r.randrange(2000, 2026)}, sales rose.",
    lambda r: f"DOI 10.{_digits(r, 4)}/s{_digits(r, 5)}-{_digits(r, 3)}-{_digits(r, 5)}-x",
    lambda r: f"Mesures : {_digits(r, 2)},{_digits(r, 4)} et 0.{_digits(r, 10)} volts.",
    lambda r: (
        f"Section {r.randrange(1, 9)}.{r.randrange(9)}.{r.randrange(9)}.{r.randrange(9)} says so."
    ),
    lambda r: (
        f"Timestamp 2025-{r.randrange(1, 13):02d}-11T10:{r.randrange(10, 60)}:42.{_digits(r, 6)}Z"
    ),
    lambda r: f"EAN {_digits(r, 13)} et numéro de série {_digits(r, 12)}.",
    lambda r: f"Serial {_digits(r, 15)}, firmware {_digits(r, 8)}.",
    lambda r: f"Coordonnées 48.{_digits(r, 6)}, 2.{_digits(r, 6)}.",
    lambda r: f"{r.randrange(2, 40)} Employees attended the Annual General Meeting in {_place(r)}.",
    lambda r: (
        f"The {_place(r)} Museum and the University of {_place(r)} lent {r.randrange(9)} works."
    ),
    lambda r: (
        f"En {r.randrange(1990, 2026)}, la Ville de {_place(r)} comptait {_digits(r, 5)} lits."
    ),
    lambda _: "Votre mot de passe doit compter douze caractères et un chiffre.",
    lambda _: "The password is never stored; a token is asked for instead.",
    lambda r: (
        f"Article L{_digits(r, 4)}-{r.randrange(90)} du code du travail, alinéa {r.randrange(9)}."
    ),
)


def _place(rng: random.Random) -> str:
    return rng.choice(["Lyon", "Nantes", "Oxford", "Dublin", "New York", "Saint-Malo"])


def make_cases(rng: random.Random) -> list[Case]:
    """`EACH` sentences of every kind, of every kind of near miss, and of figures that mean
    nothing."""
    cases: list[Case] = []
    for kind, make in MAKERS.items():
        for _ in range(EACH):
            value = _written(kind, make(rng), rng)
            cases.append(_case(rng.choice(FRAMES[kind]), value, kind))
    for kind in BREAKABLE:
        for _ in range(EACH // 3):
            value = _written(kind, _broken(MAKERS[kind](rng), rng), rng)
            text = rng.choice(FRAMES[kind]).format(value)
            cases.append(Case(text, ()))
    for _ in range(EACH):
        text, head = rng.choice(SECRETS)(rng)
        start = text.index(head) if head else _value_at(text)
        cases.append(Case(text + ".\n", ((start, len(text), Kind.SECRET),)))
    for make_hard in HARD:
        cases += [Case(make_hard(rng), ()) for _ in range(EACH // 6)]
    return cases


def _case(frame: str, value: str, kind: Kind) -> Case:
    start = frame.index("{}")
    spans = [(start, start + len(value), kind)]
    return Case(frame.format(value), tuple(spans))


def _value_at(text: str) -> int:
    match = re.search(r" (?:[:=]|est) |: ", text)
    assert match is not None  # noqa: S101 - all of them have one
    return match.end()


def _broken(number: str, rng: random.Random) -> str:
    """With another digit in its middle, so that the check digits are wrong: those of a SIRET's
    SIREN too. A single other digit breaks each of these formulas."""
    place = next(at for at in range(6, len(number)) if number[at].isdigit())
    return (
        number[:place] + str((int(number[place]) + rng.randrange(1, 10)) % 10) + number[place + 1 :]
    )
