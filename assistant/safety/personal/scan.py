"""All recognisers over one text."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from assistant.safety.finding import Finding, Kind, without_overlaps
from assistant.safety.personal.addresses import find_addresses
from assistant.safety.personal.contacts import find_contacts
from assistant.safety.personal.folding import fold_alike
from assistant.safety.personal.identifiers import find_identifiers
from assistant.safety.personal.names import find_names
from assistant.safety.personal.zones import digit_zones

PERSONAL = frozenset(Kind) - {Kind.SECRET}


def find_personal(text: str, *, kinds: Collection[Kind] = PERSONAL) -> list[Finding]:
    """Personal data of these kinds, in order of place and without overlaps.

    The time grows with the length of the text only, whatever stands in it.
    """
    folded = fold_alike(text)
    zones = digit_zones(folded.text)
    found = [*find_identifiers(folded.text, zones), *find_contacts(folded.text, zones)]
    if Kind.PERSON in kinds:
        found += find_names(folded.text)
    if Kind.ADDRESS in kinds:
        found += find_addresses(folded.text)
    # All are found before some are left out: a SIRET is no telephone number, wanted or not.
    kept = [one for one in without_overlaps(found) if one.kind in kinds]
    if folded.places is None:
        return kept
    spans = [folded.original(one.start, one.end) for one in kept]
    return [replace(one, start=a, end=b) for one, (a, b) in zip(kept, spans, strict=True)]
