"""Draw the loss and the held-back figures of a training's log.jsonl as SVG.

python training/plot_log.py runs/reader/log.jsonl docs/reader-training.svg
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

WIDTH, HEIGHT, MARGIN = 560, 260, 45


def draw(rows: list[dict]) -> str:
    losses = [row["loss"] for row in rows if "loss" in row]
    per_epoch = max(row["batch"] for row in rows if "loss" in row)
    steps = [row["epoch"] * per_epoch + row["batch"] for row in rows if "loss" in row]
    top, last = max(losses), max(steps)

    def x(step: float) -> float:
        return round(MARGIN + step / last * (WIDTH - 2 * MARGIN), 1)

    def y(loss: float) -> float:
        return round(HEIGHT - MARGIN - loss / top * (HEIGHT - 2 * MARGIN), 1)

    points = " ".join(f"{x(step)},{y(loss)}" for step, loss in zip(steps, losses, strict=True))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<path d="M{x(0)} {y(top)}V{y(0)}H{x(last)}" stroke="black" fill="none"/>',
        f'<polyline points="{points}" fill="none" stroke="#1f5fa8"/>',
        f'<text x="{x(0) - 6}" y="{y(top) + 4}" text-anchor="end">{top:.1f}</text>',
        f'<text x="{x(0) - 6}" y="{y(0)}" text-anchor="end">0</text>',
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">batches of 16 '
        f"(loss, mean of ten); {last} in all</text>",
    ]
    for row in rows:
        if "f1" in row:
            at = x((row["epoch"] + 1) * per_epoch)
            parts.append(f'<path d="M{at} {y(0)}V{y(top)}" stroke="#999" stroke-dasharray="3"/>')
            parts.append(
                f'<text x="{at - 4}" y="{y(top) + 12}" text-anchor="end">'
                f"F1 {row['f1']:.2f}, EM {row['em']:.2f}</text>"
            )
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    lines = Path(sys.argv[1]).read_text().splitlines()
    Path(sys.argv[2]).write_text(draw([json.loads(line) for line in lines]))
