"""Numbers with check digits: IBAN, card, NIR, SIREN, SIRET, French VAT.

Patterns are anchored at a number's beginning and of bounded length, so that no text makes
them slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.safety.finding import Finding, Kind
from assistant.safety.personal.checksums import (
    iban_length,
    is_card,
    is_french_vat,
    is_iban,
    is_luhn,
    is_nir,
    is_siren,
    is_siret,
)
from assistant.safety.personal.zones import Zones
from assistant.safety.personal.zones import matches_in as _in

BEFORE, AFTER = 100, 30
"""Characters around a number in which a word may say what it is."""

_IBAN_START = re.compile(r"\d\d(?:(?<=[A-Za-z]{2}\d\d)|(?<=[A-Z]{2}[ -]\d\d))")
"""A pattern that begins with a digit is looked for ten times as fast as one that looks back."""
_GAP = " -.\n"
_NIR = re.compile(
    r"(?<![A-Za-z0-9])[1-478][ ./-]{0,2}\d{2}[ ./-]{0,2}\d{2}[ ./-]{0,2}(?:\d{2}|2[ABab])"
    r"[ ./-]{0,2}\d{3}[ ./-]{0,2}\d{3}(?:[ ./-]{0,2}|[ ]\(|[ ]/[ ]|[ ]cl[ée] ?:? ?)"
    r"\d{2}(?![A-Za-z0-9])"
)
_VAT = re.compile(
    r"(?<![A-Za-z0-9])FR[ .-]?[0-9A-HJ-NP-Z]{2}(?:[ .-]?\d{3}){3}(?![A-Za-z0-9])", re.IGNORECASE
)
_SIRET = re.compile(
    r"(?<![\w,])(?<!\d[ .-])\d{3}(?:([ .-]?)\d{3}\1\d{3}[ .-]?\d{5})(?![\w]|[.,]\d)"
)
_SIREN = re.compile(r"(?<![\w,])\d{3}([ .-]?)\d{3}\1\d{3}(?![\w]|[.,]\d)")
_COMPACT = re.compile(r"(?<![\w.,])\d{12,19}(?![\w]|[.,]\d)")
_GROUPED = re.compile(
    r"(?<![\w.,])(?<!\d[ .-])\d{4}(?:([ .-])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?"
    r"|([ .-])\d{6}\2\d{4,5})"
    r"(?![\w]|[.,]\d|[ -]\d{4})"
)
_SAYS_COMPANY = re.compile(
    r"sire[nt]|\br\.?c\.?s\b|registre du commerce|immatricul|kbis|\binsee\b|\btva\b|\bvat\b"
    r"|num[ée]ro d'entreprise|(?:company|business|trade) (?:number|register|registration|no\b)"
    r"|registered (?:under|number|with)|soci[ée]t[ée]\b|entreprise\b|[ée]tablissement",
    re.IGNORECASE,
)
_SAYS_CARD = re.compile(
    r"\bcartes?\b|\bcards?\b|\bcb\b|\bcc\b|visa|mastercard|maestro|amex|american express|diners"
    r"|paiement|payment|\bpaid\b|pay[ée]|cr[ée]dit|d[ée]bit|\bpan\b|\bcvv\b",
    re.IGNORECASE,
)
_KEY_WORD = re.compile(r"cl[ée]")
_SEPARATORS = re.compile(r"[^0-9A-Za-z]")


def find_identifiers(text: str, zones: Zones) -> Iterator[Finding]:
    """In a folded text; findings may overlap.

    Args:
        zones: see `digit_zones`.
    """
    yield from _ibans(text)
    for match in _in(zones, _NIR, text):
        bare = _KEY_WORD.sub("", match[0])
        if is_nir(_SEPARATORS.sub("", bare)) and not _is_rather_card(text, match):
            yield Finding(Kind.NIR, *match.span(), "NIR, key modulo 97", True)
    for match in _in(zones, _VAT, text):
        if is_french_vat(_SEPARATORS.sub("", match[0]).upper()):
            yield Finding(Kind.VAT, *match.span(), "FR, key, SIREN", True)
    yield from _companies(text, zones)
    for match in [*_in(zones, _COMPACT, text), *_in(zones, _GROUPED, text)]:
        if is_card(_digits(match), named=_near(_SAYS_CARD, text, match)):
            yield Finding(Kind.CARD, *match.span(), "network's prefix, Luhn", True)


def _is_rather_card(text: str, match: re.Match[str]) -> bool:
    digits = _digits(match)
    if not digits.isdigit() or not is_card(digits, named=True):
        return False
    return _near(_SAYS_CARD, text, match)


def _ibans(text: str) -> Iterator[Finding]:
    for match in _IBAN_START.finditer(text):
        start = match.start() - (2 if text[match.start() - 1].isalpha() else 3)
        country = text[start : start + 2].upper()
        length = iban_length(country)
        if length is None or (start and text[start - 1].isalnum()):
            continue
        signs = [*country, *match[0]]
        place, gap = match.end(), False
        while len(signs) < length and place < len(text):
            sign = text[place]
            if sign.isascii() and sign.isalnum():
                signs.append(sign.upper())
                gap = False
            elif sign in _GAP and not gap:
                gap = True
            else:
                break
            place += 1
        ends = place >= len(text) or not (text[place].isascii() and text[place].isalnum())
        if ends and is_iban("".join(signs)):
            yield Finding(Kind.IBAN, start, place, "form of its country, modulo 97", True)


def _companies(text: str, zones: Zones) -> Iterator[Finding]:
    """Every tenth number of nine digits passes Luhn: a SIREN is one where a word says so. A
    SIRET has two such sums in it, and needs none."""
    for match in _in(zones, _SIRET, text):
        digits = _digits(match)
        named = _near(_SAYS_COMPANY, text, match)
        card = not named and _near(_SAYS_CARD, text, match)
        if is_siret(digits) and not card and (named or is_luhn(digits[:9])):
            yield Finding(Kind.SIRET, *match.span(), "SIRET, Luhn", True)
    for match in _in(zones, _SIREN, text):
        if is_siren(_digits(match)) and _near(_SAYS_COMPANY, text, match):
            yield Finding(Kind.SIREN, *match.span(), "a word for companies nearby, Luhn", True)


def _digits(match: re.Match[str]) -> str:
    return _SEPARATORS.sub("", match[0])


def _near(words: re.Pattern[str], text: str, match: re.Match[str]) -> bool:
    around = text[max(0, match.start() - BEFORE) : match.start()]
    return bool(words.search(around) or words.search(text, match.end(), match.end() + AFTER))
