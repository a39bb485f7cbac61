"""How much a sentence says of its document, and a choice among sentences without repeats.

A weighted sum of features. Halving, doubling or leaving out any weight changes little
(docs/quality.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.summarizing.reading import Unit
from assistant.summarizing.types import Role
from assistant.words import fold

Vector = NDArray[np.float64]
Matrix = NDArray[np.float32]

ROLE_WEIGHTS = {
    Role.ABSTRACT: 1.0,
    Role.CONCLUSION: 0.85,
    Role.INTRODUCTION: 0.7,
    Role.RESULTS: 0.55,
    Role.DISCUSSION: 0.55,
    Role.LIMITATIONS: 0.5,
    Role.METHOD: 0.4,
    Role.DATA: 0.4,
    Role.OTHER: 0.4,
    Role.RELATED: 0.15,
    Role.BACK: 0.0,
}
WEIGHTS = {
    "centrality": 1.0,
    "title": 0.6,
    "cue": 0.9,
    "role": 1.0,
    "edge": 0.5,
    "length": 0.3,
    "number": 0.2,
    "dangling": -0.9,
    "cites": -0.35,
}
REDUNDANCY = 0.6
"""Weight of the likeness to what is chosen already."""

CUE = re.compile(
    r"\b(?:we (?:propose|present|introduce|develop|describe|show|demonstrate|find|found|argue|"
    r"prove|report|conclude|study|investigate|address|observe|evaluate|design)"
    r"|(?:this|our|the present) (?:paper|work|article|study|report|thesis|survey|approach|method|"
    r"model|package|system|results?|findings?|contribution|goal|aim)s?"
    r"|in this (?:paper|work|article|study|report)|in summary|in conclusion|to conclude"
    r"|results? (?:show|indicate|suggest|demonstrate|reveal)|experiments? (?:show|demonstrate)"
    r"|outperform\w*|state[- ]of[- ]the[- ]art|main (?:contribution|result|finding|goal|reason)s?"
    r"|significant(?:ly)?|we are the first|key (?:idea|insight|finding)s?"
    r"|nous (?:proposons|presentons|introduisons|montrons|demontrons|decrivons|etudions|"
    r"constatons|concluons|avons (?:montre|trouve|developpe|etudie))"
    r"|(?:cet article|cette etude|ce rapport|ce travail|cette these|notre (?:approche|methode|"
    r"modele|objectif|travail))|dans cet article|en (?:resume|conclusion|somme)"
    r"|les resultats (?:montrent|indiquent|suggerent)|l'objectif|principal(?:e|aux|es)? "
    r"(?:resultat|contribution|apport)s?|de facon significative|significativement)\b"
)
DANGLING = re.compile(
    r"^(?:this|these|those|that|it|its|they|their|he|she|such|however|moreover|furthermore|also|"
    r"thus|therefore|hence|then|here|there|but|and|so|for example|for instance|in addition|"
    r"additionally|finally|lastly|similarly|likewise|consequently|as a result|instead|"
    r"otherwise|on the other hand|cela|ceci|ce|cette|ces|cet|il|ils|elle|elles|leur|leurs|"
    r"toutefois|cependant|en effet|ainsi|donc|par exemple|de plus|en outre|neanmoins|mais|or|"
    r"enfin|par ailleurs)\b"
    r"(?! (?:paper|work|article|study|report|thesis|survey|etude|rapport|travail|these)\b)"
)
_CITATION = re.compile(r"\[\d+(?:[,–-]\s?\d+)*\]|\([^()]*\b(?:19|20)\d\d[a-z]?\)|\bet al\b")
_FIGURE = re.compile(r"\b(?:fig(?:ure|\.)|tab(?:le|leau|\.)|section|eq(?:uation|\.))\s*\(?\d", re.I)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?\s?(?:%|percent|pour cent|times|fois|x\b)|\b\d+[.,]\d+\b")


def score_units(units: Sequence[Unit], vectors: Matrix, title: Matrix) -> Vector:
    """How much each sentence says of the whole: (N,).

    Args:
        vectors: (N, D), L2-normalised; `title` (D,).
    """
    if not units:
        return np.zeros(0)
    weights = np.array([0.2 + ROLE_WEIGHTS[unit.role] for unit in units])  # (N,)
    centre = (vectors * weights[:, None]).sum(axis=0)
    centre /= np.linalg.norm(centre) or 1.0
    features = {
        "centrality": _standard(vectors @ centre),
        "title": _standard(vectors @ title),
        "role": np.array([ROLE_WEIGHTS[unit.role] for unit in units]),
        "edge": np.array([_edge(unit) for unit in units]),
        "length": np.array([_length(unit.text) for unit in units]),
    }
    plain = [fold(unit.text) for unit in units]
    features["cue"] = np.array([float(CUE.search(text) is not None) for text in plain])
    features["dangling"] = np.array([float(DANGLING.match(text) is not None) for text in plain])
    features["number"] = np.array([float(_NUMBER.search(unit.text) is not None) for unit in units])
    features["cites"] = np.array(
        [
            min(1.0, 0.5 * len(_CITATION.findall(unit.text)) + len(_FIGURE.findall(unit.text)))
            for unit in units
        ]
    )
    total: Vector = sum(
        (WEIGHTS[name] * values for name, values in features.items()), np.zeros(len(units))
    )
    return total


def choose(
    units: Sequence[Unit],
    scores: Vector,
    vectors: Matrix,
    *,
    is_full: Callable[[list[int]], bool],
    spread: float = 0.4,
    taken: Collection[int] = (),
) -> list[int]:
    """Indexes of the best sentences, in the order of choice: maximal marginal relevance
    (Carbonell and Goldstein, SIGIR 1998), with a gain for sections that have none yet.

    Args:
        is_full: asked after each choice.
        taken: indexes that may not be chosen.
    """
    chosen: list[int] = []
    left = set(range(len(units))) - set(taken)
    likeness = np.zeros(len(units))
    sections: set[int] = set()
    while left and not is_full(chosen):
        gains = {
            index: scores[index]
            - REDUNDANCY * max(0.0, (likeness[index] - 0.8) * 10)
            + (spread if units[index].section not in sections else 0.0)
            for index in left
        }
        best = min(left, key=lambda index: (-gains[index], index))
        chosen.append(best)
        left.discard(best)
        sections.add(units[best].section)
        likeness = np.maximum(likeness, vectors @ vectors[best])
    return chosen


def _standard(values: NDArray[np.floating]) -> Vector:
    spread = float(values.std())
    if spread < 1e-9:
        return np.zeros(len(values))
    standard: Vector = np.clip((values - values.mean()) / (2 * spread), -1.5, 1.5)
    return standard


def _edge(unit: Unit) -> float:
    """The first and the last sentences of a section say most."""
    return max(0.0, 1.0 - 4.0 * unit.position, 1.0 - 6.0 * (1.0 - unit.position))


def _length(text: str) -> float:
    """1 from 14 to 40 words, less beyond."""
    words = len(text.split())
    return max(-1.0, 1.0 - max(0, 14 - words) / 8 - max(0, words - 40) / 20)
