"""A piece of personal data, or a secret, in a text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is looked for. The value stands in settings, records and pseudonyms."""

    PERSON = "person"
    ADDRESS = "address"
    EMAIL = "e-mail"
    PHONE = "phone"
    IBAN = "iban"
    CARD = "card"
    IP = "ip"
    NIR = "nir"
    SIREN = "siren"
    SIRET = "siret"
    VAT = "vat"
    SECRET = "secret"  # noqa: S105 - a kind


WITH_CHECKSUM = frozenset({Kind.IBAN, Kind.CARD, Kind.NIR, Kind.SIREN, Kind.SIRET, Kind.VAT})


@dataclass(frozen=True, slots=True)
class Finding:
    """Characters `start` to `end` (half-open) of the text that was scanned.

    `rule` says in a few words by what it was found. `checksum`: its check digits are right.
    """

    kind: Kind
    start: int
    end: int
    rule: str
    checksum: bool = False


def without_overlaps(findings: list[Finding]) -> list[Finding]:
    """In order of place. Of two that overlap the one whose checksum holds stays, else the
    longer one."""
    ranked = sorted(findings, key=lambda one: (not one.checksum, one.start - one.end, one.start))
    kept: dict[int, Finding] = {}
    taken: set[int] = set()
    for one in ranked:
        places = range(one.start, one.end)
        if taken.isdisjoint(places):
            taken.update(places)
            kept[one.start] = one
    return [kept[start] for start in sorted(kept)]
