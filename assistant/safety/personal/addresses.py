"""Postal addresses of France, of English-speaking and of other European countries, by rules.

Of an address in one of the usual forms all is found from the number to the town; one without
number and without post code is missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.safety.finding import Finding, Kind

_UP = "A-ZÀ-ÖØ-ÞŒ"
_TOWN = (
    rf"[{_UP}](?:[^\W\d_]|['-]){{1,30}}"
    rf"(?:[ -](?:(?:sur|sous|en|lès|lez|les|le|la|de|du|des|d'|l'|aux|et|of|on|upon)"
    rf"[ -])?[{_UP}](?:[^\W\d_]|['-]){{1,30}}){{0,3}}(?: (?:CEDEX|Cedex)(?: \d{{1,2}})?)?"
)
_POSTCODE = r"(?:F-|L-|B-)?(?:0[1-9]|[1-8]\d|9[0-8])\d{3}"
_FRENCH_TOWN = rf"(?:,? ?[-–(]? ?|,?\s?\n){_POSTCODE},? {_TOWN}\)?"
_FRENCH_WAY = (
    r"(?:rue|avenue|av\.|boulevard|bd\.?|bld|bvd|place|pl\.|chemin|ch\.|allées?|impasse|imp\.|route|rte"
    r"|quai|cours|square|passage|sentier|faubourg|fbg|résidence|hameau|villa|voie|rond-point"
    r"|esplanade|promenade|montée|côte|traverse|ruelle|lotissement|lieu-dit|cité|parvis|mail|venelle)"
)
_FRENCH = re.compile(
    rf"\d{{1,4}}(?: ?(?:bis|ter|quater|[A-D]))?,? (?i:{_FRENCH_WAY}) "
    rf"(?=[{_UP}\d]|(?:d[eu]s?|la|les?|aux?) |[dl]')(?!J\.)"
    rf"[\w'][\w' .-]{{1,50}}?(?:{_FRENCH_TOWN}|(?=[,;:.\n()\"»]|$| [-–]| (?:à|dans|et|est) ))"
)
_CODE_AND_TOWN = re.compile(rf"\d{{5}} {_TOWN}(?!\w)")
_YEAR = re.compile(r"(?:1[2-9]|20)\d\d ")
_CODE = re.compile(r"(?:0[1-9]|[1-8]\d|9[0-8])\d{3} ")
_BEFORE_CODE = re.compile(
    r"(?:(?:[\n,(]|, ?|[,(-] |\bà |\bat |\b(?:BP|CS|TSA) ?\d{2,6},? ?[-–]? ?)(?:F-|L-|B-)?)\Z"
)
_WAY_BEFORE_CODE = re.compile(
    rf"(?<![\w-])(?i:(?:{_FRENCH_WAY})|BP|CS|TSA) ?[\w'][\w' .,-]{{1,50}}"
    rf",? ?[-–(]? ?\n?(?:F-|L-|B-)?\Z"
)
_BOX = re.compile(r"P\.? ?O\.? Box \d{1,6}(?!\w)")
_ENGLISH_WAY = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Square|Sq"
    r"|Terrace|Way|Close|Crescent|Highway|Hwy|Parkway|Pkwy|Row|Gardens|Mews|Walk|Grove|Circle"
    r"|Trail|Alley|Embankment|Loop|Plaza)"
)
_UK_CODE = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_US_CODE = r"[A-Z]{2} \d{5}(?:-\d{4})?"
_ENGLISH = re.compile(
    rf"\d{{1,5}}[A-Z]?,? (?:[NSEW]\.? )?"
    rf"(?:[{_UP}][\w'.-]{{0,24}} |\d{{1,3}}(?:st|nd|rd|th) ){{1,4}}"
    rf"{_ENGLISH_WAY}(?![\w])\.?"
    rf"(?:,?\s(?:Apt|Apartment|Suite|Unit|Flat|Floor)\.? ?#?\w{{1,6}})?"
    rf"(?:(?:,\s?|\s|\n){{1,2}}{_TOWN}(?!\w)){{0,2}}"
    rf"(?:,?\s(?:{_UK_CODE}|{_US_CODE}|\d{{5}}))?"
)
_NAMED = rf"(?:[\w'.-]{{1,25}} ){{0,3}}[{_UP}][\w'.-]{{1,30}}"
_HOUSE = (
    r"\d{1,4}(?: ?[a-zA-Z](?![\w']))?(?:[/-]\d{1,4}[a-z]?)?(?![\w%€$£°,.]{0,12}\d)"
    r"(?! ?[%€$£°])(?!\w)"
)
_STREET_ABROAD = (
    # German, Dutch, Swedish: nothing else ends like these.
    rf"[{_UP}][\w-]{{2,30}}(?: ?[Ss]tra(?:ß|ss)e|str\.|straat|gracht|gatan|vägen)"
)
_WAY_ABROAD = (
    # The kind of street is the end of its name, or a word behind it.
    rf"[{_UP}][\w-]{{2,30}}(?: ?(?:[Ww]eg|[Pp]latz|[Aa]llee|[Gg]asse)|damm|ufer|laan|plein|kade"
    r"|dijk|singel|gade|vej|veien|gata|katu|tie|kuja|polku| (?:utca|u\.|út|útja|tér|körút))",
    # It is a word before it.
    r"(?:Via|Viale|Piazza|Piazzale|Corso|Vicolo|Calle|C/|Avenida|Avda\.|Av\.|Paseo|Plaza|Carretera"
    r"|Carrer|Rua|Travessa|Praça|Estrada|Alameda|[Uu]l\.|[Uu]lica|[Aa]leja|[Aa]leje|[Oo]s\.|[Nn]ám\."
    rf"|Strada|Str\.|Bd\.),? {_NAMED}",
)
_NUMBER_ABROAD = rf",? ?(?:n[º°o.]{{1,2}} ?)?{_HOUSE}"
_TOWN_ABROAD = (
    r"(?:,\s?|\s?[–-]\s|\s|\n){1,2}(?:[A-Z]{1,2}-)?\d{2,3} ?-?\d{2,3}(?: [A-Z]{2})?"
    rf" {_TOWN}(?!\w)"
)
_ABROAD = re.compile(
    rf"{_STREET_ABROAD}{_NUMBER_ABROAD}(?:{_TOWN_ABROAD})?"
    rf"|(?:{'|'.join(_WAY_ABROAD)}){_NUMBER_ABROAD}{_TOWN_ABROAD}"
)
_UNIT = (
    r"(?:(?:Apt|Apartment|Ste)\.? ?#?\d{1,4}[A-Z]?(?!\w)"
    # There are others: of music, of programs.
    rf"|(?:Suite|Unit|Flat) ?#?\d{{1,4}}[A-Z]?(?!\w)(?=(?:,\s?|\s|\n){{1,2}}{_TOWN}(?!\w)))"
)
_NAMED_WAY = (
    rf"(?:[{_UP}][\w'.-]{{0,24}}|\d{{1,4}}(?:st|nd|rd|th)?|de|del|da|do|dos|di|du|des|la|las|le|les"
    r"|of|the|van|von)"
)
_WITH_UNIT = re.compile(
    # Of any country: a number, a name, and the flat.
    rf"\d{{1,6}}[A-Z]?(?: {_NAMED_WAY}){{1,6}}(?:,? |,? ?\n ?){_UNIT}"
    rf"(?:(?:,\s?|\s|\n){{1,2}}{_TOWN}(?!\w))?"
    rf"(?:\s?, ?[A-Z]{{2,3}}(?!\w)|,? ?\n ?[A-Z]{{2}}(?!\w))?"
    rf"(?:,?\s{{1,2}}(?:{_TOWN} |[A-Z]{{2}} )?\d{{4,6}}(?:-\d{{4}})?(?!\w))?"
)
_FORCES = re.compile(
    # The United States' military post.
    r"(?:(?:PSC|CMR|Unit|UNIT) \d{1,5},? Box \d{1,5}|US[A-Z]{2} [A-Z][\w'-]{1,24})"
    r",?\s{1,2}(?:APO|FPO|DPO),? A[AEP] \d{5}(?:-\d{4})?(?!\w)"
)
_LATE_CODE = re.compile(rf"(?:{_UK_CODE}|{_US_CODE})(?!\w)")
_TOWN_BEFORE = re.compile(rf"(?<=[,\n] ){_TOWN},? \Z|(?<=\n){_TOWN},? \Z")
_UNIT_BEFORE = re.compile(r"(?:Flat|Apartment|Apt\.?|Suite|Unit) \w{1,6},? \Z")
LONGEST_WAY, LONGEST_TOWN, LONGEST_UNIT = 80, 60, 25


def find_addresses(text: str) -> Iterator[Finding]:
    """In a folded text; findings may overlap."""
    for pattern, rule in ((_FRENCH, "French"), (_ENGLISH, "English")):
        for match in pattern.finditer(text):
            if rule == "French" and _YEAR.match(match[0]) and not _CODE.search(match[0]):
                continue  # "en 1635 rue du Pont"
            start = match.start()
            before = text[start - 1 : start]
            if not before or not (before.isalnum() or before in "_/.,-"):
                unit = _UNIT_BEFORE.search(text, max(0, start - LONGEST_UNIT), start)
                start = start if unit is None else unit.start()
                yield Finding(Kind.ADDRESS, start, match.end(), f"number and {rule} street")
    for pattern, rule in (
        (_ABROAD, "street of another country and number"),
        (_WITH_UNIT, "number, street and flat"),
        (_FORCES, "military post"),
    ):
        for match in pattern.finditer(text):
            before = text[match.start() - 1 : match.start()]
            if not before or not (before.isalnum() or before in "_/.,-'"):
                yield Finding(Kind.ADDRESS, *match.span(), rule)
    for match in _CODE_AND_TOWN.finditer(text):
        start = match.start()
        if text[start - 1 : start].isdigit() or not _CODE.match(text, start):
            continue
        way = _WAY_BEFORE_CODE.search(text, max(0, start - LONGEST_WAY), start)
        if way is not None:
            yield Finding(Kind.ADDRESS, way.start(), match.end(), "French street, post code, town")
        elif start == 0 or _BEFORE_CODE.search(text, max(0, start - 20), start):
            yield Finding(Kind.ADDRESS, *match.span(), "post code and town")
    for match in _LATE_CODE.finditer(text):
        start = match.start()
        town = _TOWN_BEFORE.search(text, max(0, start - LONGEST_TOWN), start)
        if town is not None:
            yield Finding(Kind.ADDRESS, town.start(), match.end(), "town and post code")
    for match in _BOX.finditer(text):
        yield Finding(Kind.ADDRESS, *match.span(), "post office box")
