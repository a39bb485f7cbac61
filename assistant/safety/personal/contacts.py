"""E-mail and IP addresses and telephone numbers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers

from assistant.safety.finding import Finding, Kind
from assistant.safety.personal.zones import Zones
from assistant.safety.personal.zones import matches_in as _in

_LOCAL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}\Z")
_DOMAIN = re.compile(r"(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}(?![\w])")
_AT = re.compile(r"@| ?[\[({<] ?(?:at|arobase|arrobase|chez|a|@) ?[\])}>] ?", re.IGNORECASE)
_SPELLED_DOT = re.compile(r" ?[\[({<] ?(?:dot|point|\.) ?[\])}>] ?", re.IGNORECASE)
_SPELLED_DOMAIN = re.compile(
    r"[\w-]{1,63}(?:(?:\.| ?[\[({<] ?(?:dot|point|\.) ?[\])}>] ?)[\w-]{1,63}){1,6}(?!\w)",
    re.IGNORECASE,
)

_V4 = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\w|\.\d)")
_INSIDE_V6 = re.compile(r":[0-9A-Fa-f]{0,4}:")
LONGEST_V6 = 40
_V6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_SAYS_VERSION = re.compile(
    r"(?:version|release|build|firmware|section|chapter|chapitre|article|clause|§|\bv\.?)"
    r" ?:?n?°? ?$",
    re.IGNORECASE,
)
_SAYS_IP = re.compile(r"\bip(?:v4|v6)?\b|adresse|address|host|h[ôo]te|serv|ping|dns", re.IGNORECASE)

_DIGITS = r"\+?\(?\d(?:[ .()-]{0,2}\d){6,14}"
_EXTENSION = r"(?:(?: ?x| ?ext\.? ?| poste )\d{1,6})?"
_INTERNATIONAL = re.compile(
    rf"(?<![\w+])((?:\+|00[ .-]?)[1-9](?:[ ./()-]{{0,3}}\d){{6,14}})(?!\d){_EXTENSION}"
)
_ZERO = re.compile(r"(?<![\w.,+/-])\(?0(?!\.\d{5})(?:[ ./()-]{0,2}\d){8,10}(?![\w]|[.,]\d)")
_PAIRS = re.compile(r"0[1-9](?:([ .-])\d\d)(?:\1\d\d){3}|07\d{3} \d{3} ?\d{3}")
"""As nobody writes other figures: the French way, and that of British mobiles."""
_INTERVAL = re.compile(r"0\.\d+ ?\(")
"""An estimate before its confidence interval: 0.36 (0.26-0.49)."""
_GOES_ON = re.compile(r"\d[ ./-]\Z")
_AMERICAN = re.compile(
    r"(?<![\w.,+/-])((?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4})"
    rf"{_EXTENSION}(?![\w]|[.,-]\d)"
)
_SAID = re.compile(
    r"(?<!\w)(?:t[ée]l(?:[ée]phone)?s?|phones?|mobiles?|portables?|fax|gsm|cell|call|whatsapp"
    r"|standard|ligne directe|appele[rz]|joindre|joignable|contact(?:e[rz])?|text me|ring|desk"
    r"|sms|texto|messages?|answering|r[ée]pond(?:re)?)"
    r"(?:[ .:°=\n]|(?:au|le|at|on|to|me|us|number|num[ée]ro|direct|fixe|is|est|n°|no\.?)(?!\w))"
    r"{0,12}"
    rf"({_DIGITS}{_EXTENSION})(?![\w]|[.,]\d)",
    re.IGNORECASE,
)
_SAID_AFTER = re.compile(
    rf"(?<![\w.,+/-])({_DIGITS}{_EXTENSION})[ -]"
    r"(?:office|fax|mobile|cell|desk|home|work|direct|bureau|portable|domicile)"
    r"(?=\s*(?:[\n,;.)\\]|\Z))",
    re.IGNORECASE,
)
_SAYS_ORDER = re.compile(
    r"(?:commande|order|r[ée]f(?:[ée]rence|erence)?|dossier|facture|invoice|ticket|\blots?|serial"
    r"|s[ée]rie|client|customer|sku|isbn|issn|ean|part(?: number| no)?|article|pi[èe]ce|contrat"
    r"|contract|colis|parcel|tracking|suivi|siren|siret|rcs|build|version|compte|account"
    r"|doi|id|identifier|identifiant|code)s?"
    r"\.? ?(?:n[°o]\.?|number|num[ée]ro|no\.?|#|:| )*$",
    re.IGNORECASE,
)
ZERO_REGIONS = ("FR", "GB", "BE", "CH", "NL")
"""Countries whose numbers begin with 0; of others only the international form is known."""


def find_contacts(text: str, zones: Zones) -> Iterator[Finding]:
    """In a folded text; findings may overlap. `zones` as `digit_zones` finds them."""
    yield from _emails(text)
    yield from _addresses_of_machines(text)
    yield from _phones(text, zones)


def _emails(text: str) -> Iterator[Finding]:
    for at in _AT.finditer(text):
        local = _LOCAL.search(text, max(0, at.start() - 64), at.start())
        if local is None:
            continue
        spelled = at[0] != "@"
        form = _SPELLED_DOMAIN if spelled else _DOMAIN
        domain = form.match(text, at.end(), at.end() + 255)
        if domain is None:
            continue
        name = local[0].lstrip(".-'/=&")
        plain = _SPELLED_DOT.sub(".", domain[0])
        if not name or not _DOMAIN.fullmatch(plain) or name.endswith("."):
            continue
        rule = "name at domain, spelled out" if spelled else "name@domain"
        yield Finding(Kind.EMAIL, local.end() - len(name), domain.end(), rule)


def _addresses_of_machines(text: str) -> Iterator[Finding]:
    for match in _V4.finditer(text):
        before = text[max(0, match.start() - 25) : match.start()]
        if before and (before[-1].isalnum() or before[-1] in "._"):
            continue
        try:
            address = ipaddress.IPv4Address(match[0])
        except ValueError:
            continue
        if _SAYS_VERSION.search(before) or address.is_loopback or address.is_unspecified:
            continue
        outline = all(int(part) <= 20 for part in match[0].split("."))
        if outline and not _SAYS_IP.search(before):  # 3.2.1.4 is a section
            continue
        if not match[0].startswith("255."):
            yield Finding(Kind.IP, *match.span(), "IPv4")
    done = 0
    for inside in _INSIDE_V6.finditer(text):
        if inside.start() < done:
            continue
        start = max(done, inside.start() - LONGEST_V6)
        found = _V6.search(text, start, inside.end() + LONGEST_V6)
        if found is None:
            continue
        match, done = found, found.end()
        if sum(map(str.isalnum, match[0])) < 6:  # C++ and times of day
            continue
        try:
            ipaddress.IPv6Address(match[0])
        except ValueError:
            continue
        yield Finding(Kind.IP, *match.span(), "IPv6")


def _phones(text: str, zones: Zones) -> Iterator[Finding]:
    for match in _in(zones, _INTERNATIONAL, text):
        end = _valid_end(match[1], None)
        if not end and match[1].startswith(("+", "0033", "00 33")) and _is_possible(match[1], None):
            end = len(match[1])  # invented ones, and ranges younger than the tables
        if end:
            end = len(match[0]) if end == len(match[1]) else end
            yield Finding(Kind.PHONE, match.start(), match.start() + end, "international")
    for match in _in(zones, _ZERO, text):
        before = text[max(0, match.start() - 30) : match.start()]
        if _SAYS_ORDER.search(before) or _INTERVAL.match(match[0]):
            continue
        pairs = _PAIRS.fullmatch(match[0])
        if _GOES_ON.search(before) and not pairs:  # the middle of a longer number
            continue
        if pairs or any(_is_valid(match[0], region) for region in ZERO_REGIONS):
            yield Finding(Kind.PHONE, *match.span(), "national, with 0")
        elif end := _valid_end(match[0], "FR"):
            yield Finding(Kind.PHONE, match.start(), match.start() + end, "national, with 0")
    for match in _in(zones, _AMERICAN, text):
        before = text[max(0, match.start() - 30) : match.start()]
        sure = "(" in match[1] or match[0] != match[1]  # no other figures are written so
        known = _is_possible if sure else _is_valid
        if not _SAYS_ORDER.search(before) and known(match[1], "US"):
            yield Finding(Kind.PHONE, *match.span(), "North American")
    for said in (_SAID, _SAID_AFTER):
        for match in _in(zones, said, text):
            yield Finding(Kind.PHONE, *match.span(1), "a word for telephones beside it")


def _valid_end(number: str, region: str | None) -> int:
    """Where a valid number ends that begins here: what follows it may be another figure."""
    if _is_valid(number, region):
        return len(number)
    for gap in reversed(list(re.finditer(r"[ ./()-]+", number))):
        if _is_valid(number[: gap.start()], region):
            return gap.start()
    return 0


@lru_cache(maxsize=4096)
def _is_valid(number: str, region: str | None) -> bool:
    parsed = _parse(number, region)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


def _is_possible(number: str, region: str | None) -> bool:
    parsed = _parse(number, region)
    return parsed is not None and phonenumbers.is_possible_number(parsed)


def _parse(number: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    if number.startswith("00"):
        number = "+" + number.lstrip("0 .-")
    if sum(map(str.isdigit, number)) < 7:
        return None
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
