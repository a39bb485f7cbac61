"""Units of measure: two quantities are the same only when they convert exactly."""

from __future__ import annotations

from fractions import Fraction

_DIMENSIONS: dict[str, dict[str, str]] = {
    "second": {
        "1": "s sec secs second seconds seconde secondes",
        "60": "min mins minute minutes",
        "3600": "h hr hrs hour hours heure heures",
        "86400": "day days jour jours journee journees",
        "604800": "week weeks semaine semaines",
        "1/1000": "ms milliseconde millisecondes millisecond milliseconds",
    },
    "month": {
        "1": "month months mois",
        "3": "trimestre trimestres quarter quarters",
        "12": "year years yr yrs an ans annee annees",
        "6": "semestre semestres",
        "120": "decade decades decennie decennies",
        "1200": "century centuries siecle siecles",
    },
    "metre": {
        "1": "m metre metres meter meters",
        "1000": "km kilometre kilometres kilometer kilometers",
        "1/100": "cm centimetre centimetres centimeter centimeters",
        "1/1000": "mm millimetre millimetres millimeter millimeters",
    },
    "mile": {"1": "mile miles mi"},
    "foot": {"1": "ft foot feet pied pieds"},
    "inch": {"1": "inch inches pouce pouces"},
    "square metre": {"1": "m2 m²", "10000": "ha hectare hectares", "1000000": "km2 km²"},
    "litre": {
        "1": "l litre litres liter liters",
        "1000": "m3 m³",
        "1/100": "cl",
        "1/1000": "ml",
    },
    "gram": {
        "1": "g gram grams gramme grammes",
        "1000": "kg kilo kilos kilogram kilograms kilogramme kilogrammes",
        "1/1000": "mg milligram milligrams milligramme milligrammes",
        "1000000": "tonne tonnes",
    },
    "pound": {"1": "lb lbs"},
    "euro": {"1": "€ eur euro euros", "1000": "k€ keur", "1000000": "m€ meur"},
    "dollar": {"1": "$ usd dollar dollars", "1000": "k$", "1000000": "m$"},
    "sterling": {"1": "£ gbp pound pounds livre livres"},
    "franc": {"1": "chf franc francs"},
    "percent": {"1": "% percent pourcent"},
    "point": {"1": "point points"},
    "celsius": {"1": "°c celsius"},
    "fahrenheit": {"1": "°f fahrenheit"},
    "degree": {"1": "° degree degrees degre degres"},
    "watt": {"1": "w watt watts", "1000": "kw kilowatt kilowatts", "1000000": "mw megawatts"},
    "watt-hour": {
        "1": "wh",
        "1000": "kwh kilowattheure kilowattheures kilowatt-hour kilowatt-hours",
        "1000000": "mwh",
    },
    "volt": {"1": "v volt volts", "1000": "kv"},
    "ampere": {"1": "amp amps ampere amperes"},
    "hertz": {"1": "hz hertz", "1000": "khz", "1000000000": "ghz"},
    "byte": {
        "1": "byte bytes octet octets",
        "1000": "kb ko",
        "1000000": "mb mo",
        "1000000000": "gb go",
        "1000000000000": "tb",
    },
    "bit": {"1": "bit bits"},
    "km/h": {"1": "km/h kmh"},
    "mph": {"1": "mph"},
}

UNITS: dict[str, tuple[str, Fraction]] = {
    name: (dimension, Fraction(factor))
    for dimension, factors in _DIMENSIONS.items()
    for factor, names in factors.items()
    for name in names.split()
}
"""Unit as written in bare letters -> (what it measures, factor to the base unit)."""

TIME_UNITS = frozenset(
    name for name, (dimension, _) in UNITS.items() if dimension in {"second", "month"}
)
SCALES: dict[str, int] = {
    "mille": 1000, "milliers": 1000, "thousand": 1000, "k": 1000,
    "million": 10**6, "millions": 10**6, "milliard": 10**9, "milliards": 10**9,
    "billion": 10**9, "billions": 10**9,
}  # fmt: skip
