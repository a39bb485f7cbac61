"""Does a probability mean what it says? Brier score, calibration error and a plot."""

from __future__ import annotations

import numpy as np

BINS = 10
SIDE = 300
MARGIN = 50


def brier(chances: np.ndarray, truths: np.ndarray) -> float:
    """Mean squared difference of (N,) probabilities from (N,) truths."""
    return float(((chances - truths) ** 2).mean())


def calibration_error(chances: np.ndarray, truths: np.ndarray) -> float:
    """Expected calibration error over bins of equal width (Naeini et al., AAAI 2015)."""
    return sum(
        count / len(chances) * abs(said - true) for said, true, count in _bins(chances, truths)
    )


def draw_reliability(chances: np.ndarray, truths: np.ndarray) -> str:
    """A plot in SVG: in how many readings the answer was there, by the probability stated. The
    area of a dot grows with the readings in it."""
    total = SIDE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {total}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{total}" height="{total}" fill="white"/>',
        f'<path d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}" stroke="#999" stroke-dasharray="4"/>',
        f'<path d="M{_x(0)} {_y(1)}V{_y(0)}H{_x(1)}" stroke="black" fill="none"/>',
    ]
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(
            f'<text x="{_x(value)}" y="{_y(0) + 16}" text-anchor="middle">{value:g}</text>'
        )
        parts.append(
            f'<text x="{_x(0) - 6}" y="{_y(value) + 4}" text-anchor="end">{value:g}</text>'
        )
    bins = _bins(chances, truths)
    points = " ".join(f"{_x(said)},{_y(true)}" for said, true, _ in bins)
    parts.append(f'<polyline points="{points}" fill="none" stroke="#1f5fa8"/>')
    for said, true, count in bins:
        radius = 2 + 14 * (count / len(chances)) ** 0.5
        parts.append(
            f'<circle cx="{_x(said)}" cy="{_y(true)}" r="{radius:.1f}" fill="#1f5fa8" '
            f'fill-opacity="0.6"><title>{count} readings</title></circle>'
        )
    middle = total / 2
    parts += [
        f'<text x="{middle}" y="{total - 12}" text-anchor="middle">stated probability</text>',
        f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">'
        "share with the answer there</text>",
        f'<text x="{middle}" y="24" text-anchor="middle">{len(chances)} readings, '
        f"Brier {brier(chances, truths):.3f}, "
        f"calibration error {calibration_error(chances, truths):.3f}</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bins(chances: np.ndarray, truths: np.ndarray) -> list[tuple[float, float, int]]:
    """(mean probability, share true, count) of each bin that holds any."""
    numbers = np.minimum((chances * BINS).astype(int), BINS - 1)
    return [
        (float(chances[held].mean()), float(truths[held].mean()), int(held.sum()))
        for held in (numbers == number for number in range(BINS))
        if held.any()
    ]


def _x(value: float) -> float:
    return round(MARGIN + value * SIDE, 1)


def _y(value: float) -> float:
    return round(MARGIN + (1 - value) * SIDE, 1)
