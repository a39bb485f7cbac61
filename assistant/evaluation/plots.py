"""The plots of a report, as SVG files that need no other file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from assistant.evaluation.calibration import Reliability
from assistant.evaluation.measures import Measure
from assistant.evaluation.statistics import bootstrap_interval

BLUE, GREY, RED = "#2b6cb0", "#a0aec0", "#c53030"
STEPS = 10


def plot_intervals(path: Path, measures: dict[str, Measure]) -> None:
    """Each measure with its 95% interval."""
    shown = [
        (name, one.value, interval)
        for name, one in measures.items()
        if (interval := bootstrap_interval(one)) is not None and one.value is not None
    ]

    def draw(axes: Axes) -> None:
        places = np.arange(len(shown))[::-1]
        values = np.array([value for _, value, _ in shown])
        bounds = np.array([[one.low, one.high] for _, _, one in shown])
        # Of few questions, all alike, the interval may lie on the value but for rounding.
        reach = np.clip(np.stack([values - bounds[:, 0], bounds[:, 1] - values]), 0.0, None)
        axes.errorbar(values, places, xerr=reach, fmt="o", color=BLUE, capsize=3)
        axes.set_yticks(places, [name for name, _, _ in shown])
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel("value with its 95% interval")

    _save(path, draw, height=0.6 + 0.3 * max(2, len(shown)))


def plot_scores(path: Path, measure: Measure, name: str) -> None:
    """How the questions are spread over a measure."""

    def draw(axes: Axes) -> None:
        axes.hist(measure.scores, bins=STEPS, range=(0.0, 1.0), color=BLUE, edgecolor="white")
        axes.set_xlabel(f"{name} of a question")
        axes.set_ylabel("questions")

    _save(path, draw)


def plot_reliability(path: Path, reliability: Reliability) -> None:
    """Told probability against what was so; the size of a dot is the number of questions."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="as it should be")
        axes.plot(
            [one.predicted for one in reliability.bins],
            [one.observed for one in reliability.bins],
            color=BLUE,
        )
        sizes = [10 + 290 * one.count / reliability.count for one in reliability.bins]
        axes.scatter(
            [one.predicted for one in reliability.bins],
            [one.observed for one in reliability.bins],
            s=sizes,
            color=BLUE,
            label="measured",
        )
        axes.set_xlabel("probability that the passages hold the answer")
        axes.set_ylabel("share whose passages hold it")
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.legend(loc="upper left")

    _save(path, draw, height=4.2)


def plot_deltas(path: Path, first: Measure, second: Measure, name: str) -> None:
    """What each question won or lost under the second settings."""
    deltas = np.sort(np.nan_to_num(second.scores - first.scores))[::-1]

    def draw(axes: Axes) -> None:
        colours = np.where(deltas < 0, RED, BLUE)
        axes.vlines(np.arange(len(deltas)), 0.0, deltas, colors=colours.tolist())
        axes.axhline(0.0, color=GREY, linewidth=0.8)
        axes.set_xlabel("questions, the greatest gain first")
        axes.set_ylabel(f"change of {name}")

    _save(path, draw)


def _save(path: Path, draw: Callable[[Axes], None], *, height: float = 3.0) -> None:
    # Letters as outlines: no font is looked for. No date and fixed ids: equal plots, equal files.
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "philo"}):
        figure = Figure(figsize=(6.4, height), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        figure.savefig(path, format="svg", metadata={"Date": None})
