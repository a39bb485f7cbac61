"""Which sentences tell a paper's problem, method, data, results, limitations, conclusion."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from assistant.summarizing.reading import Unit
from assistant.summarizing.salience import Matrix, Vector, choose
from assistant.summarizing.types import Field, Role
from assistant.words import fold

MOST = {Field.RESULTS: 3, Field.METHOD: 2, Field.DATA: 2}
"""Statements of a field; 1 of others."""

_ROLES = {
    Field.PROBLEM: {Role.ABSTRACT: 0.5, Role.INTRODUCTION: 1.0},
    Field.METHOD: {Role.METHOD: 1.0, Role.ABSTRACT: 0.4, Role.INTRODUCTION: 0.3},
    Field.DATA: {Role.DATA: 1.2, Role.RESULTS: 0.5, Role.METHOD: 0.3},
    Field.RESULTS: {Role.RESULTS: 1.0, Role.ABSTRACT: 0.5, Role.CONCLUSION: 0.4},
    Field.LIMITATIONS: {Role.LIMITATIONS: 1.5, Role.DISCUSSION: 0.4, Role.CONCLUSION: 0.4},
    Field.CONCLUSION: {Role.CONCLUSION: 1.2, Role.DISCUSSION: 0.4, Role.ABSTRACT: 0.2},
}
_CUES = {
    Field.PROBLEM: re.compile(
        r"\b(?:problem|challeng\w+|difficult\w*|lack of|no existing|has not been|remains? (?:an? )?"
        r"(?:open|unclear|difficult)|need(?:s|ed)? (?:for|to)|bottleneck|question|costly|gap|"
        r"goal|aims?|objective|purpose|probleme|difficulte\w*|enjeu\w*|defis?|manque|besoin|"
        r"objectif|but de|vise a|il n'existe pas)\b"
    ),
    Field.METHOD: re.compile(
        r"\b(?:we (?:propose|present|introduce|develop|use|describe|design|implement|train)|"
        r"our (?:method|approach|algorithm|model|system|technique)|is based on|method\w*|"
        r"approach|algorithm|nous (?:proposons|presentons|utilisons|developpons|decrivons)|"
        r"notre (?:methode|approche|modele|algorithme)|repose sur|fonde[es]? sur|demarche)\b"
    ),
    Field.DATA: re.compile(
        r"\b(?:data ?sets?|corpus|corpora|samples?|participants?|respondents?|training data|"
        r"(?:\d[\d,. ]*|thousands? of|millions? of) (?:images|sentences|documents|papers|patients|"
        r"programs|records|examples|observations|articles|users)|benchmark suite|donnees|"
        r"jeux? de donnees|echantillons?|repondants?|enquete)\b"
    ),
    Field.RESULTS: re.compile(
        r"\b(?:results?|we (?:find|found|show|observe|achieve|obtain)|outperform\w*|improve\w*|"
        r"accuracy|speed-?ups?|faster|higher|lower|increase[sd]?|reduc\w+|significant\w*|"
        r"resultats?|nous (?:constatons|obtenons|montrons)|ameliore\w*|precision|plus rapide|"
        r"augment\w+|redui\w+|significati\w+)\b"
    ),
    Field.LIMITATIONS: re.compile(
        r"\b(?:limitations?|limited (?:to|by)|drawbacks?|shortcoming\w*|does not (?:support|handle|"
        r"cover|apply)|cannot|fails? to|threats? to validity|caveat\w*|future (?:work|research)|"
        r"however|only (?:considers?|supports?)|limites?|inconvenient\w*|ne (?:permet|couvre|gere|"
        r"s'applique) pas|travaux futurs|reserves?)\b"
    ),
    Field.CONCLUSION: re.compile(
        r"\b(?:we (?:conclude|have (?:presented|shown|introduced|proposed|described))|conclusion|"
        r"in summary|overall|this (?:paper|work|study) (?:has|presented|showed|introduced)|"
        r"nous (?:concluons|avons (?:montre|presente|propose))|en conclusion|en resume|au total)\b"
    ),
}
_NUMBER = re.compile(r"\d")
LEAST = {Field.LIMITATIONS: 1.3, Field.DATA: 1.0}
"""What role and words of a sentence must give it, so that it tells the field; 0.8 of others."""


def choose_fields(units: Sequence[Unit], scores: Vector, vectors: Matrix) -> dict[Field, list[int]]:
    """Field -> indexes of the sentences that tell it, best first; empty where none does."""
    plain = [fold(unit.text) for unit in units]
    taken: set[int] = set()
    found: dict[Field, list[int]] = {}
    # What few sentences tell is chosen first.
    for field in (
        Field.LIMITATIONS,
        Field.DATA,
        Field.CONCLUSION,
        Field.RESULTS,
        Field.METHOD,
        Field.PROBLEM,
    ):
        fit = np.array([_fit(field, unit, text) for unit, text in zip(units, plain, strict=True)])
        telling = {index for index in range(len(units)) if fit[index] >= LEAST.get(field, 0.8)}
        most = MOST.get(field, 1)
        chosen = choose(
            units,
            0.5 * scores + fit,
            vectors,
            is_full=lambda so_far, most=most: len(so_far) >= most,  # type: ignore[misc]
            spread=0.0,
            taken=taken | (set(range(len(units))) - telling),
        )
        taken.update(chosen)
        found[field] = chosen
    return {field: found[field] for field in Field}


def _fit(field: Field, unit: Unit, plain: str) -> float:
    fit = _ROLES[field].get(unit.role, 0.0) + (0.8 if _CUES[field].search(plain) else 0.0)
    if field in (Field.RESULTS, Field.DATA) and _NUMBER.search(plain):
        fit += 0.4
    if field is Field.PROBLEM:
        fit += 0.3 * (1.0 - unit.position)
    return fit
