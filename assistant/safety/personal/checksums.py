"""Check digits. Each function takes digits (and capital letters) without separators."""

from __future__ import annotations

import re

_D = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}
_BBAN = """
AD 8n12c|AE 19n|AL 8n16c|AT 16n|AZ 4a20c|BA 16n|BE 12n|BG 4a6n8c|BH 4a14c|BI 23n|BR 23n1a1c
BY 4c4n16c|CH 5n12c|CR 18n|CY 8n16c|CZ 20n|DE 18n|DJ 23n|DK 14n|DO 4c20n|EE 16n|EG 25n|ES 20n
FI 14n|FK 2a12n|FO 14n|FR 10n11c2n|GB 4a14n|GE 2a16n|GI 4a15c|GL 14n|GR 7n16c|GT 24c|HR 17n
HU 24n|IE 4a14n|IL 19n|IQ 4a15n|IS 22n|IT 1a10n12c|JO 4a4n18c|KW 4a22c|KZ 3n13c|LB 4n20c
LC 4a24c|LI 5n12c|LT 16n|LU 3n13c|LV 4a13c|LY 21n|MC 10n11c2n|MD 20c|ME 18n|MK 3n10c2n|MN 16n
MR 23n|MT 4a5n18c|MU 4a19n3a|NI 4a20n|NL 4a10n|NO 11n|OM 3n16c|PK 4a16c|PL 24n|PS 4a21c|PT 21n
QA 4a21c|RO 4a16c|RS 18n|RU 14n15c|SA 2n18c|SC 4a20n3a|SD 14n|SE 20n|SI 15n|SK 20n|SM 1a10n12c
SO 19n|ST 21n|SV 4a20n|TL 19n|TN 20n|TR 6n16c|UA 6n19c|VA 18n|VG 4a16n|XK 16n|YE 4a4n18c
"""
"""Country -> what follows the two check digits (ISO 13616: n digits, a letters, c either)."""


def _structures() -> dict[str, tuple[int, re.Pattern[str]]]:
    found: dict[str, tuple[int, re.Pattern[str]]] = {}
    for entry in re.split(r"[|\n]", _BBAN.strip()):
        country, form = entry.split()
        parts = re.findall(r"(\d+)([nac])", form)
        pattern = "".join(f"{_D[what]}{{{count}}}" for count, what in parts)
        found[country] = 4 + sum(int(count) for count, _ in parts), re.compile(pattern)
    return found


_IBAN = _structures()


def iban_length(country: str) -> int | None:
    """How many characters an IBAN of that country has; None: it has none."""
    known = _IBAN.get(country)
    return known[0] if known else None


def is_iban(number: str) -> bool:
    """The form of its country and ISO 7064 MOD 97-10."""
    known = _IBAN.get(number[:2])
    if known is None or len(number) != known[0] or not known[1].fullmatch(number[4:]):
        return False
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


def is_luhn(digits: str) -> bool:
    """The formula of cards, SIREN and SIRET (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, sign in enumerate(reversed(digits)):
        value = int(sign) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and digits.strip("0") != ""


_CARDS = re.compile(
    r"4\d{15}"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d|62\d\d|60\d\d|81\d\d)\d{12}"  # Discover, UnionPay, RuPay
    r"|(?:352[89]|35[3-8]\d)\d{12}|(?:2131|1800)\d{11}"  # JCB
    r"|220[0-4]\d{12}"  # Mir
    r"|(?:5[0678]|6\d)\d{14}"  # Maestro
)
_RARE_CARDS = re.compile(r"4\d{12}(?:\d{6})?|(?:5[0678]|6\d|81|35|220[0-4]\d\d)\d{10,17}")
"""Lengths at which every tenth order number would pass."""


def is_card(digits: str, *, named: bool) -> bool:
    """A known network's prefix and length, and Luhn.

    Args:
        named: the text speaks of a card; if not, the rare lengths are none.
    """
    known = _CARDS.fullmatch(digits) or (named and _RARE_CARDS.fullmatch(digits))
    return bool(known) and is_luhn(digits) and len(set(digits)) > 1


def is_nir(number: str) -> bool:
    """15 characters: the number of a person in France with its key, modulo 97. Corsica's
    departments 2A and 2B count as 19 and 18."""
    body, key = number[:13], number[13:]
    if not 1 <= int(key) <= 97:
        return False
    department = body[5:7].upper()
    digits = body[:5] + {"2A": "19", "2B": "18"}.get(department, department) + body[7:]
    month = int(body[3:5])
    return (month <= 12 or month >= 20) and month > 0 and int(key) == 97 - int(digits) % 97


def is_siren(digits: str) -> bool:
    return len(digits) == 9 and is_luhn(digits)


LA_POSTE = "356000000"


def is_siret(digits: str) -> bool:
    """Luhn over all 14 digits; La Poste's thousands of offices have a sum divisible by 5."""
    if len(digits) != 14:
        return False
    if digits.startswith(LA_POSTE) and sum(map(int, digits)) % 5 == 0:
        return True
    return is_luhn(digits)


_KEY_SIGNS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def is_french_vat(number: str) -> bool:
    """FR, a key of two signs, and a SIREN. The key is modulo 97, or, where it holds a letter,
    modulo 11."""
    key, siren = number[2:4], number[4:]
    if not siren.startswith("000") and not is_siren(siren):  # Monaco's have no SIREN
        return False
    if key.isdigit():
        return int(key) == (12 + 3 * (int(siren) % 97)) % 97
    first, second = (_KEY_SIGNS.find(sign) for sign in key)
    if first < 0 or second < 0:
        return False
    check = first * 24 + second - 10 if first < 10 else first * 34 + second - 100
    return (int(siren) + 1 + check // 11) % 11 == check % 11
