"""What a section is there for, by its heading, in French and English."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.summarizing.types import Role
from assistant.types import REFERENCE_LIST
from assistant.words import fold

_NAMES: tuple[tuple[Role, str], ...] = (
    (
        Role.BACK,
        r"reference|bibliograph|acknowledg|remerciement|funding|financement|conflict|conflit"
        r"|author contribution|appendi|annexe|supplement|glossa|index|table of contents|sommaire"
        r"|table des matieres|data availability|about the author|copyright|licen[cs]e",
    ),
    (Role.ABSTRACT, r"abstract|resume\b|summary|synthese|en bref|tl;?dr|highlights"),
    (Role.LIMITATIONS, r"limit(?:ation|e)s?\b|threats? to validity|caveat|reserves\b"),
    (Role.CONCLUSION, r"conclu|future work|perspectives|closing|outlook|bilan"),
    (
        Role.RELATED,
        r"related|previous work|prior work|background|literature|etat de l'art|contexte"
        r"|travaux (?:connexes|anterieurs)|preliminar|history|historique",
    ),
    (Role.INTRODUCTION, r"introduction|motivation|overview|preface|avant-propos|objecti|purpose"),
    (
        Role.DATA,
        r"\bdata\b|dataset|corpus|corpora|donnees|sample|echantillon|participants|materiel\b"
        r"|materials?\b(?! and)",
    ),
    (
        Role.RESULTS,
        r"result|experiment|evaluation|finding|performance|benchmark|analys[ei]|constat|empirical"
        r"|case stud|etude de cas|validation",
    ),
    (Role.DISCUSSION, r"discussion|implication|interpretation"),
    (
        Role.METHOD,
        r"method|approach|approche|model|modele|algorithm|architecture|system|implementation"
        r"|design|conception|proposed|framework|procedure|technique|demarche|theory",
    ),
)
_PATTERNS = tuple((role, re.compile(rf"\b(?:{names})")) for role, names in _NAMES)


def role_of(heading: Sequence[str]) -> Role:
    """By the innermost heading that tells, then by those around it."""
    if REFERENCE_LIST in heading:
        return Role.BACK
    for name in reversed(heading):
        plain = fold(name)
        for role, pattern in _PATTERNS:
            if pattern.search(plain):
                return role
    return Role.OTHER
