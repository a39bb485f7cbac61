"""Words beside each other as pieces, pieces at one height as baselines, gaps between columns."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingestion.parsers.pdf_characters import Box, Word

WORD_GAP = 0.6
"""In font sizes: a wider gap between two words may part two cells."""
LEAST_GUTTER = 0.4


@dataclass(slots=True)
class Piece:
    """Words beside each other in one cell, or in several where a cell spans columns."""

    words: list[Word]
    x0: float = field(init=False)
    y0: float = field(init=False)
    x1: float = field(init=False)
    y1: float = field(init=False)
    middle: float = field(init=False)
    size: float = field(init=False)

    def __post_init__(self) -> None:
        self.x0 = min(word.x0 for word in self.words)
        self.y0 = min(word.y0 for word in self.words)
        self.x1 = max(word.x1 for word in self.words)
        self.y1 = max(word.y1 for word in self.words)
        self.size = max(word.size for word in self.words)
        # Without exponents and indices, which stand higher and lower.
        main = [word for word in self.words if word.size > 0.85 * self.size]
        self.middle = statistics.median((word.y0 + word.y1) / 2 for word in main)

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


Baseline = list[Piece]
"""Pieces at one height, from left to right."""


def split_pieces(words: Sequence[Word], gap: float = WORD_GAP) -> list[Piece]:
    """Words in reading order of one line, parted at wide gaps."""
    pieces: list[list[Word]] = []
    for word in words:
        last = pieces[-1][-1] if pieces else None
        if last is not None and word.x0 - last.x1 <= gap * max(word.size, last.size):
            pieces[-1].append(word)
        else:
            pieces.append([word])
    return [Piece(piece) for piece in pieces]


def find_baselines(pieces: Sequence[Piece]) -> list[Baseline]:
    """Pieces grouped by height, top down."""
    baselines: list[Baseline] = []
    for piece in sorted(pieces, key=lambda piece: piece.middle):
        last = baselines[-1] if baselines else None
        # In order of height, so that the middle one stands at the median.
        if last and piece.middle - last[len(last) // 2].middle < 0.35 * min(
            piece.size, last[0].size
        ):
            last.append(piece)
        else:
            baselines.append([piece])
    return [sorted(baseline, key=lambda piece: piece.x0) for baseline in baselines]


def box_around(pieces: Iterable[Piece]) -> Box:
    """(x0, y0, x1, y1) of one piece or more."""
    found = list(pieces)
    return (
        min(piece.x0 for piece in found),
        min(piece.y0 for piece in found),
        max(piece.x1 for piece in found),
        max(piece.y1 for piece in found),
    )


def find_gutters(baselines: Sequence[Baseline]) -> list[float]:
    """Middles of the white gaps down through all baselines; a few of many may cross a gap."""
    several = [baseline for baseline in baselines if len(baseline) > 1] or list(baselines)
    if not several:
        return []
    allowed = min(2, len(several) // 5)
    size = statistics.median(piece.size for baseline in several for piece in baseline)
    steps: list[tuple[float, int]] = []
    for baseline in several:
        for piece in baseline:
            steps += [(piece.x0, 1), (piece.x1, -1)]
    steps.sort()
    gutters = []
    covered = 0
    opened: float | None = None
    for x, step in steps:
        covered += step
        if covered <= allowed and opened is None:
            opened = x
        elif covered > allowed and opened is not None:
            if x - opened > LEAST_GUTTER * size and opened > steps[0][0]:
                gutters.append((opened + x) / 2)
            opened = None
    return gutters
